"""The Worker keeps the contract of a plain server, and the protocol to the letter."""

import hashlib
import http.client
import json
import time
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def ask(worker_url, token):
    """`ask("GET", "name")`: status, headers and body."""
    place = urlsplit(worker_url)

    def ask(method, path, body=None, **headers):
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Authorization": f"Bearer {token}", **given}
        connection.request(method, f"{place.path}/v1/cache/{path}", body, given)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return answer.status, answer.headers, read

    return ask


def code(body):
    return json.loads(body)["error"]["code"]


@pytest.mark.timeout(180)
def test_it_keeps_the_contract(worker_url, token):
    import cachekit
    from cachekit.testing import check_store, reset

    # The KV that comes with workerd is a simulation, and no fast one.
    cachekit.configure(operation_timeout="30s")
    try:
        print(check_store(f"{worker_url}?server=plain"))
    finally:
        reset()


def test_a_sealed_value_comes_back_from_it(worker_url, token):
    from cachekit import cache

    asked = []

    @cache.secure(master_key="ab" * 32, backend=f"{worker_url}?server=plain", l1=False)
    def diagnosis(patient):
        asked.append(patient)
        return {"patient": patient, "code": "I10"}

    assert diagnosis(7) == diagnosis(7) == {"patient": 7, "code": "I10"}
    assert asked == [7]


def test_an_entry_is_written_read_and_removed(ask):
    status, headers, body = ask("PUT", "a%2Fb", b"\0bytes", X_CacheKit_TTL="60")
    tag = f'"{hashlib.sha256(bytes([0]) + b"bytes").hexdigest()}"'
    assert (status, headers["etag"], body) == (200, tag, b"")

    status, headers, body = ask("GET", "a%2Fb")
    assert (status, headers["etag"], body) == (200, tag, b"\0bytes")
    assert headers["content-type"] == "application/octet-stream"
    status, headers, body = ask("HEAD", "a%2Fb")
    assert (status, headers["content-length"], body) == (200, "6", b"")

    assert ask("DELETE", "a%2Fb")[0] == 204
    assert ask("DELETE", "a%2Fb")[0] == 404
    assert [ask(method, "a%2Fb")[0] for method in ("GET", "HEAD")] == [404, 404]


def test_times_to_live_are_kept_asked_for_and_changed(ask):
    ask("PUT", "short", b"x", X_CacheKit_TTL="60", X_CacheKit_TTL_Ms="300")
    left = json.loads(ask("GET", "short/ttl")[2])
    assert left["ttl"] == 1
    assert 0 < left["ttl_ms"] <= 300
    longer = json.loads(ask("PATCH", "short/ttl", b'{"ttl": 7200}')[2])
    assert 7100 < longer["ttl"] <= 7200
    assert ask("PATCH", "short/ttl", b'{"ttl_ms": 1}')[0] == 200
    deadline = time.monotonic() + 10
    while ask("GET", "short")[0] != 404:
        assert time.monotonic() < deadline, "KV keeps it for a minute, the Worker does not"
    assert ask("GET", "short/ttl")[0] == 404
    assert ask("PATCH", "short/ttl", b'{"ttl": 1}')[0] == 404


@pytest.mark.parametrize("ttl", ["0", "-1", "1.5", "2592001", "1e3", "", " ", "x", "9" * 40])
def test_a_time_to_live_that_is_none_is_refused(ask, ttl):
    status, _, body = ask("PUT", "k", b"x", X_CacheKit_TTL=ttl)
    assert (status, code(body)) == (400, "bad_ttl")
    assert ask("PATCH", "k/ttl", json.dumps({"ttl": ttl}))[0] == 400


@pytest.mark.parametrize("name", ["", "%00", "%0a", "%C2%85", "%ff", "%zz", "k" * 401])
def test_a_name_that_is_none_is_refused(ask, name):
    status, _, body = ask("PUT", name, b"x")
    assert (status, code(body)) == (400, "bad_name")


@pytest.mark.parametrize("path", ["a/b", "a/ttl/b", "../x", "%2e%2e/x", "a?x=1", "a//ttl"])
def test_a_path_is_not_a_way_anywhere(ask, path):
    assert ask("GET", path)[0] == 404


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic abc", f"Bearer {'x' * 40}"])
def test_who_has_no_token_learns_nothing(ask, header):
    for path in ("k", "health", "nowhere/at/all"):
        status, _, body = ask("GET", path, Authorization=header)
        assert (status, code(body)) == (401, "unauthorized")


def test_what_it_cannot_do_it_refuses_and_does_not_announce(ask):
    status, _, body = ask("GET", "health")
    assert (status, json.loads(body)["features"]) == (200, ["ttl-ms"])
    for condition in ({"If_Match": '"x"'}, {"If_None_Match": "*"}):
        status, _, body = ask("PUT", "k", b"x", **condition)
        assert (status, code(body)) == (501, "unsupported")
    assert ask("POST", "k/lock", b"{}")[0] == 404
    assert ask("POST", "k", b"x")[0] == 405
