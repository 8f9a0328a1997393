"""Copies as `lvsnet cp` does them, with a directory of this machine in place of a node's disk."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from lvsnet.errors import LvsnetError
from lvsnet.transfer import copy
from lvsnet.transfer.streaming import Machine

if TYPE_CHECKING:
    from lvsnet.control.place import Place

ODD = ("new\nline", "-rf", "sp ace", "dots..", "\udcff\udcfe", "*", "a:b")


@dataclass
class Here:
    """What copying needs of a place: commands, run here."""

    cut: bool = False
    """Whether the user presses Ctrl-C while a command runs."""

    def pipe(
        self, _lab: str, _node: str, argv: Sequence[str], stdin: int, stdout: int
    ) -> tuple[int, str]:
        if self.cut:
            os.read(stdin, 1)
            raise KeyboardInterrupt
        done = subprocess.run(
            argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=20, check=False
        )
        return done.returncode, done.stderr.decode()

    def run(self, _lab: str, _node: str, *argv: str) -> tuple[int, str, str]:
        done = subprocess.run(argv, capture_output=True, timeout=20, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def here() -> Here:
    return Here()


@pytest.fixture
def machine(here: Here) -> Machine:
    # The rest of a place is not asked for.
    return Machine(cast("Place", here), "lab", "web")


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """The node's disk."""
    path = tmp_path / "node"
    path.mkdir()
    return path


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This machine's, and where the user is."""
    path = tmp_path / "here"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


@contextmanager
def given_as_input(file: Path) -> Iterator[None]:
    """This process's standard input is a file meanwhile."""
    before = os.dup(0)
    with file.open("rb") as stream:
        os.dup2(stream.fileno(), 0)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)


def tree(top: Path) -> dict[str, object]:
    """All that is below a directory: modes, contents, where links lead."""
    found: dict[str, object] = {}
    for path in sorted(top.rglob("*")):
        mode = path.lstat().st_mode
        name = str(path.relative_to(top))
        if stat.S_ISLNK(mode):
            found[name] = str(path.readlink())
        else:
            content = path.read_bytes() if stat.S_ISREG(mode) else b""
            found[name] = (oct(mode), content)
    return found


def fill(top: Path) -> None:
    top.mkdir()
    for number, name in enumerate(ODD):
        (top / name).write_text(f"{number}")
    (top / "deep" / ("long" * 50) / ("name" * 50)).mkdir(parents=True)
    (top / "deep" / ("long" * 50) / "file").write_bytes(os.urandom(100_000))
    (top / "mode").write_text("x")
    (top / "mode").chmod(0o4750)
    (top / "shut").mkdir(mode=0o550)
    (top / "link").symlink_to("mode")
    (top / "nowhere").symlink_to("/no/such\nfile")


@pytest.mark.parametrize("final", ["new", "there"])
def test_a_tree_goes_in_and_comes_out_as_it_was(
    machine: Machine, node: Path, disk: Path, final: str
) -> None:
    fill(disk / "tree")
    (node / "there").mkdir()
    copy.to_node(["tree"], machine, f"{node}/{final}")
    inside = node / ("there/tree" if final == "there" else "new")
    assert tree(inside) == tree(disk / "tree")
    copy.from_node(machine, [str(inside)], "back")
    (disk / "tree/mode").chmod(0o750)  # no set-user-ID bit comes out of a node
    assert tree(disk / "back") == tree(disk / "tree")
    assert {path.name for path in disk.iterdir()} == {"tree", "back"}
    assert not list(node.rglob(".lvsnet*"))


def test_into_a_directory_what_is_there_is_kept_or_replaced(
    machine: Machine, node: Path, disk: Path
) -> None:
    for top, word in ((disk / "tree", "new"), (node / "to/tree", "old")):
        (top / "sub").mkdir(parents=True)
        (top / "sub/both").write_text(word)
        (top / f"sub/{word}").write_text(word)
    (node / "to/tree/sub").chmod(0o711)
    copy.to_node(["tree"], machine, f"{node}/to")
    sub = node / "to/tree/sub"
    assert {path.name: path.read_text() for path in sub.iterdir()} == {
        "both": "new", "old": "old", "new": "new",
    }  # fmt: skip
    assert stat.S_IMODE(sub.stat().st_mode) == 0o711  # it was there
    (disk / "out/sub").mkdir(parents=True)
    (disk / "out/sub/mine").write_text("mine")
    copy.from_node(machine, [f"{node}/to/tree/."], "out")
    assert sorted(path.name for path in (disk / "out/sub").iterdir()) == [
        "both", "mine", "new", "old",
    ]  # fmt: skip


