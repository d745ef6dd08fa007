"""`cache.example.com` of the documentation: a real `cachekit-server` with TLS, below `/api`."""

from pathlib import Path

from tools.certificate import self_signed
from tools.own_network import Scene, cachekit_server, play

HOST = "cache.example.com"
TOKEN = "cks_of-a-test-and-nobody-elses-0123456789"


def play_against_it(home: Path, *programs, **environment):
    """What each program prints that runs while the host is there. Its store is `home / "store"`."""
    certificate, key = self_signed(home, HOST)
    server = {
        "CACHEKIT_SERVE_ADMIN": "127.0.0.1:0",
        "CACHEKIT_SERVE_BASE": "/api",
        "CACHEKIT_SERVE_LISTEN": "127.0.0.1:443",
        "CACHEKIT_SERVE_STORE": f"file://{home}/store",
        "CACHEKIT_SERVE_TLS_CERTIFICATE": str(certificate),
        "CACHEKIT_SERVE_TLS_KEY": str(key),
        "CACHEKIT_SERVE_TOKEN": TOKEN,
    }
    client = {"CACHEKIT_API_KEY": TOKEN, "SSL_CERT_FILE": str(certificate), **environment}
    return play(
        Scene(
            host=HOST,
            server=[str(cachekit_server()), "--json"],
            server_environment=server,
            programs=[[str(part) for part in program] for program in programs],
            environment=client,
        )
    )


def stored(home: Path) -> bytes:
    """Everything that whoever runs the host has."""
    return b"".join(path.read_bytes() for path in (home / "store").rglob("*") if path.is_file())
