"""The types, under both checkers; and the stubs against the module that they describe."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FILES = ["spellings.py", "misuse.py", "stores.py"]


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_mypy():
    files = [str(HERE / name) for name in FILES]
    options = ["--strict", "--warn-unused-ignores", "--config-file", str(ROOT / "pyproject.toml")]
    run(sys.executable, "-m", "mypy", *options, *files)


@pytest.mark.timeout(300)
def test_pyright(tmp_path):
    project = {
        "include": [str(HERE / name) for name in FILES],
        "extraPaths": [str(ROOT / "python")],
        "venvPath": str(Path(sys.prefix).parent),
        "venv": Path(sys.prefix).name,
        "pythonVersion": "3.10",
        "typeCheckingMode": "strict",
        "reportUnnecessaryTypeIgnoreComment": True,
        "enableTypeIgnoreComments": False,
        "reportUnusedCallResult": False,
    }
    config = tmp_path / "pyrightconfig.json"
    config.write_text(json.dumps(project))
    run(sys.executable, "-m", "pyright", "--project", str(config))


@pytest.mark.timeout(300)
def test_the_stubs_say_what_the_module_is():
    run(sys.executable, "-m", "mypy.stubtest", "cachekit")
