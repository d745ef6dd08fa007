"""Which functions share entries, and which must not: by path, by state, by process."""

import functools
import gc
import subprocess
import sys
import textwrap

import pytest

from cachekit import cache
from cachekit.exceptions import ConfigurationError

MASTER_KEY = "4f9d" * 16


def spawned(directory, value):
    """A program of one function, which is called in the ways that `multiprocessing` has."""
    directory.mkdir()
    script = directory / "job.py"
    script.write_text(
        textwrap.dedent(f"""
            import multiprocessing, sys
            from cachekit import cache

            @cache.secure(master_key={MASTER_KEY!r}, backend=sys.argv[1])
            def load(number):
                return {value!r}

            def key_and_value(number):
                return load.key(number), load(number)

            if __name__ == "__main__":
                answers = [key_and_value(1)]
                for method in ["spawn", "forkserver"]:
                    with multiprocessing.get_context(method).Pool(1) as pool:
                        answers += pool.map(key_and_value, [1])
                print(answers)
            """)
    )
    return script


def run(*command):
    return subprocess.run(
        [sys.executable, *command], check=False, capture_output=True, text=True, timeout=50
    )


@pytest.mark.parametrize("how", ["script", "module"])
def test_processes_of_one_program_share_and_two_programs_do_not(tmp_path, redis_url, how):
    answers = []
    for value in ["one", "two"]:
        script = spawned(tmp_path / value, value)
        command = [str(script)] if how == "script" else ["-m", f"{value}.job"]
        done = subprocess.run(
            [sys.executable, *command, redis_url],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
            timeout=50,
        )
        answers.append(eval(done.stdout))
    for found, value in zip(answers, ["one", "two"], strict=True):
        assert {answer for _, answer in found} == {value}
        assert len({key for key, _ in found}) == 1, "parent and children meet"
    assert answers[0][0][0] != answers[1][0][0]


def test_what_is_typed_needs_a_name_before_it_leaves_the_process(redis_url):
    program = "from cachekit import cache\n@cache({})\ndef load(n):\n    return n\nprint(load(1))"
    refused = run("-c", program.format(f"backend={redis_url!r}"))
    assert "ConfigurationError" in refused.stderr
    assert "is in no file needs a name" in refused.stderr
    for options in ["backend=None", f"backend={redis_url!r}, name='typed'"]:
        assert run("-c", program.format(options)).stdout == "1\n"


def test_a_closure_made_again_is_refused_whether_or_not_the_first_still_lives():
    def handle(user):
        @cache(backend=None)
        def load(document):
            return f"{user}'s {document}"

        return load("record")

    assert handle("alice") == "alice's record"
    gc.collect()
    with pytest.raises(ConfigurationError, match="what they close over or belong to may differ"):
        handle("bob")


def test_a_name_says_that_closures_mean_the_same():
    def load_by(connection):
        @cache(backend=None, name="load")
        def load(document):
            return connection and document

        return load

    assert load_by("first")("x") == load_by("second")("x") == "x"


def test_closures_over_text_alone_may_be_made_again():
    def helper(number):
        return number + 1

    def make():
        @cache(backend=None)
        def count(number):
            return helper(number) if number < 1 else count(number - 1)

        return count

    assert make()(3) == 1
    first = make()
    assert make()(3) == first(3) == 1


class Repository:
    def __init__(self, table):
        self.table = table

    def get(self, number):
        return self.table, number

    def __call__(self, number):
        return self.table, number


def base(number):
    return number


def twice(function):
    @functools.wraps(function)
    def doubled(number):
        return 2 * function(number)

    return doubled


FIRST_AND_SECOND = {
    "bound methods": lambda: (Repository("users").get, Repository("orders").get),
    "callable objects": lambda: (Repository("users"), Repository("orders")),
    "a function and its wrapper": lambda: (base, twice(base)),
    "a wrapper and its function": lambda: (twice(base), base),
    "partials": lambda: (functools.partial(base, 1), functools.partial(base, 2)),
    "lambdas of one line": lambda: (lambda number: number + 1, lambda number: number * 2),
}


@pytest.mark.parametrize("lives", [True, False], ids=["alive", "gone"])
@pytest.mark.parametrize("pair", FIRST_AND_SECOND.values(), ids=FIRST_AND_SECOND)
def test_two_functions_of_one_path_are_refused(pair, lives):
    one, other = pair()
    first = cache(backend=None)(one)
    if not lives:
        del first
        gc.collect()
    with pytest.raises(ConfigurationError, match="two functions are cached as"):
        cache(backend=None)(other)


def test_branches_that_define_one_name_are_two_functions():
    def make(kind):
        if kind:

            @cache(backend=None)
            def load(number):
                return "one"
        else:

            @cache(backend=None)
            def load(number):
                return "other"

        return load(1)

    assert make(True) == "one"
    gc.collect()
    with pytest.raises(ConfigurationError, match="one at .*, one at"):
        make(False)


def test_recursion_ends_as_it_does_without_a_cache():
    program = """
from cachekit import cache

@cache(backend=None)
def deep(number):
    return 0 if number == 0 else deep(number - 1) + 1

print(deep(450))
try:
    deep(5000)
except RecursionError:
    print("RecursionError")
"""
    done = run("-c", program)
    assert (done.returncode, done.stdout) == (0, "450\nRecursionError\n"), done.stderr
