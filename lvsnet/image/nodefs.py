"""The node file system: one squashfs file that every node of every lab on this machine shares."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lvsnet import apt, cache, debian
from lvsnet.errors import LvsnetError
from lvsnet.image.recipe import Recipe, recipe
from lvsnet.progress import Report

KIND = "image"
TITLE = "node file system"
FILE = "node.squashfs"
PACK_S = 300.0


@dataclass(frozen=True)
class Image:
    path: Path
    """The squashfs file."""
    key: str
    """Of the recipe: two images with one key are interchangeable."""


def find() -> Image | None:
    """The image for this lvsnet's recipe, when it has been built."""
    key = recipe().key
    directory = cache.find(KIND, key)
    return Image(directory / FILE, key) if directory is not None else None


def ensure(report: Report, place: Path | None = None) -> Image:
    """The image for this lvsnet's recipe, built first when it is missing: about a minute.

    With ``place``, a cache such as `cache.SYSTEM`, it is to be there.

    Raises LvsnetError when it cannot be built here.
    """
    wanted = recipe()

    def build(directory: Path, _final: Path) -> None:
        _build(wanted, directory, report)

    return Image(cache.ensure(KIND, wanted.key, build, report, place) / FILE, wanted.key)


def _build(wanted: Recipe, directory: Path, report: Report) -> None:
    if shutil.which("sqfstar", path=apt.PATH) is None:
        raise LvsnetError(
            f"The {TITLE} is packed with sqfstar (squashfs-tools 4.5 or later), which is not "
            "installed. Run: lvsnet doctor"
        )
    packed = directory / "node.tar"
    write_tar(wanted, packed, report)
    _pack(packed, directory / FILE)
    packed.unlink()
    # The guest of a lab of root's reads it as another user.
    (directory / FILE).chmod(0o644)


def write_tar(wanted: Recipe, target: Path, report: Report) -> None:
    """Build the file system anew and write it to ``target`` as a tar file: most of a minute.

    Raises LvsnetError when it cannot be built here.
    """
    tree = debian.Tree(
        title=TITLE,
        log="image",
        suite=wanted.suite,
        variant="minbase",
        packages=wanted.packages,
        excludes=wanted.excludes,
        hooks=wanted.hooks,
    )
    debian.write_tar(tree, target, report)


def _pack(tar: Path, target: Path) -> None:
    # lz4 without -Xhc: a fifth larger, as quick to read, and packed in 1 s instead of 19 s.
    packing = ["-comp", "lz4", "-quiet", "-no-progress"]
    # It does not take the top directory from the archive: mode 777, and its user's, without these.
    top = ["-root-mode", "755", "-root-uid", "0", "-root-gid", "0"]
    argv = ["sqfstar", *packing, *top, str(target)]
    try:
        with tar.open("rb") as content:
            subprocess.run(
                argv, stdin=content, capture_output=True, check=True, timeout=PACK_S,
                env={"PATH": apt.PATH, "LC_ALL": "C"},
            )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise LvsnetError(f"sqfstar has not packed {tar} within {PACK_S:.0f} s.") from error
    except subprocess.CalledProcessError as error:
        said = bytes(error.stderr).decode(errors="replace").strip()
        raise LvsnetError(f"sqfstar could not pack the {TITLE}:\n{said}") from error
