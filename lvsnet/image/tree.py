"""The node file system as a directory: what containers on the host's kernel lie on top of."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from lvsnet import apt, cache
from lvsnet.errors import LvsnetError
from lvsnet.image import nodefs
from lvsnet.image.recipe import recipe
from lvsnet.progress import Report

KIND = "tree"
ROOT = "root"
"""The tree within its entry of the cache, so that its top directory has its own mode."""
UNPACK_S = 300.0


def find() -> Path | None:
    """The tree for this lvsnet's recipe, when it has been unpacked."""
    root = cache.entry(KIND, recipe().key) / ROOT
    return root if root.is_dir() else None


def ensure(report: Report) -> Path:
    """The tree for this lvsnet's recipe, unpacked first when it is missing: about 2 s.

    The squashfs file that it is unpacked from is built when that is missing, too. Raises
    LvsnetError when either cannot be done, or the user is not root, who alone can make files of
    other owners.
    """
    found = find()
    if found is not None:
        return found
    if os.geteuid() != 0:
        raise LvsnetError(
            f"The {nodefs.TITLE} can be unpacked by root only, since its files have owners. Run "
            "this as root; the guest kernel (--kernel guest) needs no root."
        )
    image = nodefs.ensure(report)

    def unpack(directory: Path, _final: Path) -> None:
        report(f"{nodefs.TITLE}: unpacking")
        _unpack(image.path, directory / ROOT)

    return cache.build_once(KIND, image.key, unpack, report) / ROOT


def _unpack(image: Path, target: Path) -> None:
    if shutil.which("unsquashfs", path=apt.PATH) is None:
        raise LvsnetError(
            f"The {nodefs.TITLE} is unpacked with unsquashfs, which is not installed. "
            "Run: apt-get install squashfs-tools"
        )
    argv = ["unsquashfs", "-quiet", "-no-progress", "-dest", str(target), str(image)]
    try:
        subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=UNPACK_S,
            env={"PATH": apt.PATH, "LC_ALL": "C"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise LvsnetError(f"unsquashfs has not unpacked {image} in {UNPACK_S:.0f} s.") from error
    except subprocess.CalledProcessError as error:
        said = bytes(error.stderr).decode(errors="replace").strip()
        raise LvsnetError(f"unsquashfs could not unpack the {nodefs.TITLE}:\n{said}") from error
