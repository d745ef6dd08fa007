"""Threads and forked processes never repeat a nonce: the entries themselves are read."""

import os
import sys
import threading

import pytest
from keys import Header, master

from cachekit import cache

THREADS = 8
CHILDREN = 4
EACH = 250

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def test_forked_processes_and_threads_share_no_session_and_counter(redis_url, stolen):
    @cache.secure(ttl=300, master_key=master("forks"), backend=redis_url, l1=False)
    def load(who, number):
        return number

    def work(who):
        def run(thread):
            for number in range(EACH):
                load(f"{who}-{thread}", number)

        threads = [threading.Thread(target=run, args=(t,)) for t in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    load("parent before", 0)
    children = []
    for child in range(CHILDREN):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                work(f"child {child}")
                status = 0
            finally:
                sys.stdout.flush()
                os._exit(status)
        children.append(pid)
    work("parent")
    for pid in children:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    headers = [Header.of(entry) for entry in stolen().values()]
    nonces = {(h.session, h.counter) for h in headers}
    assert len(headers) >= (CHILDREN + 1) * THREADS * EACH
    assert len(nonces) == len(headers)
    assert len({h.session for h in headers}) == CHILDREN + 1
    assert all(any(h.session) for h in headers)
