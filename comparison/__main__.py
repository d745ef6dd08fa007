"""Writes `docs/compared-values.md`; with `--peer URL`, prints what the peer made of each value."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from comparison import contestants
from comparison.values import VALUES
from tools.redis_server import RedisServer

ROOT: Final = Path(__file__).resolve().parent.parent
PEERS: Final = ROOT / ".rival" / "bin" / "python"
PAGE: Final = ROOT / "docs" / "compared-values.md"

HEAD: Final = """# Which values survive

Made by `make compare-values`; not written by hand. Each value went through each contestant and
came back: a cache is called twice, with Redis behind it and nothing held in the process; a
serializer turns the value into bytes and those into a value, as it does without hooks of the
caller's.

*identical*: equal, and of equal type all the way down. *changed*: something else came back, and
nobody was told. *refused*: an exception, or a warning in the log, and the function's value.
*lost*: the function runs each time, and nobody was told.

"""


def table(outcomes: dict[str, dict[str, str]]) -> str:
    names = list(outcomes)
    lines = ["| value | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for value in VALUES:
        cells = " | ".join(_cell(outcomes[name][value]) for name in names)
        lines.append(f"| {value} | {cells} |")
    return "\n".join(lines)


def _cell(outcome: str) -> str:
    changed, _, into = outcome.partition(": ")
    return f"**changed** ({into})" if into else "**lost**" if changed == "lost" else changed


def main() -> None:
    if sys.argv[1:2] == ["--peer"]:
        print(json.dumps(contestants.peer(sys.argv[2])))
        return
    with RedisServer() as server:
        outcomes = contestants.ours(server.url)
        command = [str(PEERS), "-m", "comparison", "--peer", server.url]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
        peer: dict[str, dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
    ordered = {"ours": outcomes.pop("ours"), **peer, **outcomes}
    PAGE.write_text(HEAD + table(ordered) + "\n", encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(VALUES)} values, {len(ordered)} contestants")


if __name__ == "__main__":
    main()
