"""The unmodified client of PyPI, `cachekit` 0.24.1, stores and reads through our server.

Its rules for hosts, as it documents them: HTTPS, no private address, and for a host of one's own
`CACHEKIT_ALLOW_CUSTOM_HOST=true`. A host name is what it takes, so it is given one that leads to
this machine, with a certificate that it is told to trust (`SSL_CERT_FILE`).
"""

import ast
from pathlib import Path

import pytest

from tests.blind_host import play_against_it, stored
from tools.own_network import is_possible

PEER = Path(__file__).resolve().parents[2] / ".rival" / "bin" / "python"

APPLICATION = """
import importlib.metadata
from cachekit import cache

asked = []

@cache.io(ttl=300, namespace="interop")
def profile(user_id):
    asked.append(user_id)
    return {"user": user_id, "plan": "gold-and-nobody-knows"}

value = profile(7)
print(repr((importlib.metadata.version("cachekit"), value, len(asked))))
"""


@pytest.mark.skipif(not is_possible(), reason="this machine allows no network of one's own")
def test_it_stores_and_reads(tmp_path):
    assert PEER.exists(), "it is not installed: make .rival/.installed"
    program = tmp_path / "application.py"
    program.write_text(APPLICATION)
    call = [PEER, program]

    printed = play_against_it(
        tmp_path,
        call,
        call,
        CACHEKIT_API_URL="https://cache.example.com/api",
        CACHEKIT_ALLOW_CUSTOM_HOST="true",
    )

    value = {"user": 7, "plan": "gold-and-nobody-knows"}
    computed, retrieved = (ast.literal_eval(line) for line in printed)
    assert computed == ("0.24.1", value, 1)
    assert retrieved == ("0.24.1", value, 0), "the second process asks the server"
    assert b"gold-and-nobody-knows" in stored(tmp_path), "plain, as it was asked for"
