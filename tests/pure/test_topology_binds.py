"""What a node binds is copied to it, and what cannot be is told."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from lvsnet.lab.document import Mark
from lvsnet.lab.topology import binds as topology_binds
from lvsnet.lab.topology.binds import Room, bound_files
from lvsnet.lab.topology.values import Text, Told


def bound(folder: Path, *lines: str, room: Room | None = None) -> dict[str, tuple[str, int]]:
    """Path -> content and mode; nothing may be told."""
    found, told = tried(folder, *lines, room=room)
    assert told == []
    return found


def tried(
    folder: Path, *lines: str, room: Room | None = None
) -> tuple[dict[str, tuple[str, int]], list[str]]:
    told = Told()
    texts = [Text(line, Mark(1, 1), f"binds[{number}]") for number, line in enumerate(lines)]
    files = bound_files(texts, str, folder, room or Room(), told)
    messages = [fault.message for fault in told.faults]
    messages += [f"{fault.message} [{rule}]" for fault, rule in told.warned]
    return {file.path: (file.content, file.mode) for file in files}, messages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one").write_text("1\n")
    (tmp_path / "one").chmod(0o640)
    (tmp_path / "tree/deep/er").mkdir(parents=True)
    (tmp_path / "tree/a").write_text("a")
    (tmp_path / "tree/deep/er/b").write_text("b")
    (tmp_path / "tree/deep/er/b").chmod(0o755)
    return tmp_path


def test_a_file_has_its_text_and_its_mode(folder: Path) -> None:
    assert bound(folder, "one:/etc/two") == {"/etc/two": ("1\n", 0o640)}
    assert bound(folder, f"{folder}/one:/etc/two:ro,z") == {"/etc/two": ("1\n", 0o640)}


def test_a_directory_has_its_files(folder: Path) -> None:
    tree = {"/x/a": ("a", 0o644), "/x/deep/er/b": ("b", 0o755)}
    (folder / "tree/a").chmod(0o644)
    assert bound(folder, "tree:/x") == tree
    assert bound(folder, "./tree/:/x/") == tree


def test_a_home_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert list(bound(Path("/nowhere"), "~/one:/one")) == ["/one"]


def test_what_is_bound_deeper_covers_what_is_above(folder: Path) -> None:
    # In whatever order they are written.
    for lines in (("tree:/x", "one:/x/a"), ("one:/x/a", "tree:/x")):
        assert bound(folder, *lines)["/x/a"] == ("1\n", 0o640)


def test_of_two_binds_with_one_target_the_last_counts(folder: Path) -> None:
    assert bound(folder, "tree:/x", "one:/x/") == {"/x": ("1\n", 0o640)}


def test_a_link_to_a_file_is_the_file(folder: Path) -> None:
    (folder / "tree/link").symlink_to("../one")
    assert bound(folder, "tree:/x")["/x/link"] == ("1\n", 0o640)


def test_a_link_to_a_directory_is_refused(folder: Path) -> None:
    (folder / "tree/loop").symlink_to("..")
    _, told = tried(folder, "tree:/x")
    assert told == [f"binds[0]: {folder}/tree/loop: is a link to a directory"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x7fELF\0", "1:5: a NUL byte: this is a binary file, not text"),
        (b"a\xff", "1:2: byte 0xff is not UTF-8; save the file as UTF-8"),
        (b"x" * ((1 << 20) + 1), " is too large: at most 1 MiB"),
    ],
)
def test_only_text_is_copied(folder: Path, content: bytes, why: str) -> None:
    (folder / "one").write_bytes(content)
    found, told = tried(folder, "one:/x", "tree/a:/a")
    assert list(found) == ["/a"]
    reason = "(what a node binds is copied to it, and only text files can be)"
    assert told == [f"binds[0]: {folder}/one:{why} {reason}"]


def test_a_socket_and_a_pipe_are_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "docker.sock"))
        _, told = tried(folder, "pipe:/p", "docker.sock:/var/run/docker.sock")
    assert [one.partition(" (")[0] for one in told] == [
        f"binds[0]: {folder}/pipe: is a pipe, not a file",
        f"binds[1]: {folder}/docker.sock: is a socket, not a file",
    ]


def test_what_is_empty_is_warned_of(folder: Path) -> None:
    (folder / "results").mkdir()
    found, told = tried(folder, "results:/results")
    assert found == {}
    assert len(told) == 1
    assert told[0].endswith("[topology-bind]")
    assert "is empty" in told[0]


def test_there_is_an_end_to_what_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology_binds, "MOST_FILES", 2)
    room = Room(files=2)
    assert len(bound(folder, "tree:/x", room=room)) == 2
    _, told = tried(folder, "one:/y", room=room)
    assert told == [
        "binds[0]: more than 2 files; put them into an image, or bind those that are used"
    ]
    _, told = tried(folder, "one:/y", room=Room(characters=1))
    assert len(told) == 1
    assert "MiB in all" in told[0]


def test_listing_ends_when_there_is_too_much(folder: Path) -> None:
    for number in range(10):
        (folder / f"tree/deep/{number}").write_text("")
    assert len(list(topology_binds._beneath(folder / "tree", 3))) == 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list and read everything")
def test_what_may_not_be_read_is_told(folder: Path) -> None:
    (folder / "tree/deep").chmod(0)
    (folder / "one").chmod(0)
    _, told = tried(folder, "tree:/x", "one:/y")
    (folder / "tree/deep").chmod(0o755)
    assert told[0] == f"binds[0]: {folder}/tree/deep: permission denied"
    assert told[1].startswith(f"binds[1]: {folder}/one: cannot be read: permission denied")
