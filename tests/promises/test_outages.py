"""Redis killed in mid-run, hung and restarted: no call of the application notices."""

import threading
import time

import pytest
from keys import master

from cachekit import cache
from tools.redis_server import RedisServer

PAUSE = 1.5


class Traffic:
    """Threads that call without pause, and remember every answer that was wrong."""

    def __init__(self, call):
        self.call = call
        self.wrong = []
        self.calls = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(3)]

    def _run(self):
        number = 0
        while not self._stop.is_set():
            number = (number + 1) % 50
            try:
                answer = self.call(number)
            except Exception as error:
                answer = error
            if answer != {"number": number}:
                self.wrong.append((number, answer))
            self.calls += 1

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()


def used_again(load, within=20.0):
    """Waits until calls are served by the store again."""
    before = load.cache_info().store_hits
    deadline = time.monotonic() + within
    while load.cache_info().store_hits < before + 100:
        assert time.monotonic() < deadline, load.cache_info()
        time.sleep(0.02)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("secure", [True, False], ids=["secure", "plain"])
def test_redis_killed_hung_and_restarted(secure):
    with RedisServer() as server:
        options = {"ttl": 300, "backend": server.url, "l1": False, "name": f"outage-{secure}"}
        decorate = (
            cache.secure(master_key=master("outage"), **options) if secure else cache(**options)
        )

        @decorate
        def load(number):
            return {"number": number}

        with Traffic(load) as traffic:
            used_again(load)

            server.stop()
            time.sleep(PAUSE)
            assert load.cache_info().store_errors > 0
            server.start()
            used_again(load)

            server.hang()
            time.sleep(PAUSE)
            server.resume()
            used_again(load)
        assert traffic.wrong == []
        assert traffic.calls > 1000
