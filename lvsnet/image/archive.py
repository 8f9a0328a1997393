"""The node file system as a stream of tar, for an engine to make an image of."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lvsnet import apt
from lvsnet.errors import LvsnetError
from lvsnet.image import nodefs, tree
from lvsnet.image.recipe import recipe
from lvsnet.progress import Report

TITLE = nodefs.TITLE
BLOCK = 1 << 20
END_S = 10.0


@contextmanager
def blocks(report: Report) -> Iterator[Iterator[bytes]]:
    """The archive, in pieces, with owners, modes and capabilities.

    For root it is read from the unpacked tree; for others it is built anew, since without root
    there is no tree with owners: most of a minute. Raises LvsnetError when it cannot be made;
    taking the pieces does so, too.
    """
    if os.geteuid() == 0:
        with _of_tree(tree.ensure(report)) as pieces:
            yield pieces
    else:
        with tempfile.TemporaryDirectory(prefix="lvsnet-") as directory:
            packed = Path(directory) / "node.tar"
            nodefs.write_tar(recipe(), packed, report)
            yield _of_file(packed)


@contextmanager
def _of_tree(root: Path) -> Iterator[Iterator[bytes]]:
    # PAX, which is what has a place for file capabilities.
    argv = ["tar", "--directory", str(root), "--format=posix", "--numeric-owner", "--xattrs",
            "--xattrs-include=security.capability", "--create", "."]  # fmt: skip
    reading, writing = os.pipe()
    with open(reading, "rb") as archive, tempfile.TemporaryFile() as complaints:
        with open(writing, "wb") as output:
            process = subprocess.Popen(
                argv, env={"PATH": apt.PATH, "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
                stdout=output, stderr=complaints,
            )  # fmt: skip
        try:
            yield _of_process(process, archive, complaints)
        finally:
            process.kill()
            process.wait()


def _of_process(
    process: subprocess.Popen[bytes], archive: IO[bytes], complaints: IO[bytes]
) -> Iterator[bytes]:
    while block := archive.read(BLOCK):
        yield block
    if process.wait(END_S):
        complaints.seek(0)
        said = complaints.read().decode(errors="replace").strip()
        raise LvsnetError(f"tar could not read the {TITLE}:\n{said}")


def _of_file(packed: Path) -> Iterator[bytes]:
    with packed.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
