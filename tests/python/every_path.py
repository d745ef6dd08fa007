"""Every way that a value can take out of a program and back in, and what holds of all of them."""

from any_class import CLASSES
from encoding import one
from sameness import same, within

from cachekit import Cache, configure
from cachekit.exceptions import ArgumentError
from cachekit.serializers import DefaultSerializer, EncryptionWrapper

MASTER_KEY = "4f9d" * 16
PLAIN = DefaultSerializer(allow=CLASSES)
SEALED = EncryptionWrapper(serializer=PLAIN, master_key=MASTER_KEY)
ABSENT = object()
PATIENCE_SECONDS = 60


def every_path(redis_url, folder):
    """By name, functions that give a value away and take it back.

    `CACHEKIT_MASTER_KEY` is `MASTER_KEY` while they are made. The caches that name a store keep
    nothing in the process, so that what comes back has been in that store. How long that takes is
    the machine's business.
    """
    configure(connect_timeout=PATIENCE_SECONDS, operation_timeout=PATIENCE_SECONDS)
    stores = {
        "process": {"backend": None},
        "redis": {"backend": redis_url, "l1": False},
        "file": {"backend": f"file://{folder}/entries", "l1": False},
    }
    caches = {
        f"{sealing}, {store}": make(allow=CLASSES, **options)
        for sealing, make in [("plain", Cache), ("sealed", Cache.secure)]
        for store, options in stores.items()
    }
    return {
        "plain": lambda value: PLAIN.deserialize(PLAIN.serialize(value)),
        "sealed": lambda value: SEALED.deserialize(SEALED.serialize(value)),
        **{name: through(cache) for name, cache in caches.items()},
    }


def through(cache):
    def there_and_back(value):
        cache.set("value", value)
        return cache.get("value", default=ABSENT)

    return there_and_back


def survives(paths, value):
    """Fails, and says where, if the value comes back otherwise from one of the paths."""
    for name, there_and_back in paths.items():
        assert same(there_and_back(value), value), f"it comes back otherwise: {name}"


def keeps_its_bytes(value):
    """Fails if what came back is written otherwise. A set has no order, and so no bytes."""
    first = PLAIN.serialize(value)
    if not any(isinstance(part, set | frozenset) for part in within(value)):
        assert PLAIN.serialize(PLAIN.deserialize(first)) == first, "its bytes change"


def stays_the_same_argument(value):
    """Fails if what came back makes another cache key."""
    again = PLAIN.deserialize(PLAIN.serialize(value))
    assert argument(again) == argument(value), "it is another argument"


def argument(value):
    """The encoding as an argument; nothing for what is refused as one."""
    try:
        return one(value)
    except ArgumentError:
        return None
