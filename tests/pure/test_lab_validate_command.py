"""``lvsnet validate`` and ``lvsnet schema``, as processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from lvsnet.lab.schema import schema_text

ROOT = Path(__file__).parents[2]
ERRORS = ROOT / "tests" / "pure" / "lab_errors"


def lvsnet(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    code = "import lvsnet.cli; lvsnet.cli.main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_right_lab() -> None:
    done = lvsnet("validate", "labs/dr.yaml")
    assert done.stdout == "labs/dr.yaml: lab dr, 5 nodes, 1 segment, 1 VIP, 1 service: ok\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_a_wrong_lab() -> None:
    done = lvsnet("validate", "addresses.yaml", folder=ERRORS)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (ERRORS / "addresses.txt").read_text()


def test_json_of_a_right_lab() -> None:
    done = lvsnet("validate", "--format", "json", "labs/dr.yaml")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"file": "labs/dr.yaml", "errors": []}


def test_json_of_a_wrong_lab() -> None:
    done = lvsnet("validate", "--format", "json", "port-range.yaml", folder=ERRORS)
    assert (done.returncode, done.stderr) == (2, "")
    message = "services.web.port: 65536 is too large; at most 65535"
    assert json.loads(done.stdout) == {
        "file": "port-range.yaml",
        "errors": [{"line": 19, "column": 11, "message": message}],
    }


def test_json_of_no_lab() -> None:
    done = lvsnet("validate", "--format", "json", "missing.yaml", folder=ERRORS)
    assert done.returncode == 2
    message = "no such file; `lvsnet labs` lists the examples that lvsnet carries"
    assert json.loads(done.stdout) == {
        "file": "missing.yaml",
        "errors": [{"line": None, "column": None, "message": message}],
    }


def test_schema() -> None:
    done = lvsnet("schema")
    assert (done.returncode, done.stdout, done.stderr) == (0, schema_text(), "")
