"""The node file system as a directory."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from lvsnet import cache
from lvsnet.errors import LvsnetError
from lvsnet.image import archive, nodefs, tree
from lvsnet.progress import on_stderr, silent

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of others")


@AS_ROOT
def test_it_has_the_owners_and_modes_of_a_debian_machine() -> None:
    root = tree.ensure(on_stderr)
    assert tree.find() == root == tree.ensure(silent)
    shadow, top = (root / "etc/shadow").stat(), root.stat()
    assert (stat.S_IMODE(shadow.st_mode), shadow.st_uid, shadow.st_gid) == (0o640, 0, 42)
    assert (stat.S_IMODE(top.st_mode), top.st_uid, top.st_gid) == (0o755, 0, 0)
    assert (root / "usr/bin/su").stat().st_mode & stat.S_ISUID
    assert os.getxattr(root / "usr/bin/arping", "security.capability")


@AS_ROOT
@pytest.mark.parametrize(
    "argv", [["/tini-static", "--version"], ["/busybox", "sh", "-c", "exit 0"]]
)
def test_it_has_the_programs_that_run_in_any_image(tmp_path: Path, argv: list[str]) -> None:
    """They run where there is nothing else."""
    shutil.copy(tree.ensure(on_stderr) / "usr/bin" / argv[0][1:], tmp_path)
    subprocess.run(["chroot", str(tmp_path), *argv], check=True, timeout=10)


@AS_ROOT
def test_the_archive_has_capabilities() -> None:
    with archive.blocks(on_stderr) as blocks:
        packed = b"".join(blocks)
    assert b"SCHILY.xattr.security.capability=" in packed


@AS_ROOT
def test_a_tree_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "ensure", lambda _report: tmp_path / "none")
    with archive.blocks(silent) as blocks, pytest.raises(LvsnetError, match="tar could not read"):
        list(blocks)


def test_others_than_root_are_told_what_needs_no_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LvsnetError, match="--kernel guest"):
        tree.ensure(silent)


@AS_ROOT
def test_a_broken_image_leaves_no_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "node.squashfs"
    broken.write_bytes(b"nothing")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(nodefs, "ensure", lambda _report: nodefs.Image(broken, "broken"))
    with pytest.raises(LvsnetError, match="unsquashfs could not unpack"):
        tree.ensure(silent)
    assert not list(cache.entry(tree.KIND, "broken").parent.glob("*broken*"))
