"""Where a guest's memory may lie, and what is said when it may not, or no longer can."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
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
def bases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The places that are tried, in their order."""
    found = [tmp_path / name for name in ("shm", "temporary", "tmp", "lab")]
    for base in found:
        base.mkdir()
    monkeypatch.setattr(memory, "_bases", lambda _last_resort: found)
    return found


@pytest.fixture
def claim(tmp_path: Path, bases: list[Path]) -> Callable[[str, str], Path]:
    """Claims memory of a size for a lab of some name."""
    return lambda lab, size: memory.claim(size, tmp_path / f"{lab}.memory", bases[-1])


def disks(monkeypatch: pytest.MonkeyPatch, free: Mapping[Path, int]) -> None:
    """File systems with so many MB free, and none elsewhere."""

    def statvfs(path: Path) -> SimpleNamespace:
        room = next((mb for base, mb in free.items() if Path(path).is_relative_to(base)), 0)
        return SimpleNamespace(f_bavail=room * MB // 4096, f_frsize=4096)

    monkeypatch.setattr(os, "statvfs", statvfs)


def test_the_first_place_with_room_is_taken(
    bases: list[Path], claim: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    disks(monkeypatch, {bases[0]: 64, bases[1]: 512, bases[2]: 9999})
    own = claim("dr", "512M")
    assert own.parent == bases[1]
    assert own.is_dir()
    assert not list(bases[0].iterdir())


def test_what_is_claimed_is_found_by_its_link_and_given_back(
    tmp_path: Path, bases: list[Path], claim: Callable[[str, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    disks(monkeypatch, {bases[0]: 9999})
    link = tmp_path / "dr.memory"
    own = claim("dr", "512M")
    assert link.readlink() == own
    (own / "vm_file-left-behind").touch()
    again = claim("dr", "1G")  # of one that was killed nothing is left
    assert list(bases[0].iterdir()) == [again]
    memory.give_back(link)
    assert not link.is_symlink()
    assert not list(bases[0].iterdir())
    memory.give_back(link)


def test_nothing_is_removed_through_a_link_of_somebody_elses(tmp_path: Path) -> None:
    valuable, link = tmp_path / "valuable", tmp_path / "dr.memory"
    valuable.mkdir()
    (tmp_path / "own").symlink_to(valuable)
    link.symlink_to(tmp_path / "own")
    memory.give_back(link)
    assert valuable.is_dir()
    assert not link.is_symlink()


def test_labs_leave_each_other_what_they_may_still_take(
    bases: list[Path], claim: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    disks(monkeypatch, {bases[0]: 1600, bases[1]: 1600})
    assert [claim(lab, "512M").parent for lab in "abcd"] == [bases[0]] * 3 + [bases[1]]
    assert memory.promised(bases[0]) == 3 * 512 * MB


def test_what_a_guest_has_taken_is_no_longer_promised(
    bases: list[Path], claim: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    disks(monkeypatch, {bases[0]: 9999})
    own = claim("dr", "1G")
    memory.occupied(own, os.getpid())
    assert 0 < memory.promised(bases[0]) < 1024 * MB
    memory.occupied(own, 2**22 + 1)  # above any process id (PID_MAX_LIMIT)
    assert memory.promised(bases[0]) == 0


def test_where_nothing_can_be_executed_is_passed_over(
    bases: list[Path], claim: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(directory: Path) -> None:
        if directory.is_relative_to(bases[0]):
            raise PermissionError(1, "Operation not permitted")

    disks(monkeypatch, dict.fromkeys(bases, 600))
    monkeypatch.setattr(memory, "_map_executable", refuse)
    assert claim("dr", "512M").parent == bases[1]


def test_when_nothing_will_do_each_place_is_named_with_its_reason(
    tmp_path: Path, bases: list[Path], claim: Callable[[str, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    shm, temporary, tmp, lab = bases
    temporary.rmdir()
    disks(monkeypatch, {shm: 64, tmp: 600, lab: 511})
    claim("other", "256M")
    with pytest.raises(LvsnetError) as failure:
        claim("dr", "512M")
    assert str(failure.value) == (
        f"there is no place for the guest's memory of 512M: {shm}: 64 MB free; "
        f"{temporary}: No such file or directory; "
        f"{tmp}: 600 MB free, of which other labs may still take 256 MB; {lab}: 511 MB free. "
        "Make room, set TMPDIR to a directory with room on a file system that is not mounted "
        "noexec, or give the lab less with memory:"
    )
    assert not (tmp_path / "dr.memory").is_symlink()


def test_the_places_are_tried_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    last = Path("/lab")
    assert memory._bases(last) == [*map(Path, ("/dev/shm", "/var/tmp", "/tmp")), last]
    monkeypatch.setenv("TMPDIR", "/tmp")
    assert memory._bases(last) == [*map(Path, ("/dev/shm", "/tmp")), last]


def test_a_bus_error_is_explained_by_the_room_that_was_taken_away() -> None:
    console = f"{memory.BUS_ERROR}\nKernel panic - not syncing: Kernel mode signal 7\n"
    said = memory.explained(signal.SIGABRT, console, 3 * MB + 5)
    assert said == (
        "the room for its memory was used up by something else (3 MB are free there now); make "
        "room, or set TMPDIR to a directory with more, and deploy it again"
    )


def test_what_killed_a_guest_is_told_and_nothing_is_made_up() -> None:
    assert "SIGKILL" in memory.explained(signal.SIGKILL, "", 999 * MB)
    assert memory.explained(signal.SIGABRT, "Kernel panic - not syncing: other\n", 0) == ""
    assert memory.explained(0, "", 0) == ""
