"""A dump, a backup and a wiretap of Redis: plaintext without encryption, ciphertext with it."""

import base64

import pytest
import redis
from document import MASTER_KEY
from wiretap import Wiretap

SECRETS = {
    "ssn": "078-05-1120",
    "email": "jane.roe@example.org",
    "password": "correct horse battery",
}


@pytest.fixture
def tapped(redis_server, redis_url):
    """A Redis whose line is listened to."""
    tap = Wiretap(redis_server.port)
    yield tap
    tap.close()


def everything(redis_server, tapped):
    """All that the document's attacker gets, by name."""
    with redis.Redis(port=redis_server.port) as connection:
        keys = sorted(connection.scan_iter())
        memory = b"".join(key + connection.get(key) for key in keys)
        connection.save()
    backup = redis_server.dump.read_bytes()
    return {"memory dump": memory, "backup": backup, "network": tapped.heard}


def spellings(secret):
    raw = secret.encode()
    return {raw, raw.hex().encode(), base64.b64encode(raw), base64.b64encode(raw).rstrip(b"=")[:-1]}


def test_without_encryption_the_attacker_reads(run_snippet, redis_server, tapped):
    cache = run_snippet("03_what_an_attacker_sees.py")["cache"]

    @cache(ttl=300, backend=tapped.url, l1=False)
    def get_user(user_id):
        return SECRETS

    assert get_user(1) == get_user(1) == SECRETS
    for place, seen in everything(redis_server, tapped).items():
        for secret in SECRETS.values():
            assert secret.encode() in seen, (
                f"this test could not fail: nothing readable in the {place}"
            )


def test_with_encryption_the_attacker_sees_ciphertext_only(run_snippet, redis_server, tapped):
    cache = run_snippet("03_what_an_attacker_sees.py")["cache"]

    @cache.secure(ttl=300, master_key=MASTER_KEY, backend=tapped.url, l1=False)
    def get_user_in_secret(user_id, *, clinic):
        return SECRETS

    for _ in range(2):
        assert get_user_in_secret("patient-4711", clinic="st-mary") == SECRETS
    words = [*SECRETS.values(), "patient-4711", "st-mary", "get_user_in_secret", "clinic"]
    for place, seen in everything(redis_server, tapped).items():
        assert seen, f"nothing was written to the {place}"
        for word in words:
            for spelling in spellings(word):
                assert spelling not in seen, f"{word!r} can be read in the {place}"
        assert bytes.fromhex(MASTER_KEY) not in seen
        assert MASTER_KEY.encode() not in seen
