"""A lab's share keeps nothing of a copy, whenever it is ended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lvsnet.guest import share


def test_a_signal_in_the_moment_of_making_a_file_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "share"
    directory.mkdir()
    opened = os.open

    def interrupted(
        path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
    ) -> int:
        fd = opened(path, flags, mode, dir_fd=dir_fd)
        if flags & os.O_CREAT:
            os.close(fd)
            assert len(list(directory.iterdir())) == 1
            raise SystemExit(143)
        return fd

    monkeypatch.setattr(os, "open", interrupted)
    with pytest.raises(SystemExit), share._new_file(tmp_path):
        pass
    monkeypatch.undo()
    assert list(directory.iterdir()) == []
