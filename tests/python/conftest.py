"""A process that nobody has configured, for every test."""

import itertools
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

_NAMES = itertools.count()
MASTER_KEY = "4f9d" * 16


@pytest.fixture(autouse=True)
def unconfigured(no_environment):
    """No environment, no settings, no functions known from the test before."""
    from cachekit import testing

    testing.reset()
    yield
    testing.reset()


@pytest.fixture
def master_key():
    return MASTER_KEY


class Counted:
    """A function body that counts its runs."""

    def __init__(self):
        self.runs = 0

    def __call__(self, answer=None):
        self.runs += 1
        return answer


@pytest.fixture
def body():
    return Counted()


@pytest.fixture
def namespace():
    """A namespace that no other test has: caches outlive the test that made them."""
    return f"test-{next(_NAMES)}"


@pytest.fixture
def memory_url():
    """The address of a store in this process that is empty."""
    return f"memory://test-{next(_NAMES)}"
