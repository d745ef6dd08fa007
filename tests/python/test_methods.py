"""Methods, class methods and static methods, in either order of decorators."""

import gc
import pickle
import sys
import weakref

import pytest

from cachekit import cache


class Clinic:
    place = "north"
    runs = 0

    def __init__(self, number=1):
        self.number = number

    def __cache_key__(self):
        return self.number

    @cache(backend=None)
    def method(self, x):
        """Of an instance."""
        Clinic.runs += 1
        return [self.number, x]

    @cache(backend=None)
    @classmethod
    def handle_of_class(cls, x):
        """Of a class."""
        Clinic.runs += 1
        return [cls.__name__, x]

    @classmethod
    @cache(backend=None)
    def of_class(cls, x):
        Clinic.runs += 1
        return [cls.__name__, x]

    @cache(backend=None)
    @staticmethod
    def handle_static(x):
        Clinic.runs += 1
        return [x]

    @staticmethod
    @cache(backend=None)
    def static(x):
        Clinic.runs += 1
        return [x]

    @cache(backend=None)
    async def coroutine(self, x):
        Clinic.runs += 1
        return [self.number, x]


class Ward(Clinic):
    pass


@pytest.fixture(autouse=True)
def empty():
    Clinic.method.cache_clear()
    Clinic.handle_of_class.cache_clear()
    Clinic.handle_static.cache_clear()
    Clinic.static.cache_clear()
    Clinic.runs = 0


def test_a_method_knows_its_instance():
    one, two = Clinic(1), Clinic(2)
    assert one.method(5) == one.method(x=5) == Clinic.method(one, 5) == [1, 5]
    assert Clinic.runs == 1
    assert two.method(5) == [2, 5]
    one.method.invalidate(5)
    assert not one.method.contains(5)
    assert two.method.peek(5) == [2, 5]
    one.method.set(["set"], x=5)
    assert one.method(5) == ["set"]
    assert one.method.refresh(5) == [1, 5]
    assert one.method.key(5) == Clinic.method.key(one, 5)


@pytest.mark.parametrize("name", ["handle_of_class", "of_class"])
def test_a_class_method_knows_its_class(name):
    assert getattr(Clinic, name)(1) == getattr(Clinic(), name)(x=1) == ["Clinic", 1]
    assert getattr(Ward, name)(1) == getattr(Ward(), name)(1) == ["Ward", 1]
    assert Clinic.runs == 2
    if name == "handle_of_class" or sys.version_info < (3, 13):
        getattr(Clinic, name).invalidate(1)
        assert not getattr(Clinic, name).contains(1)
        assert getattr(Ward, name).contains(1)
    else:
        Clinic.__dict__[name].__func__.cache_clear()
    Clinic.__dict__["of_class"].__func__.cache_clear()


@pytest.mark.parametrize("name", ["handle_static", "static"])
def test_a_static_method_knows_nothing(name):
    assert getattr(Clinic, name)(1) == getattr(Clinic(), name)(x=1) == [1]
    assert Clinic.runs == 1
    getattr(Clinic(), name).invalidate(1)
    assert not getattr(Clinic, name).contains(1)


def test_bound_handles_are_equal_like_methods():
    one = Clinic(1)
    assert one.method == one.method
    assert hash(one.method) == hash(one.method)
    assert one.method != Clinic(1).method
    assert Clinic.method is Clinic.method
    assert one.method != Clinic.method
    assert one.method.__get__(Clinic(2)) == one.method


def test_a_bound_handle_shows_the_method():
    import inspect

    bound = Clinic().method
    assert bound.__doc__ == "Of an instance."
    assert bound.__module__ == __name__
    assert bound.__name__ == "method"
    assert bound.__qualname__ == "Clinic.method"
    assert str(inspect.signature(bound)) == "(x)"
    assert str(inspect.signature(Clinic.method)) == "(self, x)"
    assert bound.__wrapped__(5) == [1, 5]
    assert "Clinic.method" in repr(bound)


def test_a_bound_handle_is_pickled_with_its_instance():
    again = pickle.loads(pickle.dumps(Clinic(7).method))
    assert again(5) == [7, 5]
    assert pickle.loads(pickle.dumps(Clinic.method)) is Clinic.method
    assert pickle.loads(pickle.dumps(Clinic.handle_static)) is Clinic.handle_static


def test_async_methods():
    import asyncio

    async def main():
        one = Clinic(1)
        assert await one.coroutine(5) == await Clinic.coroutine(one, 5) == [1, 5]
        assert await one.coroutine.peek(5) == [1, 5]
        await one.coroutine.invalidate(5)
        assert not await one.coroutine.contains(5)

    asyncio.run(main())
    assert Clinic.runs == 1


def test_an_instance_is_not_kept_alive():
    class Local:
        @cache(backend=None, ignore="self")
        def method(self):
            return 1

    instance = Local()
    instance.method()
    seen = weakref.ref(instance)
    del instance
    gc.collect()
    assert seen() is None
