"""``lvsnet validate`` and ``lvsnet schema``, as they are typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import commands

from lvsnet.lab_schema import schema_text

ROOT = Path(__file__).parents[2]
ERRORS = ROOT / "tests" / "pure" / "lab_errors"
WARNINGS = ROOT / "tests" / "pure" / "lab_warnings"


def lvsnet(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return commands.lvsnet(*arguments, folder=folder)


def process(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
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
    done = process("validate", "labs/dr.yaml")
    assert (
        done.stdout
        == "labs/dr.yaml: lab dr, 5 nodes, 1 segment, 1 VIP, 1 service, 3 scenarios: ok\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_wrong_lab() -> None:
    done = process("validate", "addresses.yaml", folder=ERRORS)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (ERRORS / "addresses.txt").read_text()


def test_json_of_a_right_lab() -> None:
    done = lvsnet("validate", "--format", "json", "labs/dr.yaml")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"file": "labs/dr.yaml", "errors": [], "warnings": []}


def test_json_of_a_wrong_lab() -> None:
    done = lvsnet("validate", "--format", "json", "port-range.yaml", folder=ERRORS)
    assert (done.returncode, done.stderr) == (2, "")
    message = "services.web.port: 65536 is too large; at most 65535"
    assert json.loads(done.stdout) == {
        "file": "port-range.yaml",
        "errors": [
            {"line": 19, "column": 11, "severity": "error", "message": message, "rule": None}
        ],
        "warnings": [],
    }


def test_json_of_no_lab() -> None:
    done = lvsnet("validate", "--format", "json", "missing.yaml", folder=ERRORS)
    assert done.returncode == 2
    message = "no such file; `lvsnet labs` lists the examples that lvsnet carries"
    assert json.loads(done.stdout) == {
        "file": "missing.yaml",
        "errors": [
            {"line": None, "column": None, "severity": "error", "message": message, "rule": None}
        ],
        "warnings": [],
    }


def test_an_unwise_lab() -> None:
    done = lvsnet("validate", "vip-prefix.yaml", folder=WARNINGS)
    assert done.returncode == 0
    assert done.stdout == "vip-prefix.yaml: lab small, 2 nodes, 1 segment, 5 VIPs: ok\n"
    assert done.stderr == (WARNINGS / "vip-prefix.txt").read_text()


def test_an_unwise_lab_taken_strictly() -> None:
    done = lvsnet("validate", "--strict", "vip-prefix.yaml", folder=WARNINGS)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (WARNINGS / "vip-prefix.txt").read_text().replace(" warning:", "")
    assert lvsnet("validate", "--strict", "allowed.yaml", folder=WARNINGS).returncode == 0


def test_json_of_an_unwise_lab() -> None:
    done = lvsnet("validate", "--format", "json", "preempt-delay-nopreempt.yaml", folder=WARNINGS)
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr, told["errors"]) == (0, "", [])
    (warning,) = told["warnings"]
    assert (warning["severity"], warning["rule"]) == ("warning", "preempt-delay-nopreempt")
    assert (warning["line"], warning["column"]) == (14, 5)


def test_json_of_an_unwise_lab_taken_strictly() -> None:
    arguments = ("validate", "--strict", "--format", "json", "preempt-delay-nopreempt.yaml")
    done = lvsnet(*arguments, folder=WARNINGS)
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr, told["warnings"]) == (2, "", [])
    assert [one["severity"] for one in told["errors"]] == ["error"]


def test_json_of_a_wrong_and_unwise_lab() -> None:
    done = lvsnet("validate", "--format", "json", "with-warnings.yaml", folder=ERRORS)
    told = json.loads(done.stdout)
    assert done.returncode == 2
    assert [one["rule"] for one in told["errors"]] == [None, "dr-port"]
    assert [one["rule"] for one in told["warnings"]] == ["nopreempt-master", "auth-pass-length"]


def test_schema() -> None:
    done = lvsnet("schema")
    assert (done.returncode, done.stdout, done.stderr) == (0, schema_text(), "")
