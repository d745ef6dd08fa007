"""The Worker of `examples/cloudflare-worker`, in the real `workerd`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Beside the interpreter: what the distribution has may be too old for it.
NODE = Path(sys.executable).parent / "node"
WORKER = Path(__file__).resolve().parents[2] / "examples" / "cloudflare-worker"
TOKEN = "cks_of-a-test-and-nobody-elses-0123456789"


@pytest.fixture(scope="module")
def worker_url():
    """Where it listens. It ends with the tests, and when they are killed."""
    process = subprocess.Popen(
        [NODE, "local.mjs"],
        cwd=WORKER,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "CACHEKIT_API_KEY": TOKEN},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        line = process.stdout.readline()
        assert line, "it did not start: make worker"
        yield json.loads(line)["listening"]
        process.stdin.close()
        process.wait()


@pytest.fixture
def token(no_environment, monkeypatch):
    """The environment of an application that may use it."""
    monkeypatch.setenv("CACHEKIT_API_KEY", TOKEN)
    return TOKEN
