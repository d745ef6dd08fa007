"""`backend="https://cache.example.com/api"`: run word for word, against a server of that name."""

import ast
import sys
from pathlib import Path

import pytest
from document import MASTER_KEY

from tests.blind_host import play_against_it, stored
from tools.own_network import is_possible

SNIPPET = Path(__file__).parent / "snippets" / "17_http_backend.py"

CALLED = """
value, info = get_api_secrets("customer-123"), get_api_secrets.cache_info()
print(repr((value, info.hits, info.misses)))
"""


@pytest.mark.skipif(not is_possible(), reason="this machine allows no network of one's own")
def test_an_application_keeps_its_secrets_with_a_host_that_cannot_read_them(tmp_path):
    program = tmp_path / "application.py"
    program.write_text(SNIPPET.read_text("utf-8") + CALLED)
    call = [sys.executable, program]

    printed = play_against_it(tmp_path, call, call, CACHEKIT_MASTER_KEY=MASTER_KEY)

    value = {"api_key": "sk_live_...", "secret": "..."}
    computed, retrieved = (ast.literal_eval(line) for line in printed)
    assert computed == (value, 0, 1)
    assert retrieved == (value, 1, 0), "the second process asks the host, not the function"
    kept = stored(tmp_path)
    assert kept
    for secret in (b"sk_live", b"api_key", b"customer-123", b"get_api_secrets"):
        assert secret not in kept
