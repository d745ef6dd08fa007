"""The operator's page in a real browser: it shows what happened, and complains about nothing."""

import http.client
import os
import re
import shutil
import struct
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

WIDTHS = {1280: 1120, 420: 2000}


def chromium(address, profile, *options):
    """What a headless Chromium makes of the page, once its script has looked a few times."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    assert program, "chromium is not installed: `apt-get install chromium`"
    fixed = ["--headless", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"]
    # Its sandbox does not work for root; the page is ours.
    fixed += ["--no-sandbox"] if os.geteuid() == 0 else []
    logged = ["--enable-logging=stderr", "--virtual-time-budget=7000"]
    done = subprocess.run(
        [program, *fixed, *logged, f"--user-data-dir={profile}", *options, address],
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not console, console
    return done.stdout


class Texts(HTMLParser):
    """The text of every element that has an id."""

    def __init__(self):
        super().__init__()
        self.found, self._open = {}, []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "link", "br"):
            self._open.append(dict(attributes).get("id"))

    def handle_endtag(self, tag):
        self._open.pop()

    def handle_data(self, text):
        for name in filter(None, self._open):
            self.found[name] = self.found.get(name, "") + " " + text.strip()


@pytest.fixture(scope="module")
def busy(server, authorization):
    """A server with something to show."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)

    def ask(method, name, body=None, **headers):
        connection.request(method, f"/v1/cache/{name}", body, {**authorization, **headers})
        return connection.getresponse().read()

    for i in range(40):
        ask(
            "PUT",
            f"page:{i}",
            os.urandom(64 << i % 8),
            **{"X-CacheKit-TTL": str(20 * 4 ** (i % 9))},
        )
    for i in range(60):
        ask("GET", f"page:{i}")
    connection.close()
    return server


@pytest.fixture(scope="module")
def authorization():
    from tools.cachekit_server import TOKEN

    return {"Authorization": f"Bearer {TOKEN}"}


def test_it_shows_what_the_server_knows(busy, tmp_path):
    page = chromium(busy.page, tmp_path, "--dump-dom")
    texts = Texts()
    texts.feed(page)
    shown = {name: " ".join(text.split()) for name, text in texts.found.items()}
    assert shown["state"].startswith("file://")
    assert int(shown["entries"].split()[0]) >= 40
    assert re.fullmatch(r"[\d.]+ (KiB|MiB)", shown["bytes"])
    assert re.fullmatch(r"\d+\.\d %", shown["rate"])
    assert re.fullmatch(r"[\d.]+ (µs|ms|s)", shown["median"])
    assert shown["ends"].startswith("within a minute")
    assert shown["spaces"].startswith("default")
    assert page.count('class="bar"') == 6
    assert page.count("<rect") >= 2


@pytest.mark.parametrize(("width", "height"), WIDTHS.items())
def test_it_can_be_looked_at(busy, tmp_path, width, height):
    """`CACHEKIT_SCREENSHOTS=directory` keeps the pictures."""
    directory = os.environ.get("CACHEKIT_SCREENSHOTS", tmp_path)
    picture = f"{directory}/page-{width}.png"
    chromium(busy.page, tmp_path, f"--window-size={width},{height}", f"--screenshot={picture}")
    data = Path(picture).read_bytes()
    assert struct.unpack(">II", data[16:24]) == (width, height)
    # A page without its style or its numbers compresses far better.
    assert len(data) > 40_000
