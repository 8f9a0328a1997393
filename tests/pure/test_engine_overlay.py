"""What an overlay's upper layer says that was changed above an image."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from lvsnet.engine.runtime import Change
from lvsnet.engine.runtimes import overlay


@pytest.fixture
def layers(tmp_path: Path) -> tuple[Path, Path]:
    """Upper layer and image, which has /etc/a, /etc/link and /srv/d/x, /srv/d/y."""
    upper, image = tmp_path / "upper", tmp_path / "image"
    for directory in (upper / "etc", image / "etc", image / "srv/d"):
        directory.mkdir(parents=True)
    for path in ("etc/a", "srv/d/x", "srv/d/y"):
        (image / path).write_text("image")
    (image / "etc/link").symlink_to("a")
    return upper, image


def whiteout(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))
    except PermissionError:
        pytest.skip("this machine lets nobody make a whiteout")


def test_what_is_added_below_a_new_directory(layers: tuple[Path, Path]) -> None:
    upper, image = layers
    (upper / "new").mkdir()
    (upper / "new/file").write_text("x")
    (upper / "new/link").symlink_to("/nowhere")
    os.mkfifo(upper / "new/pipe")
    assert overlay.changes(*layers) == [
        Change("/new", "added", "directory"),
        Change("/new/file", "added", "file"),
        Change("/new/link", "added", "link"),
        Change("/new/pipe", "added", "other"),
    ]
    assert overlay.changes(upper / "nothing", image) == []


def test_a_file_as_the_image_has_it_is_no_change(layers: tuple[Path, Path]) -> None:
    upper, _ = layers
    (upper / "etc/a").write_text("image")
    (upper / "etc/link").symlink_to("a")
    assert overlay.changes(*layers) == []
    (upper / "etc/a").chmod(0o600)
    (upper / "etc/link").unlink()
    (upper / "etc/link").symlink_to("b")
    assert overlay.changes(*layers) == [
        Change("/etc/a", "changed", "file"),
        Change("/etc/link", "changed", "link"),
    ]


def test_a_file_with_other_contents_and_one_of_another_kind(layers: tuple[Path, Path]) -> None:
    upper, _ = layers
    (upper / "etc/a").write_text("other")
    (upper / "etc/link").mkdir()
    (upper / "etc/link/in").write_text("")
    assert overlay.changes(*layers) == [
        Change("/etc/a", "changed", "file"),
        Change("/etc/link", "changed", "directory"),
        Change("/etc/link/in", "added", "file"),
    ]


def test_what_is_removed(layers: tuple[Path, Path]) -> None:
    upper, _ = layers
    whiteout(upper / "etc/a")
    whiteout(upper / "srv")
    whiteout(upper / "etc/was-never-there")
    assert overlay.changes(*layers) == [
        Change("/etc/a", "removed", ""),
        Change("/srv", "removed", ""),
    ]


def test_a_directory_that_was_made_anew_hides_the_images(
    layers: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    upper, image = layers
    (upper / "srv/d").mkdir(parents=True)
    (upper / "srv/d/x").write_text("other")
    (image / "srv/e").write_text("")

    def getxattr(path: Path, name: str, *, follow_symlinks: bool) -> bytes:
        assert (name, follow_symlinks) == (overlay.OPAQUE, False)
        if path != upper / "srv":
            raise OSError(errno.ENODATA, os.strerror(errno.ENODATA))
        return b"y"

    monkeypatch.setattr(os, "getxattr", getxattr)
    assert overlay.changes(*layers) == [
        Change("/srv/d/x", "changed", "file"),
        Change("/srv/d/y", "removed", ""),
        Change("/srv/e", "removed", ""),
    ]
