"""Blocks in other languages, as far as each can be held without running it here."""

import json
import re
import subprocess

import pytest
import tomllib
from blocks import ROOT, blocks, pages

BLOCKS = [block for page in pages() for block in blocks(page)]
KNOWN = {"python", "rust", "sh", "toml", "json", "text"}


def those(*languages):
    found = [block for block in BLOCKS if block.language in languages]
    return pytest.mark.parametrize("block", found, ids=map(str, found))


def test_every_language_is_checked():
    assert {block.language for block in BLOCKS} <= KNOWN


@those("toml", "json")
def test_data_is_well_formed(block):
    {"toml": tomllib.loads, "json": json.loads}[block.language](block.text)


@those("sh")
def test_a_shell_block_is_shell(block):
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)


@those("sh")
def test_a_shell_block_names_targets_that_exist(block):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"^\s*make ([a-z][a-z-]*)", block.text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"there is no `make {target}`"


@pytest.mark.parametrize("page", sorted({b.page for b in BLOCKS if b.language == "rust"}), ids=str)
def test_a_page_with_rust_is_a_documentation_test(page):
    """Rust blocks run under `cargo test --doc`, for every page that a crate includes."""
    sources = (ROOT / "crates").glob("*/src/**/*.rs")
    included = re.findall(r'include_str!\("([^"]+)"\)', "".join(p.read_text() for p in sources))
    assert any(name.endswith(page.relative_to(ROOT).as_posix()) for name in included)
