"""Every kind of address from Python: a sealed call stores there, and a second process has a hit."""

import os
import stat
import subprocess
import sys

import pytest
from servers import memcached, redis_cluster, redis_sentinel, redis_tls, redis_unix

from cachekit import BackendError, Cache, cache, configure
from cachekit.testing import RawStore

SECOND = """
import sys
from cachekit import cache

f = cache.secure(name="address", backend=sys.argv[1], master_key=sys.argv[2], l1=False)(
    lambda x: {"computed by": "the second process"}
)
print(f(7)["computed by"], f.cache_info().hits, f.cache_info().store_errors)
"""


def from_another_process(url, key, **environment):
    done = subprocess.run(
        [sys.executable, "-c", SECOND, url, key],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return done.stdout.split("\n")[0]


def check(url, key):
    f = cache.secure(name="address", backend=url, master_key=key, l1=False)(
        lambda x: {"computed by": "the first process"}
    )
    assert f(7) == f(7)
    assert (f.cache_info().hits, f.cache_info().store_errors) == (1, 0)
    assert from_another_process(url, key) == "the first process 1 0"
    f.invalidate(7)
    assert from_another_process(url, key) == "the second process 0 0"
    assert f(7) == {"computed by": "the second process"}
    stored = RawStore(url).get(f.key(7))
    assert stored[0] == 0xC2, "sealed"
    assert b"process" not in stored


def test_a_file(tmp_path, master_key):
    check(f"file://{tmp_path}/new/cache", master_key)
    assert stat.S_IMODE((tmp_path / "new" / "cache").stat().st_mode) == 0o700


def test_shared_memory(master_key):
    name = f"addresses-{os.getpid()}"
    check(f"shm://{name}", master_key)
    directory = f"/dev/shm/cachekit-{os.geteuid()}-{name}"
    for file in os.listdir(directory):
        os.unlink(f"{directory}/{file}")
    os.rmdir(directory)


@pytest.mark.parametrize(
    "server",
    [redis_unix, redis_tls, redis_cluster, redis_sentinel, memcached],
    ids=lambda server: server.__name__,
)
def test_a_server(server, master_key):
    with server() as url:
        check(url, master_key)


def test_a_directory_of_this_users_own(tmp_path, monkeypatch, master_key):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache-home"))
    configure(backend="file:", master_key=master_key)
    sessions = Cache.secure(namespace="sessions")
    sessions.set("s", {"user": 7})
    directory = tmp_path / "cache-home" / "cachekit"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "entries.mdb").stat().st_mode) == 0o600
    other = (
        'from cachekit import *; import sys; configure(backend="file:", master_key=sys.argv[1]);'
    )
    other += 'print(Cache.secure(namespace="sessions").get("s"))'
    command = [sys.executable, "-c", other, master_key]
    assert subprocess.check_output(command, text=True) == "{'user': 7}\n"


def test_a_directory_that_others_can_change_is_refused(tmp_path, body):
    directory = tmp_path / "open"
    directory.mkdir()
    directory.chmod(0o777)
    f = cache(name="f", backend=f"file://{directory}", l1=False)(lambda x: body([x]))
    assert f(1) == [1]
    with pytest.raises(BackendError, match="chmod 700"):
        f.invalidate(1)
