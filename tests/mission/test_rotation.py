"""A changed key, and a rotation without an outage."""

import logging
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import redis
from document import MASTER_KEY

SNIPPETS = Path(__file__).resolve().parent / "snippets"
OLD, NEW = MASTER_KEY, "5c" * 16 + "e1" * 16


def over(url, function, **keys):
    """The function, cached in that Redis alone: the process itself holds nothing."""
    from cachekit import cache

    return cache.secure(ttl=3600, backend=url, l1=False, name="rotated", **keys)(function)


def test_after_a_change_of_key_the_function_runs_and_nothing_raises(
    run_snippet, redis_url, source, caplog
):
    answer = source(lambda x: {"x": x})
    assert over(redis_url, lambda x: answer(x), master_key=OLD)(1) == {"x": 1}
    caplog.set_level(logging.DEBUG)
    changed = over(redis_url, lambda x: answer(x), master_key=NEW)

    assert changed(1) == {"x": 1}
    assert len(answer.asked) == 2, "the old entry cannot be read with the new key"


def test_the_solution_of_the_document_empties_redis(redis_server, redis_url, tmp_path):
    with redis.Redis(port=redis_server.port) as store:
        store.set("left over", "1")
        # The snippet means the application's Redis: `redis-cli` finds this test's own one.
        real = shutil.which("redis-cli")
        shim = tmp_path / "redis-cli"
        shim.write_text(f'#!/bin/sh\nexec {real} -p {redis_server.port} "$@"\n')
        shim.chmod(0o755)
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        subprocess.run(
            ["bash", "-eu", str(SNIPPETS / "07_changed_key.sh")],
            env={**os.environ, "PATH": path},
            check=True,
            capture_output=True,
            timeout=30,
        )
        assert store.dbsize() == 0


def test_with_the_option_and_no_list_the_one_key_is_used(run_snippet, source):
    answer = source(lambda x: [x])
    call = run_snippet("14_rotation.py", sensitive_data=answer)["get_data"]

    assert call(1) == call(1) == [1]
    assert answer.asked == [(1,)]


@pytest.fixture
def rotating(run_snippet, redis_url, source, monkeypatch):
    """`rotating(list, master_key)`: the document's function after a restart with those keys."""
    answer = source(lambda x: {"x": x})

    def restart(rotation, master_key):
        if rotation is None:
            monkeypatch.delenv("CACHEKIT_MASTER_KEY_ROTATION", raising=False)
        else:
            monkeypatch.setenv("CACHEKIT_MASTER_KEY_ROTATION", rotation)
        keys = {"master_key": master_key, "key_rotation_enabled": True}
        return over(redis_url, lambda x: answer(x), **keys)

    restart.asked = answer.asked
    return restart


def test_the_five_steps_of_a_rotation(rotating):
    before = rotating(None, OLD)
    assert before(1) == {"x": 1}
    assert len(rotating.asked) == 1

    # 1 to 3: the new key goes to the front of the list; it seals, and both open.
    during = rotating(f"{NEW},{OLD}", OLD)
    assert during(1) == {"x": 1}
    assert len(rotating.asked) == 1, "the old key still opens old data"
    assert during(2) == {"x": 2}
    assert len(rotating.asked) == 2

    # 5: the old key is gone. What the new one sealed is still a hit.
    after = rotating(NEW, NEW)
    assert after(2) == {"x": 2}
    assert len(rotating.asked) == 2, "new data was sealed by the new key"
    assert rotating(None, NEW)(3) == {"x": 3}


def test_an_entry_of_a_removed_key_is_a_miss_and_no_error(rotating):
    assert rotating(None, OLD)(4) == {"x": 4}
    assert rotating(NEW, NEW)(4) == {"x": 4}
    assert len(rotating.asked) == 2


@pytest.mark.parametrize(
    "malformed", ["not_hex", f"{NEW},,{OLD}", f"{NEW}@sometime", f"{NEW},{NEW}"]
)
def test_a_malformed_list_is_refused_when_it_is_read(rotating, malformed):
    from cachekit import ConfigurationError

    with pytest.raises(ConfigurationError) as refused:
        rotating(malformed, OLD)
    assert NEW not in str(refused.value)
    assert OLD not in str(refused.value)
