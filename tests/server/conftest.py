"""A real cachekit-server."""

import pytest

from tools.cachekit_server import TOKEN, CachekitServer


@pytest.fixture(scope="session")
def server():
    with CachekitServer(CAPACITY="64MiB") as running:
        yield running


@pytest.fixture
def authorization():
    return {"Authorization": f"Bearer {TOKEN}"}
