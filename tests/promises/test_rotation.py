"""A master key is changed under a running fleet: nothing is lost, nothing raises."""

import json
import os
import subprocess
import sys

from keys import Header, master

OLD, NEW = master("old"), master("new")

PROGRAM = """
import json, sys
from cachekit import cache

@cache.secure(ttl=300, l1=False, name="rotated", key_rotation_enabled=True)
def load(number):
    return {"number": number}

first, last = map(int, sys.argv[1:])
for number in range(first, last):
    assert load(number) == {"number": number}
info = load.cache_info()
print(json.dumps({
    "hits": info.hits, "misses": info.misses, "refused": sum(info.refused.values()),
    "keys": [load.key(number) for number in range(first, last)],
}))
"""


def run(url, first, last, **keys):
    """A process of the fleet, with these keys in its environment."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("CACHEKIT_")}
    environment = clean | {f"CACHEKIT_{name}": value for name, value in keys.items()}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(first), str(last)],
        env=environment | {"CACHEKIT_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_five_steps(redis_url, stolen):
    before = run(redis_url, 0, 20, MASTER_KEY=OLD)
    assert (before["hits"], before["misses"]) == (0, 20)
    old_ids = {Header.of(entry).key_id for entry in stolen().values()}
    assert len(old_ids) == 1

    both = run(redis_url, 0, 30, MASTER_KEY=OLD, MASTER_KEY_ROTATION=f"{NEW},{OLD}")
    assert (both["hits"], both["misses"], both["refused"]) == (20, 10, 0)
    entries = stolen()
    fresh = {Header.of(entries[key.encode()]).key_id for key in both["keys"][20:]}
    assert len(fresh) == 1
    assert not fresh & old_ids

    after = run(redis_url, 0, 30, MASTER_KEY=NEW)
    assert (after["hits"], after["misses"]) == (10, 20)
    again = run(redis_url, 0, 30, MASTER_KEY=NEW)
    assert (again["hits"], again["misses"]) == (30, 0)


def test_an_unfinished_deployment_breaks_nobody(redis_url):
    """Old and new processes side by side: each gets right values."""
    for _ in range(2):
        run(redis_url, 0, 10, MASTER_KEY=OLD)
        run(redis_url, 0, 10, MASTER_KEY_ROTATION=f"{NEW},{OLD}")
    assert run(redis_url, 0, 10, MASTER_KEY=OLD)["hits"] == 10
