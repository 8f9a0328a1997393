"""``lvsnet export``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from lvsnet.cli.export import export
from lvsnet.errors import LabFileError, LvsnetError
from lvsnet.export.targets import TARGETS
from lvsnet.export.writing import write
from lvsnet.plan.model import File

app = typer.Typer()
app.command()(export)


def files_below(directory: Path) -> list[str]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return sorted(path.relative_to(directory).as_posix() for path in found)


@pytest.mark.parametrize(
    ("target", "main"), [("containerlab", "dr.clab.yml"), ("vagrant", "Vagrantfile")]
)
def test_it_writes_the_files_and_prints_their_paths(target: str, main: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ran = CliRunner().invoke(app, ["dr", "--to", target, "-o", str(out)], catch_exceptions=False)
    assert ran.exit_code == 0
    printed = ran.output.splitlines()
    assert printed[0] == main
    assert sorted(printed) == files_below(out)
    assert f"{out}" not in "".join((out / one).read_text() for one in printed)


def test_every_target_can_be_named() -> None:
    for target in TARGETS:
        assert CliRunner().invoke(app, ["no-lab", "--to", target, "-o", "x"]).exit_code == 1
    assert CliRunner().invoke(app, ["dr", "--to", "docker", "-o", "x"]).exit_code == 2


def test_both_have_the_same_files_for_a_machine(tmp_path: Path) -> None:
    for target in TARGETS:
        CliRunner().invoke(app, ["nat", "--to", target, "-o", str(tmp_path / target)])
    for node in ("client", "lb01", "nginx02"):
        ours = tmp_path / "containerlab/nodes" / node / "files"
        theirs = tmp_path / "vagrant/machines" / node / "files"
        assert files_below(ours) == files_below(theirs) != []
        for name in files_below(ours):
            assert (ours / name).read_bytes() == (theirs / name).read_bytes()
            assert (ours / name).stat().st_mode == (theirs / name).stat().st_mode


def test_a_wrong_lab_writes_nothing(tmp_path: Path) -> None:
    lab = tmp_path / "lab.yaml"
    lab.write_text("name: x\n")
    with pytest.raises(LabFileError):
        CliRunner().invoke(
            app,
            [str(lab), "--to", "vagrant", "-o", str(tmp_path / "out")],
            catch_exceptions=False,
        )
    assert not (tmp_path / "out").exists()


def test_what_was_there_stays_and_what_is_written_is_new(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b").write_text("old")
    assert write([File("a/b", "é", 0o600), File("c", "x")], tmp_path) == ["a/b", "c"]
    assert (tmp_path / "a/b").read_text() == "é"
    assert (tmp_path / "a/b").stat().st_mode & 0o7777 == 0o600
    assert files_below(tmp_path) == ["a/b", "c", "mine"]


@pytest.mark.parametrize("path", ["/x", "../x", "a/../../x", ""])
def test_no_path_leads_out_of_the_directory(path: str, tmp_path: Path) -> None:
    with pytest.raises(LvsnetError, match="is not a relative path"):
        write([File(path, "")], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(LvsnetError, match="out is a file; name a directory"):
        write([File("x", "")], tmp_path / "out")
    (tmp_path / "there/x").mkdir(parents=True)
    with pytest.raises(LvsnetError, match=r"cannot write .*there/x"):
        write([File("x", "")], tmp_path / "there")


def test_naming_the_command_imports_nothing_heavy() -> None:
    program = "import sys, lvsnet.cli.export\nprint(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    heavy = {"pydantic", "ruamel.yaml", "pyroute2", "lvsnet.plan.model", "lvsnet.export.targets"}
    assert not heavy & set(ran.stdout.split())
