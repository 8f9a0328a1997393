"""The cache: entries are whole or not there, and are built once."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lvsnet import cache
from lvsnet.errors import LvsnetError
from lvsnet.progress import silent


@pytest.fixture(autouse=True)
def in_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "lvsnet"


def write(text: str) -> Callable[[Path, Path], None]:
    def build(directory: Path, _final: Path) -> None:
        (directory / "file").write_text(text)

    return build


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/lvsnet"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/lvsnet"),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/lvsnet"),
        ({"HOME": "/h"}, "/h/.cache/lvsnet"),
    ],
)
def test_root_follows_xdg(environment: dict[str, str], expected: str) -> None:
    assert cache.root(environment) == Path(expected)


def test_without_a_home_the_way_out_is_named() -> None:
    with pytest.raises(LvsnetError, match="Set XDG_CACHE_HOME"):
        cache.root({})


def test_an_entry_is_built_once_and_knows_its_final_path(in_cache: Path) -> None:
    finals: list[Path] = []

    def build(directory: Path, final: Path) -> None:
        assert directory != final
        assert not final.exists()
        finals.append(final)

    first = cache.build_once("kind", "key", build, silent)
    assert first == cache.build_once("kind", "key", build, silent) == in_cache / "kind" / "key"
    assert finals == [first]


@pytest.mark.parametrize("failure", [LvsnetError("no"), KeyboardInterrupt(), ValueError("bug")])
def test_a_build_that_fails_leaves_nothing(in_cache: Path, failure: BaseException) -> None:
    def build(directory: Path, _final: Path) -> None:
        (directory / "half").write_text("")
        raise failure

    with pytest.raises(type(failure)):
        cache.build_once("kind", "key", build, silent)
    assert [path.name for path in (in_cache / "kind").iterdir()] == [".lock"]
    assert (cache.build_once("kind", "key", write("x"), silent) / "file").read_text() == "x"


def test_a_full_disk_is_told_with_a_way_out() -> None:
    def build(directory: Path, _final: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory / "file"))

    with pytest.raises(LvsnetError, match=r"No space left on device\. Make room"):
        cache.build_once("kind", "key", build, silent)


def test_a_cache_that_cannot_be_made_is_told(in_cache: Path) -> None:
    in_cache.write_text("a file where the directory should be")
    with pytest.raises(LvsnetError, match="Cannot write lvsnet's cache"):
        cache.build_once("kind", "key", write("x"), silent)


def builder_that_hangs(in_cache: Path) -> int:
    """Process id of a builder that has begun and will not end by itself."""
    begun, tell = os.pipe()
    pid = os.fork()
    if pid == 0:

        def build(directory: Path, _final: Path) -> None:
            (directory / "half").write_text("")
            os.write(tell, b"!")
            signal.pause()

        cache.build_once("kind", "key", build, silent)
        os._exit(1)
    os.close(tell)
    assert os.read(begun, 1) == b"!"
    os.close(begun)
    assert (in_cache / "kind" / f".building-key-{pid}" / "half").exists()
    return pid


def end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_what_a_killed_builder_left_is_removed_by_the_next(in_cache: Path) -> None:
    end(builder_that_hangs(in_cache))
    other = cache.build_once("kind", "other", write("x"), silent)
    assert sorted(path.name for path in other.parent.iterdir()) == [".lock", "other"]


def test_the_wait_for_another_builder_has_an_end_and_names_it(in_cache: Path) -> None:
    pid = builder_that_hangs(in_cache)
    said: list[str] = []
    try:
        with pytest.raises(LvsnetError, match=f"Process {pid} has been building"):
            cache.build_once("kind", "key", write("x"), said.append, wait_s=0.1)
    finally:
        end(pid)
    assert said == [f"waiting for process {pid}, which is building kind"]


def test_the_second_builder_takes_what_the_first_built() -> None:
    begun, go_on = threading.Event(), threading.Event()
    built: list[str] = []

    def slow(_directory: Path, _final: Path) -> None:
        built.append("slow")
        begun.set()
        assert go_on.wait(10)

    first = threading.Thread(target=cache.build_once, args=("kind", "key", slow, silent))
    first.start()
    assert begun.wait(10)
    # The first goes on only when the second says that it waits.
    cache.build_once("kind", "key", write("second"), lambda _line: go_on.set())
    first.join(10)
    assert built == ["slow"]
    assert not (cache.entry("kind", "key") / "file").exists()


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cache, "SYSTEM", tmp_path / "system")
    return tmp_path / "system"


def test_the_systems_cache_is_looked_in_after_the_users(system: Path, in_cache: Path) -> None:
    assert cache.find("kind", "key") is None
    shared = cache.ensure("kind", "key", write("x"), silent, system)
    assert shared == system / "kind/key" == cache.find("kind", "key")
    assert cache.ensure("kind", "key", write("not built"), silent) == shared
    own = cache.build_once("kind", "key", write("own"), silent)
    assert own == in_cache / "kind/key" == cache.find("kind", "key")


def test_what_the_user_has_is_copied_for_all(system: Path, in_cache: Path) -> None:
    cache.build_once("kind", "key", write("own"), silent)
    shared = cache.ensure("kind", "key", write("not built"), silent, system)
    assert (shared / "file").read_text() == "own"
    assert (in_cache / "kind/key/file").exists()


def test_what_is_for_all_can_be_read_by_all(system: Path) -> None:
    def build(directory: Path, _final: Path) -> None:
        (directory / "below").mkdir(mode=0o700)
        for name, mode in (("program", 0o700), ("below/data", 0o600)):
            (directory / name).write_text("")
            (directory / name).chmod(mode)

    before = os.umask(0o077)
    try:
        shared = cache.ensure("kind", "key", build, silent, system)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in [shared, *shared.rglob("*")]}
    assert modes == {"key": 0o755, "below": 0o755, "program": 0o755, "data": 0o644}
