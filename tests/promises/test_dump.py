"""What a thief of Redis gets after 10 000 secure calls: nothing to read, nothing to guess."""

import base64
import hashlib
import itertools
import struct

import pytest
import redis
from keys import master

from cachekit import cache

CALLS = 10_000
KEY = master("dump")
NAMESPACE = "oncology-ward"
TENANT = "st-marys-hospital"


def patient(number):
    """A record in which every field can be searched for."""
    return {
        "name": f"Jane Roe {number:06d}",
        "diagnosis": "adenocarcinoma",
        "ssn": f"078-{number % 100:02d}-{number:06d}",
    }


def fill(url, decorator):
    @decorator(ttl=300, backend=url, l1=False, namespace=NAMESPACE)
    def load_patient_record(number, clinic):
        return patient(number)

    for number in range(100_000, 100_000 + CALLS):
        load_patient_record(number, "clinic-of-dermatology")
    info = load_patient_record.cache_info()
    assert (info.misses, info.fills) == (CALLS, CALLS)
    return load_patient_record


def secure(**options):
    return cache.secure(master_key=KEY, tenant_extractor=lambda *_: TENANT, **options)


def spellings(secret):
    """One secret in every form in which it could stand in a dump."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    # Base64 of what stands at any offset: whichever of three alignments, the middle is the same.
    for lead in range(3):
        text = base64.b64encode(b"\0" * lead + raw)
        middle = text[4 if lead else 0 : -4]
        if len(middle) >= 6:
            yield middle
            yield middle.replace(b"+", b"-").replace(b"/", b"_")


def secrets():
    yield from ("load_patient_record", NAMESPACE, TENANT, "clinic-of-dermatology")
    yield from ("diagnosis", "adenocarcinoma", "Jane Roe", "test_dump")
    yield from (patient(100_000 + n)["ssn"] for n in (0, 1, 4321, CALLS - 1))
    yield bytes.fromhex(KEY)
    yield KEY
    # MessagePack: the record's first field as it is encoded, and an argument as a uint32.
    yield b"\xa4name\xafJane Roe 100000"
    yield b"\xce" + struct.pack(">I", 104_321)


def found_in(dump):
    return sorted(
        {secret for secret in map(_text, secrets()) for s in spellings(secret) if s in dump}
    )


def _text(secret):
    return secret if isinstance(secret, bytes) else secret.encode()


def backup(server):
    with redis.Redis(port=server.port) as connection:
        # Uncompressed, so that this test could find what is there.
        connection.config_set("rdbcompression", "no")
        connection.save()
    return server.dump.read_bytes()


def test_a_dump_of_a_secure_cache_holds_nothing_readable(redis_server, redis_url, stolen):
    fill(redis_url, secure)
    entries = stolen()
    assert len(entries) >= CALLS
    live = b"\n".join(itertools.chain.from_iterable(entries.items()))
    assert found_in(live) == []
    assert found_in(backup(redis_server)) == []


def test_the_search_finds_what_a_plain_cache_leaves_readable(redis_server, redis_url):
    """So the test above could fail."""
    fill(redis_url, cache)
    found = found_in(backup(redis_server))
    for secret in (b"load_patient_record", NAMESPACE.encode(), b"adenocarcinoma", b"Jane Roe"):
        assert secret in found


def name_fields(name):
    """The fields of a plain name before its arguments (docs/format.md, "Names")."""
    fields = ("entry", "", NAMESPACE, name, "", "")
    return b"".join(struct.pack(">H", len(f.encode())) + f.encode() for f in fields)


def guesses(prefix, argument_bytes):
    """What a dictionary attack without a key can compute for one argument."""
    arguments = hashlib.sha256(argument_bytes).digest()
    for digest in (
        hashlib.sha256(prefix + arguments).digest(),
        arguments,
        hashlib.blake2b(argument_bytes, digest_size=32).digest(),
        hashlib.md5(argument_bytes, usedforsecurity=False).digest(),
    ):
        yield base64.urlsafe_b64encode(digest[:20]).rstrip(b"=")
        yield digest[:16].hex().encode()


def attack(keys, function, encode):
    """How many six-digit arguments the key names give away."""
    tails = {key.rsplit(b":", 1)[-1] for key in keys}
    prefix = name_fields(function.__name__)
    hit = 0
    for number in range(100_000, 1_000_000):
        if any(guess in tails for guess in guesses(prefix, encode(number))):
            hit += 1
    return hit


@pytest.mark.parametrize("kind", ["secure", "plain"])
def test_a_dictionary_attack_over_all_six_digit_arguments(kind, redis_url, stolen):
    """It finds every argument of a plain cache, which hides nothing, and none of a secure one."""
    decorator = secure if kind == "secure" else cache

    @decorator(ttl=300, backend=redis_url, l1=False, namespace=NAMESPACE, name="by_number")
    def by_number(number):
        return number

    victims = range(123_000, 123_500)
    for number in victims:
        by_number(number)
    from cachekit._native import encode_arguments

    def by(number):
        return None

    probe = {n: encode_arguments(by, (n,), {}) for n in (100_000, 123_000)}
    shape = probe[123_000]
    at = shape.rindex(_int_bytes(shape, 123_000))
    width = len(_int_bytes(shape, 123_000))

    def encode(number):
        return shape[:at] + number.to_bytes(width, "big") + shape[at + width :]

    assert encode(100_000) == probe[100_000]
    hit = attack(stolen(), by_number, encode)
    assert hit == (0 if kind == "secure" else len(victims))


def _int_bytes(shape, number):
    """The number's big-endian bytes as they stand in its canonical encoding."""
    for width in (8, 4, 3):
        raw = number.to_bytes(width, "big")
        if raw in shape:
            return raw
    raise AssertionError("the canonical encoding holds no big-endian integer")
