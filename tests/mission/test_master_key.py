"""No key, a bad key, a good key: said when the function is decorated, not when it is called."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SNIPPETS = Path(__file__).resolve().parent / "snippets"

MISSING = "cache.secure requires master_key parameter or CACHEKIT_MASTER_KEY environment variable"
NOT_HEX = "CACHEKIT_MASTER_KEY must be hex-encoded, minimum 32 bytes"

DECORATE_AND_CALL = """
from cachekit import ConfigurationError, cache

try:
    @cache.secure(ttl=300, backend=None)
    def double(x):
        return 2 * x
except ConfigurationError as error:
    print("refused:", error)
else:
    print("result:", double(21), double(21))
"""


def in_a_shell(*lines):
    """Runs the lines in a shell, then decorates and calls in a Python started from it."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("CACHEKIT_")}
    script = "\n".join(["set -eu", *lines, 'exec "$0" -c "$1"'])
    command = ["bash", "-c", script, sys.executable, DECORATE_AND_CALL]
    done = subprocess.run(command, env=clean, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def text(name):
    return (SNIPPETS / name).read_text("utf-8")


def test_without_a_key_decorating_is_refused(run_snippet, source):
    from cachekit import ConfigurationError

    asked = source(lambda x: x)
    with pytest.raises(ConfigurationError) as refused:
        run_snippet("05_missing_master_key.py", sensitive_data=asked)
    assert str(refused.value).startswith(MISSING)
    assert "openssl rand -hex 32" in str(refused.value), "it goes on to say how to make a key"
    assert asked.asked == []


def test_a_key_that_is_not_hex_is_refused():
    invalid = text("06_invalid_key.sh").splitlines()[0]
    assert in_a_shell(invalid).startswith(f"refused: {NOT_HEX}")


def test_the_solution_of_the_document_is_one():
    assert in_a_shell(text("06_invalid_key.sh")) == "result: 42 42"


def test_a_generated_key_works():
    assert in_a_shell(text("09_generate_key.sh")) == "result: 42 42"


@pytest.mark.parametrize("key", ["", "ab", "a" * 63, "a" * 62, "g" * 64, "0x" + "a" * 64])
def test_a_bad_key_is_never_taken(key, no_environment):
    from cachekit import ConfigurationError, cache

    with pytest.raises(ConfigurationError) as refused:
        cache.secure(ttl=300, master_key=key, backend=None)(lambda x: x)
    assert len(key) < 3 or key not in str(refused.value), "an error never shows a key"
