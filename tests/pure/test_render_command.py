"""``lvsnet render``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from lvsnet.cli.render import render
from lvsnet.errors import LabFileError

HERE = Path(__file__).parent
DR = HERE.parents[1] / "labs" / "dr.yaml"

app = typer.Typer()
app.command()(render)


def files_below(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_it_writes_the_files_and_prints_their_paths(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, [str(DR), "-o", str(tmp_path / "out")], catch_exceptions=False)
    assert ran.exit_code == 0
    written = files_below(tmp_path / "out")
    golden = files_below(HERE / "golden" / "dr")
    del golden["plan.json"]
    assert written == golden
    assert sorted(ran.output.splitlines()) == sorted(written)


def test_a_wrong_lab_writes_nothing(tmp_path: Path) -> None:
    lab = tmp_path / "lab.yaml"
    lab.write_text("name: x\n")
    with pytest.raises(LabFileError):
        render(str(lab), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_naming_the_command_imports_nothing_heavy() -> None:
    program = "import sys, lvsnet.cli.render\nprint(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    heavy = {"pydantic", "ruamel.yaml", "pyroute2", "lvsnet.plan.compile", "lvsnet.plan.render"}
    assert not heavy & set(ran.stdout.split())
