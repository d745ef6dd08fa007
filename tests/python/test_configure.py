"""What is in force: argument, then `configure`, then the environment."""

import logging
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cachekit import Cache, ConfigurationError, cache, configure
from cachekit.testing import RawStore

KEY, OTHER = "4f9d" * 16, "5c0e" * 16


def sealed(**options):
    return cache.secure(name="f", **options)(lambda x: [x])


def test_the_environments_key_and_url(monkeypatch, memory_url):
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", KEY)
    monkeypatch.setenv("CACHEKIT_URL", memory_url)
    f = sealed()
    f(1)
    assert RawStore(memory_url).get(f.key(1)) is not None


def test_the_order_of_the_three_urls(monkeypatch, memory_url):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("CACHEKIT_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("CACHEKIT_URL", memory_url)
    f = cache(name="f")(lambda x: [x])
    f(1)
    assert RawStore(memory_url).get(f.key(1)) is not None


def test_a_backend_that_is_named_comes_first(monkeypatch, memory_url):
    monkeypatch.setenv("CACHEKIT_URL", "redis://127.0.0.1:1/0")
    f = cache(name="f", backend=memory_url)(lambda x: [x])
    f(1)
    assert RawStore(memory_url).get(f.key(1)) is not None


def test_no_backend_is_none_whatever_the_environment_says(monkeypatch, memory_url, namespace):
    monkeypatch.setenv("CACHEKIT_URL", memory_url)
    cache(name="f", backend=None, namespace=namespace)(lambda x: [x])(1)
    assert RawStore(memory_url).keys() == []


def test_a_key_file(monkeypatch, tmp_path, namespace):
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    file.chmod(0o600)
    monkeypatch.setenv("CACHEKIT_MASTER_KEY_FILE", str(file))
    assert sealed(backend=None, namespace=namespace)(1) == [1]
    file.chmod(0o644)
    with pytest.raises(ConfigurationError):
        sealed(backend=None, namespace=namespace)
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", KEY)
    with pytest.raises(ConfigurationError, match="both set"):
        sealed(backend=None, namespace=namespace)


def test_configure_stands_before_the_environment(monkeypatch, memory_url):
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", OTHER)
    monkeypatch.setenv("CACHEKIT_URL", "redis://127.0.0.1:1/0")
    configure(master_key=KEY, backend=memory_url, namespace="app", prefix="my:")
    f = sealed()
    f(1)
    assert f.key(1).startswith("my:")
    assert RawStore(memory_url).get(f.key(1)) is not None
    explicit = cache.secure(name="f", master_key=KEY, backend=memory_url, namespace="app")
    assert explicit(lambda x: 0).peek(1) == [1]


def test_backends_bind_at_the_first_call(memory_url):
    f = cache(name="f")(lambda x: [x])
    configure(backend=memory_url)
    f(1)
    assert RawStore(memory_url).get(f.key(1)) is not None


def test_configure_that_comes_too_late(monkeypatch, memory_url):
    f = cache(name="f")(lambda x: [x])
    f(1)
    with pytest.raises(ConfigurationError, match="too late"):
        configure(backend=memory_url)


def test_keys_that_come_too_late(monkeypatch):
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", KEY)
    sealed()
    with pytest.raises(ConfigurationError, match="too late"):
        configure(master_key=OTHER)
    configure(ttl="1h")


def test_keys_bind_at_decoration(monkeypatch, memory_url):
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", KEY)
    f = sealed(backend=memory_url)
    monkeypatch.delenv("CACHEKIT_MASTER_KEY")
    assert f(1) == [1]
    assert sealed(backend=memory_url, master_key=KEY).peek(1) == [1]


def test_what_does_not_fit_is_said(monkeypatch):
    for wrong in (
        {"ttl": 0},
        {"l1": "much"},
        {"master_key": KEY, "master_key_file": "x"},
        {"on_tamper": "x"},
    ):
        with pytest.raises(ConfigurationError):
            configure(**wrong)
    with pytest.raises(TypeError):
        configure(backend=7)


def test_a_wrong_url_is_found_before_there_is_a_call():
    with pytest.raises(ConfigurationError, match="not supported|unsupported|scheme"):
        cache(name="f", backend="gopher://example")


def test_a_password_is_never_shown(caplog):
    f = cache(name="f", backend="redis://user:hunter2@127.0.0.1:1/0")(lambda x: [x])
    with caplog.at_level(logging.DEBUG):
        assert f(1) == [1]
        with pytest.raises(Exception, match="store") as raised:
            f.invalidate(1)
    assert "hunter2" not in str(raised.value) + caplog.text


def test_a_ttl_beyond_the_bound():
    configure(max_ttl="1h")
    with pytest.raises(ConfigurationError, match="max_ttl"):
        cache(ttl="2h", backend=None)(lambda x: x)(1)


def test_on_tamper_raise(memory_url):
    from cachekit import DecryptionError

    configure(on_tamper="raise", backend=memory_url, l1=False)
    f = sealed(master_key=KEY)
    f(1)
    store = RawStore(memory_url)
    entry = bytearray(store.get(f.key(1)))
    entry[100] ^= 1
    store.set(f.key(1), bytes(entry))
    with pytest.raises(DecryptionError, match="^Decryption failed: authentication tag"):
        f(1)


def test_a_forked_child_goes_on(redis_url):
    f = sealed(master_key=KEY, backend=redis_url)
    f(1)
    child = os.fork()
    if child == 0:
        os._exit(0 if f(1) == [1] and f(2) == [2] and f.refresh(1) == [1] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert f.contains(2)


def test_a_cache_object_obeys_too(memory_url):
    configure(master_key=KEY, backend=memory_url, namespace="app")
    Cache.secure().set("a", 1)
    assert Cache.secure(namespace="app", backend=memory_url, master_key=KEY).get("a") == 1


def test_the_token_of_a_store_behind_http(monkeypatch, namespace):
    """In code as in the environment; what is configured comes first."""
    seen = set()

    class Host(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            seen.add(self.headers["Authorization"])
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        monkeypatch.setenv("CACHEKIT_API_KEY", "t0ken-of-the-environment")
        configure(api_key="t0ken-in-code")
        url = f"http://127.0.0.1:{host.server_port}?server=plain"
        assert cache(backend=url, namespace=namespace, name="f")(lambda: [1])() == [1]
        host.shutdown()
    assert seen == {"Bearer t0ken-in-code"}


@pytest.mark.parametrize("setting", [{"backend": "foo://bar"}, {"master_key": "zz"}], ids=repr)
def test_what_is_wrong_is_found_where_it_is_said(setting):
    with pytest.raises(ConfigurationError):
        configure(**setting)
