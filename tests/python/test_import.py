"""What `import cachekit` costs, and what it drags in: very little."""

import statistics
import subprocess
import sys
import sysconfig
import time

import pytest

BOUND_MS = 60


def run(program):
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )


def test_nothing_third_party_and_little_else():
    program = (
        "import sys; before = set(sys.modules); import cachekit\n"
        "for name in sorted(set(sys.modules) - before):\n"
        "    print(name, getattr(sys.modules[name], '__file__', None))"
    )
    loaded = dict(line.split(" ", 1) for line in run(program).stdout.splitlines())
    third_party = sysconfig.get_paths()["purelib"]
    strangers = [
        name
        for name, file in loaded.items()
        if file.startswith(third_party) and not name.startswith("cachekit")
    ]
    assert strangers == []
    assert not {"asyncio", "inspect", "typing", "dataclasses", "logging", "ssl"} & set(loaded)
    assert len([name for name in loaded if not name.startswith("cachekit")]) < 5


@pytest.mark.timeout(120)
def test_the_import_is_quick():
    def taken(program):
        start = time.perf_counter()
        run(program)
        return (time.perf_counter() - start) * 1000

    taken("import cachekit")
    pairs = [(taken("pass"), taken("import cachekit")) for _ in range(7)]
    added = statistics.median(with_it - without for without, with_it in pairs)
    assert added < BOUND_MS


def test_the_public_names():
    import cachekit

    for name in cachekit.__all__:
        assert getattr(cachekit, name)
    assert cachekit.ArgumentError.__mro__[1:3] == (cachekit.CacheKitError, TypeError)
    for name in ("ConfigurationError", "DecryptionError", "BackendError", "SerializationError"):
        assert issubclass(getattr(cachekit, name), cachekit.CacheKitError)


def test_the_example_of_the_package():
    import doctest

    import cachekit

    failed, tried = doctest.testmod(cachekit)
    assert (failed, tried > 0) == (0, True)