@pytest.mark.parametrize("way", ["in", "out"])
def test_a_directory_does_not_replace_a_file_nor_a_file_a_directory(
    machine: Machine, node: Path, disk: Path, way: str
) -> None:
    source, target = (disk, node) if way == "in" else (node, disk)
    (source / "one/x").mkdir(parents=True)
    (source / "one/a").write_text("new")
    (target / "to/one").mkdir(parents=True)
    (target / "to/one/x").write_text("a file")

    def attempt() -> None:
        if way == "in":
            copy.to_node([str(source / "one")], machine, str(target / "to"))
        else:
            copy.from_node(machine, [str(source / "one")], str(target / "to"))

    with pytest.raises(LvsnetError, match=r"one/x is no directory, and what is copied is one"):
        attempt()
    assert tree(target / "to/one") == {"x": (oct(0o100644), b"a file")}
    (target / "to/one/x").unlink()
    (target / "to/one/a").mkdir()
    with pytest.raises(LvsnetError, match=r"one/a is a directory, and what is copied is none"):
        attempt()
    assert list(tree(target)) == ["to", "to/one", "to/one/a"]


def test_several_sources_and_links_that_are_named(machine: Machine, node: Path, disk: Path) -> None:
    (disk / "one").write_text("1")
    (disk / "two").symlink_to("one")
    (disk / "real").mkdir()
    (disk / "real/three").write_text("3")
    (disk / "dir").symlink_to("real")
    copy.to_node(["one", "two", "dir", "dir/."], machine, str(node))
    assert tree(node) == {
        "dir": "real", "one": (oct(0o100644), b"1"), "three": (oct(0o100644), b"3"), "two": "one",
    }  # fmt: skip
    (node / "target").write_text("old")
    (node / "named").symlink_to("target")
    copy.to_node(["one"], machine, f"{node}/named")
    assert ((node / "named").is_symlink(), (node / "target").read_text()) == (True, "1")


def test_ctrl_c_leaves_nothing(machine: Machine, here: Here, node: Path, disk: Path) -> None:
    fill(disk / "tree")
    here.cut = True
    with pytest.raises(KeyboardInterrupt):
        copy.to_node(["tree"], machine, str(node))
    assert tree(node) == {}


def test_a_file_that_cannot_be_read_leaves_nothing(
    machine: Machine, node: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (disk / "tree").mkdir()
    (disk / "tree/a").write_text("a")
    (disk / "tree/b").write_text("b")
    opened = Path.open

    def refuse(path: Path, mode: str = "r") -> object:
        if path.name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, mode)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(LvsnetError, match="tree/b: Permission denied"):
        copy.to_node(["tree"], machine, str(node))
    assert tree(node) == {}


def test_an_archive_goes_in_with_its_owners_whatever_its_compression(
    machine: Machine, node: Path, disk: Path
) -> None:
    for number, mode in enumerate(("w", "w:gz", "w:xz")):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
            one = tarfile.TarInfo(f"./file{number}")
            one.size, one.uid, one.gid = 3, os.getuid(), os.getgid()
            tar.addfile(one, io.BytesIO(b"abc"))
        (disk / "archive").write_bytes(out.getvalue())
        with given_as_input(disk / "archive"):
            copy.archive_to_node(machine, str(node))
    assert tree(node) == {f"file{number}": (oct(0o100644), b"abc") for number in range(3)}


def test_what_is_missing_is_named(machine: Machine, node: Path, disk: Path) -> None:
    (disk / "file").write_text("x")
    with pytest.raises(LvsnetError, match="no: there is no such file or directory"):
        copy.to_node(["no"], machine, str(node))
    with pytest.raises(LvsnetError, match=r"there is no directory .*/node/no"):
        copy.to_node(["file"], machine, f"{node}/no/file")
    with pytest.raises(LvsnetError, match=r"web:.*/node/no: there is no such file"):
        copy.from_node(machine, [f"{node}/no"], ".")
    with pytest.raises(LvsnetError, match="has no size before it is read; `lvsnet exec web cat"):
        copy.from_node(machine, ["/proc/self/../net/dev"], ".")
    (node / "one").write_text("x")
    with pytest.raises(LvsnetError, match="there is no directory nowhere"):
        copy.from_node(machine, [f"{node}/one"], "nowhere/one")
