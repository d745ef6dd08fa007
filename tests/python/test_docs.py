"""The Python of docs/python.md runs, from top to bottom."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"


def test_every_block_runs(monkeypatch, memory_url, master_key, capsys):
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", master_key)
    monkeypatch.setenv("CACHEKIT_URL", memory_url)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 5
    names = {"__name__": "docs_python"}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    printed = capsys.readouterr().out
    assert printed.startswith("Decryption failed: authentication tag verification failed")
