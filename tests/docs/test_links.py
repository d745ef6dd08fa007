"""No link of the documentation leads nowhere, and the book has every page."""

import re

import pytest
from blocks import ROOT, pages

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
DOCS = ROOT / "docs"


def links(page):
    text = CODE.sub("", page.read_text("utf-8"))
    return [match["target"] for match in LINK.finditer(text)]


def anchors(page):
    """The anchors that mdBook and GitHub make of headings."""
    headings = HEADING.findall(CODE.sub(lambda m: m[0].strip("`"), page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in links(page):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{page.name} links to {link}"


def test_the_book_has_every_page():
    listed = {(DOCS / link).resolve() for link in links(DOCS / "SUMMARY.md")}
    there = {page.resolve() for page in pages() if DOCS in page.parents}
    assert there - {(DOCS / "SUMMARY.md").resolve()} == listed
