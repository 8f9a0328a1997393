"""Files of a plan on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lvsnet.errors import LvsnetError
from lvsnet.plan.model import File, Node, Plan
from lvsnet.plan.render import rendered, write


def plan(*files: File, node: str = "lb01") -> Plan:
    machine = Node(node, "host", (), (), (), (), files, (), (), (), (), False, "")
    return Plan("lab", (), (machine,), (), (), ())


HOSTS = File("/etc/hosts", "größe\n")
SECRET = File("/etc/netplan/50-lvsnet.yaml", "secret\n", 0o600)


def test_each_machine_has_a_directory_with_its_files(tmp_path: Path) -> None:
    target = tmp_path / "new" / "out"
    assert write(plan(HOSTS, SECRET), target) == [
        "lb01/etc/hosts",
        "lb01/etc/netplan/50-lvsnet.yaml",
    ]
    assert (target / "lb01/etc/hosts").read_bytes() == "größe\n".encode()
    assert (target / "lb01/etc/netplan/50-lvsnet.yaml").stat().st_mode & 0o7777 == 0o600
    assert sorted(path.name for path in target.rglob("*") if path.is_file()) == [
        "50-lvsnet.yaml",
        "hosts",
    ]


def test_the_mode_is_the_files_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        write(plan(File("/x", "", 0o755)), tmp_path)
    finally:
        os.umask(old)
    assert (tmp_path / "lb01/x").stat().st_mode & 0o7777 == 0o755


def test_writing_again_replaces_its_files_and_leaves_others(tmp_path: Path) -> None:
    write(plan(HOSTS), tmp_path)
    (tmp_path / "lb01/etc/notes").write_text("mine")
    write(plan(File("/etc/hosts", "new", 0o600)), tmp_path)
    assert (tmp_path / "lb01/etc/hosts").read_text() == "new"
    assert (tmp_path / "lb01/etc/hosts").stat().st_mode & 0o7777 == 0o600
    assert (tmp_path / "lb01/etc/notes").read_text() == "mine"


@pytest.mark.parametrize("path", ["/../../x", "/etc/../../../x", "x", "/", ""])
def test_no_path_leads_out_of_its_machine(path: str, tmp_path: Path) -> None:
    with pytest.raises(LvsnetError, match="node lb01: "):
        write(plan(File(path, "")), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("node", ["..", ".", "", "a/b"])
def test_no_machines_name_leads_out_of_the_directory(node: str) -> None:
    with pytest.raises(LvsnetError, match="not the name of a node"):
        rendered(plan(HOSTS, node=node))


@pytest.mark.parametrize("link", ["lb01", "lb01/etc"])
def test_no_symbolic_link_leads_out_of_the_directory(link: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = tmp_path / "out" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(elsewhere)
    with pytest.raises(LvsnetError, match="symbolic link"):
        write(plan(HOSTS), tmp_path / "out")
    assert list(elsewhere.iterdir()) == []


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("mine")
    (tmp_path / "out/lb01/etc").mkdir(parents=True)
    (tmp_path / "out/lb01/etc/hosts").symlink_to(tmp_path / "outside")
    write(plan(HOSTS), tmp_path / "out")
    assert (tmp_path / "outside").read_text() == "mine"
    assert not (tmp_path / "out/lb01/etc/hosts").is_symlink()


def test_a_file_in_the_place_of_the_directory_is_an_error(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("mine")
    with pytest.raises(LvsnetError, match="is a file; name a directory"):
        write(plan(HOSTS), target)
    with pytest.raises(LvsnetError, match="cannot make the directory"):
        write(plan(HOSTS), target / "below")
    assert target.read_text() == "mine"


def test_a_directory_in_the_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lb01/etc/hosts").mkdir(parents=True)
    with pytest.raises(LvsnetError, match=r"cannot write .*lb01/etc/hosts"):
        write(plan(HOSTS), tmp_path)
    assert [path.name for path in (tmp_path / "lb01/etc").iterdir()] == ["hosts"]


def test_a_place_that_takes_no_files_is_an_error() -> None:
    with pytest.raises(LvsnetError, match="cannot write /proc/lb01/etc/hosts"):
        write(plan(HOSTS), Path("/proc"))


def test_a_directory_that_may_not_be_written_is_an_error(ordinary_directory: Path) -> None:
    ordinary_directory.chmod(0o500)
    with pytest.raises(LvsnetError, match="Permission denied"):
        write(plan(HOSTS), ordinary_directory)


def test_an_interrupt_leaves_no_half_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(plan(HOSTS), tmp_path)

    def interrupted(*_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fchmod", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(plan(File("/etc/hosts", "new")), tmp_path)
    assert [path.name for path in (tmp_path / "lb01/etc").iterdir()] == ["hosts"]
    assert (tmp_path / "lb01/etc/hosts").read_text() == "größe\n"
