"""Where a guest's memory may lie."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from lvsnet.errors import LvsnetError
from lvsnet.guest import memory

MB = 2**20


@pytest.mark.parametrize(
    ("written", "size"),
    [("512M", 512 * MB), ("1G", 1024 * MB), ("64K", 65536), ("4096", 4096), ("0", 0)],
)
def test_sizes_are_those_of_the_kernels_mem(written: str, size: int) -> None:
    assert memory.size(written) == size


@pytest.mark.parametrize("written", ["", "M", "512MB", "1.5G", "-1M", "512 M", "1T", "512M\n"])
def test_what_is_no_size_is_told(written: str) -> None:
    with pytest.raises(LvsnetError, match="is no size of memory; write 512M or 1G"):
        memory.size(written)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """TMPDIR, of the test's own; it is there."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return str(tmp_path)


def disks(
    monkeypatch: pytest.MonkeyPatch, free: Mapping[str, int], noexec: tuple[str, ...] = ()
) -> None:
    """File systems with so many MB free, and none elsewhere."""

    def statvfs(path: Path) -> SimpleNamespace:
        flag = os.ST_NOEXEC if str(path) in noexec else 0
        return SimpleNamespace(
            f_bavail=free.get(str(path), 0) * MB // 4096, f_frsize=4096, f_flag=flag
        )

    monkeypatch.setattr(os, "statvfs", statvfs)


@pytest.mark.usefixtures("temporary")
def test_shared_memory_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    disks(monkeypatch, {"/dev/shm": 512, "/tmp": 9999})
    assert memory.directory("512M", Path("/")) == Path("/dev/shm")


def test_a_small_shared_memory_as_containers_have_it_is_passed_over(
    temporary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    disks(monkeypatch, {"/dev/shm": 64, temporary: 600, "/tmp": 600})
    assert memory.directory("512M", Path("/")) == Path(temporary)


def test_what_is_mounted_noexec_is_passed_over(
    temporary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    disks(monkeypatch, {"/dev/shm": 600, temporary: 600, "/tmp": 600}, ("/dev/shm", temporary))
    assert memory.directory("512M", Path("/")) == Path("/tmp")


@pytest.mark.usefixtures("temporary")
def test_the_labs_own_directory_is_the_last_resort(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    disks(monkeypatch, {str(lab): 512})
    assert memory.directory("512M", lab) == lab


def test_when_nothing_will_do_each_place_is_named_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    disks(monkeypatch, {"/dev/shm": 64, "/tmp": 600, str(tmp_path): 511}, ("/tmp",))
    with pytest.raises(LvsnetError) as failure:
        memory.directory("512M", tmp_path)
    assert str(failure.value) == (
        "there is no place for the guest's memory of 512M: /dev/shm: 64 MB free; "
        f"{tmp_path / 'missing'}: not a directory to write to; /tmp: mounted noexec; "
        f"{tmp_path}: 511 MB free. "
        "Set TMPDIR to a directory with room on a file system that is not mounted noexec."
    )
