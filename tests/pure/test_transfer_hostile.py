"""What a node sends is unpacked in one directory, whatever it is."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from lvsnet.errors import LvsnetError
from lvsnet.transfer import archive, settle, unpack

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, content: bytes = b"", **fields: object) -> Member:
    one = tarfile.TarInfo(name)
    one.size = len(content)
    one.mode = 0o644
    for field, value in fields.items():
        setattr(one, field, value)
    return one, content


def directory(name: str, mode: int = 0o755) -> Member:
    return member(name, type=tarfile.DIRTYPE, mode=mode)


def link(name: str, target: str) -> Member:
    return member(name, type=tarfile.SYMTYPE, linkname=target)


def archived(members: Sequence[Member]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for one, content in members:
            tar.addfile(one, io.BytesIO(content))
    return out.getvalue()


def received(tmp_path: Path, content: bytes, final: Path) -> list[str]:
    """Copy ``base`` out of an archive, as `lvsnet cp` does; the warnings."""
    warnings: list[str] = []
    with settle.stage(str(tmp_path)) as staging:
        top = os.open(staging, os.O_RDONLY)
        try:
            stream = io.BytesIO(content)
            directories = unpack.unpack(stream, top, "base", "0", warnings.append)
        finally:
            os.close(top)
        settle.settle(staging, "0", str(final), directories)
    return warnings


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file that no archive is to reach."""
    path = tmp_path / "outside"
    path.mkdir()
    (path / "secret").write_text("untouched")
    return path


@pytest.mark.parametrize(
    "members",
    [
        pytest.param([member("/tmp/secret", b"x")], id="absolute"),
        pytest.param([directory("base"), member("base/../secret", b"x")], id="up"),
        pytest.param([member("../outside/secret", b"x")], id="up at first"),
        pytest.param([member("other/secret", b"x")], id="beside"),
        pytest.param(
            [directory("base"), link("base/l", "OUT"), member("base/l/secret", b"x")],
            id="through a link",
        ),
        pytest.param([link("base", "OUT"), member("base/secret", b"x")], id="the top a link"),
        pytest.param(
            [
                directory("base"),
                link("base/l", "OUT"),
                member("base/h", type=tarfile.LNKTYPE, linkname="base/l/secret"),
                member("base/h", b"x"),
            ],
            id="a hard link through a link",
        ),
        pytest.param(
            [directory("base"), member("base/h", type=tarfile.LNKTYPE, linkname="/etc/passwd")],
            id="a hard link that is absolute",
        ),
        pytest.param(
            [directory("base"), member("base/h", type=tarfile.LNKTYPE, linkname="base/../../x")],
            id="a hard link up",
        ),
        pytest.param(
            [directory("base"), link("base/d", "OUT"), directory("base/d/new")],
            id="a directory through a link",
        ),
        pytest.param(
            [directory("base"), member("base/f", b"x"), directory("base/f")],
            id="a directory for a file",
        ),
    ],
)
def test_nothing_is_written_outside(
    tmp_path: Path, outside: Path, members: Sequence[Member]
) -> None:
    for one, _ in members:
        one.linkname = one.linkname.replace("OUT", str(outside))
    with pytest.raises((LvsnetError, OSError)):
        received(tmp_path, archived(members), tmp_path / "final")
    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == "untouched"


def test_a_link_that_is_replaced_by_a_file_is_not_written_through(
    tmp_path: Path, outside: Path
) -> None:
    secret = outside / "secret"
    members = [directory("base"), link("base/l", str(secret)), member("base/l", b"x")]
    received(tmp_path, archived(members), tmp_path / "final")
    assert secret.read_text() == "untouched"
    assert (tmp_path / "final/l").read_text() == "x"
    assert not (tmp_path / "final/l").is_symlink()


def test_a_hard_link_to_a_link_is_a_link(tmp_path: Path, outside: Path) -> None:
    members = [
        directory("base"),
        link("base/l", str(outside / "secret")),
        member("base/h", type=tarfile.LNKTYPE, linkname="base/l"),
    ]
    received(tmp_path, archived(members), tmp_path / "final")
    assert (tmp_path / "final/h").is_symlink()


def test_a_link_of_an_earlier_copy_is_not_followed(tmp_path: Path, outside: Path) -> None:
    final = tmp_path / "final"
    received(tmp_path, archived([directory("base"), link("base/d", str(outside))]), final)
    second = archived([directory("base"), directory("base/d"), member("base/d/secret", b"x")])
    with pytest.raises(LvsnetError, match="is no directory, and what is copied is one"):
        received(tmp_path, second, final)
    assert (outside / "secret").read_text() == "untouched"


def test_devices_are_left_out_and_said(tmp_path: Path) -> None:
    members = [
        directory("base"),
        member("base/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
        member("base/fifo", type=tarfile.FIFOTYPE),
        member("base/file", b"x"),
    ]
    warnings = received(tmp_path, archived(members), tmp_path / "final")
    assert [path.name for path in (tmp_path / "final").iterdir()] == ["file"]
    assert [text.split()[0] for text in warnings] == ["base/null", "base/fifo"]


def test_set_user_id_bits_mean_nothing_here(tmp_path: Path) -> None:
    received(tmp_path, archived([member("base", b"x", mode=0o6755)]), tmp_path / "final")
    assert stat.S_IMODE((tmp_path / "final").stat().st_mode) == 0o755


@pytest.mark.parametrize("mtime", [-(2**40), 2**62])
def test_any_time_will_do(tmp_path: Path, mtime: int) -> None:
    received(tmp_path, archived([member("base", b"x", mtime=mtime)]), tmp_path / "final")
    assert (tmp_path / "final").read_text() == "x"


def test_closed_directories_are_unpacked_and_stay_closed(tmp_path: Path) -> None:
    members = [
        directory("base", 0o555),
        directory("base/shut", 0o000),
        member("base/shut/file", b"x"),
    ]
    received(tmp_path, archived(members), tmp_path / "final")
    shut = tmp_path / "final/shut"
    assert stat.S_IMODE(shut.stat().st_mode) == 0
    shut.chmod(0o700)
    assert (shut / "file").read_text() == "x"


@pytest.mark.parametrize("length", [0, 100, 1024, 1500, 3000])
def test_an_archive_that_is_cut_off_leaves_nothing(tmp_path: Path, length: int) -> None:
    whole = archived([directory("base"), member("base/file", bytes(range(256)) * 8)])
    with pytest.raises(archive.CutOffError):
        received(tmp_path, whole[:length], tmp_path / "final")
    assert list(tmp_path.iterdir()) == []


def test_rubbish_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LvsnetError, match="tar archive"):
        received(tmp_path, b"\xff rubbish" * 1000, tmp_path / "final")


@pytest.mark.parametrize("kind", [b"L", b"K", b"x", b"g"])
def test_a_name_of_many_megabytes_is_not_read(tmp_path: Path, kind: bytes) -> None:
    one, content = member("name", b"n" * 20_000_000, type=kind)
    with pytest.raises(LvsnetError, match="header of more than 4 MB"):
        received(tmp_path, archived([(one, content), member("base", b"x")]), tmp_path / "final")


def test_zeros_are_holes(tmp_path: Path) -> None:
    size = 16 * 2**20
    received(tmp_path, archived([member("base", bytes(size) + b"end")]), tmp_path / "final")
    status = (tmp_path / "final").stat()
    assert status.st_size == size + 3
    assert status.st_blocks * 512 < 2**20
