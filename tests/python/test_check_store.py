"""The suite that our stores pass, run on stores written in Python: right ones and wrong ones."""

import pytest
from shelves import (
    AsyncFullShelf,
    AsyncShelf,
    AsyncWatchedShelf,
    ComparesLengths,
    CountsMinutes,
    CutsAtZero,
    ForgetsUnderLoad,
    FullShelf,
    SaysNothing,
    Shelf,
    TakesLess,
    WatchedShelf,
)

from cachekit import ConfigurationError
from cachekit.testing import check_store


@pytest.mark.parametrize(
    "kind", [Shelf, FullShelf, AsyncShelf, AsyncFullShelf, WatchedShelf, AsyncWatchedShelf]
)
def test_a_store_that_keeps_the_contract(kind):
    report = check_store(kind())
    assert "0 of" in report.splitlines()[-1]
    swaps = "passed          swaps: no increment is lost"
    assert (swaps in report) == hasattr(kind, "compare_and_set")


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        (CutsAtZero, "values"),
        (CountsMinutes, "lifetimes"),
        (ComparesLengths, "swaps"),
        (ForgetsUnderLoad, "concurrency"),
        (TakesLess, "limits"),
        (SaysNothing, "watches"),
    ],
)
def test_a_store_that_does_not(kind, family, capfd):
    with pytest.raises(AssertionError) as raised:
        check_store(kind())
    rows = str(raised.value).splitlines()
    assert any(row.startswith(f"failed          {family}: ") for row in rows), raised.value
    assert "checks failed" in rows[-1]
    assert "panicked" not in capfd.readouterr().err


def test_a_store_by_its_url(memory_url):
    assert "0 of" in check_store(memory_url)


def test_what_is_no_store():
    with pytest.raises(TypeError):
        check_store(None)
    with pytest.raises(ConfigurationError):
        check_store("gopher://example")
