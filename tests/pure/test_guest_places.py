"""Where labs are kept: one holder of a lab's lock, and nothing of dead ones."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock

import pytest

from lvsnet.errors import LvsnetError
from lvsnet.guest import places, supervisor
from lvsnet.guest.serving import Client


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "run" / "lvsnet"


def taken(place: places.Place) -> int:
    lock = places.take(place)
    assert lock is not None
    return lock


def leave_behind(place: places.Place) -> None:
    """What a supervisor that was killed leaves."""
    place.root.mkdir(parents=True)
    place.console.write_text("")
    place.socket.write_text("")
    place.lock.write_text("")


def test_a_lab_has_one_holder_at_a_time() -> None:
    place = places.of("dr")
    first = taken(place)
    assert places.take(place) is None
    taken(places.of("other"))
    os.close(first)
    taken(place)


def test_a_lock_whose_file_was_removed_meanwhile_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = places.of("dr")
    real = fcntl.flock
    calls: list[int] = []

    def flock(fd: int, operation: int) -> None:
        if not calls:
            place.lock.unlink()
        calls.append(fd)
        real(fd, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    lock = taken(place)
    assert len(calls) == 2
    assert os.path.samestat(os.fstat(lock), place.lock.stat())
    assert places.take(place) is None


def test_what_a_dead_lab_left_is_removed_and_a_live_one_stays() -> None:
    dead, alive = places.of("dead"), places.of("alive")
    leave_behind(dead)
    leave_behind(alive)
    taken(alive)
    assert places.running() == [alive]
    assert not any(path.exists() for path in (dead.lock, dead.socket, dead.home))
    assert all(path.exists() for path in (alive.lock, alive.socket, alive.console))


def test_a_directory_without_a_lock_file_is_left_over_too() -> None:
    place = places.of("dead")
    leave_behind(place)
    place.lock.unlink()
    assert places.running() == []
    assert not place.home.exists()


def test_labs_are_listed_by_name() -> None:
    for name in ("b", "a", "c"):
        taken(places.of(name))
    assert [place.lab for place in places.running()] == ["a", "b", "c"]


def test_clearing_takes_everything_and_gives_the_lock_back(runtime: Path) -> None:
    place = places.of("dr")
    lock = taken(place)
    leave_behind(place)
    places.clear(place, lock)
    assert list(runtime.iterdir()) == []
    assert list(place.home.parent.iterdir()) == []
    taken(place)


def test_the_runtime_directory_is_private(runtime: Path) -> None:
    assert places.runtime_directory() == runtime
    assert runtime.stat().st_mode & 0o777 == 0o700


def test_without_xdg_it_is_run_for_root_and_tmp_for_others() -> None:
    nobody = 54321
    directory = Path(f"/tmp/lvsnet-{nobody}")
    assert not directory.exists()
    real = os.getuid
    try:
        os.getuid = lambda: nobody
        with pytest.raises(LvsnetError, match="not a directory that only you can write to"):
            places.runtime_directory({})  # it was made by another user: this one
    finally:
        os.getuid = real
        directory.rmdir()


@pytest.mark.parametrize("given", ["/nowhere/at/all", ""])
def test_a_runtime_directory_that_is_not_there_is_not_used(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    made: list[str] = []
    monkeypatch.setattr(Path, "mkdir", lambda self, **_settings: made.append(str(self)))
    with suppress(LvsnetError):
        places.runtime_directory({"XDG_RUNTIME_DIR": given})
    assert made == ["/run/lvsnet"]


def test_a_runtime_directory_that_others_can_write_to_is_refused(runtime: Path) -> None:
    runtime.mkdir()
    runtime.chmod(0o770)
    with pytest.raises(LvsnetError, match="set XDG_RUNTIME_DIR"):
        places.runtime_directory()


def test_a_link_to_somebody_elses_directory_is_refused(runtime: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    runtime.symlink_to(tmp_path / "theirs")
    with pytest.raises(LvsnetError, match="not a directory that only you can write to"):
        places.runtime_directory()


def test_a_file_in_its_place_is_told_with_a_way_out(runtime: Path) -> None:
    runtime.write_text("")
    with pytest.raises(LvsnetError, match="set XDG_RUNTIME_DIR"):
        places.runtime_directory()


def test_a_path_that_is_too_long_for_a_socket_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    with pytest.raises(LvsnetError, match="too long for a socket's path; set XDG_RUNTIME_DIR"):
        places.of("dr")


def test_a_full_disk_is_told_with_its_place_and_a_way_out() -> None:
    place = places.of("dr")
    full = OSError(errno.ENOSPC, "No space left on device", "/carried/init", None, "/cache/init")
    assert places.why(place, full) == (
        "/cache/init: No space left on device; make room, or set XDG_CACHE_HOME to a directory"
        " that has some"
    )
    assert places.why(place, OSError(errno.ENOSPC, "No space left on device")).startswith(
        f"{place.home}: No space left"
    )
    other = PermissionError(errno.EACCES, "Permission denied", "/x")
    assert places.why(place, other) == str(other)


def test_a_lab_of_another_cache_keeps_its_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock lies in the cache, the socket does not: who deploys from another cache sees it."""
    place = places.of("dr")
    os.close(taken(place))
    assert not places.is_served(place)
    refused: list[str] = []
    monkeypatch.setattr(supervisor, "_refuse", lambda _owner, words: refused.append(words))
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(place.socket))
        theirs.listen()
        supervisor.run(place, {}, Mock(spec=Client))
        assert places.is_served(place)
    assert refused == ["lab dr is already running, deployed with another XDG_CACHE_HOME"]
    assert not place.lock.exists()
    assert not places.is_served(place)
