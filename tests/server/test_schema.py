"""Requests made up from the OpenAPI description, well formed and not: none of them is a 500.

Every answer is also held against the description: its status, its media type, its schema, and
whether what is refused without a token is refused.
"""

import subprocess
import sys

import pytest

SECONDS = 25
EXAMPLES = 25


@pytest.mark.timeout(SECONDS + 25)
def test_the_server_is_as_described_and_never_fails(server, authorization, tmp_path):
    program = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"]
    header = ["--header", f"Authorization: {authorization['Authorization']}"]
    # A stream has no end to wait for; a condition that does not hold is a refusal, and should be.
    without = ["--exclude-path", "/v1/events", "--exclude-checks", "positive_data_acceptance"]
    bounded = ["--max-examples", str(EXAMPLES), "--max-time", str(SECONDS), "--seed", "1"]
    done = subprocess.run(
        [*program, *header, *without, *bounded, "--no-color"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "Tested: 11" in done.stdout, done.stdout[-3000:]
