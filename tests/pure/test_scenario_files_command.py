"""``lvsnet validate`` tells what is wrong with scenarios as with anything else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from commands import lvsnet

from lvsnet.resources import example_labs
from lvsnet.scenario.schema import file_schema_text

FOLDER = Path(__file__).parent / "scenario_errors"
WAITS = "{steps: [{wait: 1s}], matrix: {scheduler: [rr, wlc]}}"


def process(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lvsnet", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_right_ones_are_counted(tmp_path: Path) -> None:
    lab = example_labs()["dr"].read_text().partition("\nscenarios:")[0]
    (tmp_path / "dr.yaml").write_text(f"{lab}\nscenarios: {{a: {WAITS}}}\n")
    (tmp_path / "beside.yaml").write_text(f"lab: dr.yaml\nscenarios: {{a: {WAITS}, b: {WAITS}}}\n")
    done = lvsnet("validate", "dr.yaml", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "dr.yaml: lab dr, 5 nodes, 1 segment, 1 VIP, 1 service, 1 scenario, 2 variants: ok\n"
    )
    done = lvsnet("validate", "beside.yaml", folder=tmp_path)
    assert (done.returncode, done.stdout) == (
        0,
        "beside.yaml: 2 scenarios, 4 variants of lab dr: ok\n",
    )


def test_wrong_ones_are_told_with_what_is_wrong_in_the_lab() -> None:
    done = process("validate", "in-a-wrong-lab.yaml", folder=FOLDER)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (FOLDER / "in-a-wrong-lab.txt").read_text()


def test_wrong_ones_as_json() -> None:
    done = lvsnet("validate", "--format", "json", "takeover.yaml", folder=FOLDER)
    assert (done.returncode, done.stderr) == (2, "")
    lines = [one["line"] for one in json.loads(done.stdout)["errors"]]
    assert lines == [4, 7, 8, 9]


def test_a_file_of_scenarios_is_no_lab() -> None:
    done = process("deploy", "--dry-run", "loads.yaml", folder=FOLDER)
    assert done.returncode == 2
    assert (
        "loads.yaml:2:1: this is a file of scenarios, not a lab file; `lvsnet test`" in done.stderr
    )


def test_the_schema_of_files_beside_labs(tmp_path: Path) -> None:
    done = lvsnet("schema", "scenarios", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, file_schema_text(), "")


def test_a_report_that_cannot_be_written_is_named_and_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("lab: nothing.yaml\nscenarios: {a: {steps: []}}\n")
    done = process("test", "wrong.yaml", "--junit", "/dev/full", folder=tmp_path)
    assert done.returncode == 1
    *wrong, last = done.stderr.splitlines()
    assert last == "lvsnet: --junit /dev/full: No space left on device"
    assert any(line.startswith("wrong.yaml:1:6: ") for line in wrong)
