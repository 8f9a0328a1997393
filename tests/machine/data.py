"""A Docker data root with lvsnet's images in it, made once: as a directory and as a disk.

Making it takes half a minute, and neither the engine of a test nor a test machine can wait for
that. The directory is copied for each engine, the disk is what a test machine boots with.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lvsnet import cache
from lvsnet.progress import Report
from machine import boot, engine

KIND = "test-engine"
FORMAT = 1
"""Raised when the way to an entry changes."""
SOURCES = ("images", "lvsnet/image", "lvsnet/docker/images.py", "lvsnet/debian.py")
BUILD_S = 900.0
DISK_S = 120.0
DISK_SIZE = "8G"
"""Of a sparse file; containers write to what is left of it."""
OLD_S = 24 * 3600.0
LVSNET = Path(sys.executable).with_name("lvsnet")


_in_machine: list[str] = []
"""The engine that runs on the test machine's disk."""


class DataError(Exception):
    """The data root could not be made."""


@dataclass(frozen=True)
class Prepared:
    directory: Path
    disk: Path


def ensure(report: Report) -> Prepared:
    """The data root, made first when it is missing.

    Raises:
        DataError, EngineError, LvsnetError: it cannot be made.
    """
    entry = cache.build_once(KIND, _key(), _build, report)
    return Prepared(entry / "data", entry / "disk.ext4")


@contextmanager
def engine_with_images(report: Report) -> Iterator[str]:
    """An engine that has lvsnet's images, for one user; gives what DOCKER_HOST is to be set to.

    In a test machine it works on the machine's disk, so there is one for all who ask while it runs.
    Raises as `ensure` and `engine.running`.
    """
    if _in_machine:
        yield _in_machine[0]
        return
    if os.path.ismount(boot.DISK):
        with engine.running(boot.DISK) as host:
            _in_machine.append(host)
            try:
                yield host
            finally:
                _in_machine.clear()
        return
    prepared = ensure(report)
    # On the file system of the original, so that what is read-only in both is linked.
    copy = Path(tempfile.mkdtemp(prefix="run-", dir=cache.root() / KIND))
    try:
        _copy(prepared.directory, copy)
        with engine.running(copy, copy) as host:
            yield host
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def _copy(data: Path, target: Path) -> None:
    """Link the layers, which no engine changes, and copy the databases, which it does."""
    for path in data.iterdir():
        links = ["-l"] if path.name == "overlay2" else []
        subprocess.run(["cp", "-a", *links, path, target], check=True, timeout=DISK_S)


def _key() -> str:
    digest = hashlib.sha256(f"{FORMAT} {DISK_SIZE}".encode())
    for source in SOURCES:
        path = boot.CHECKOUT / source
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(boot.CHECKOUT)} ".encode() + file.read_bytes())
    version = subprocess.run(["dockerd", "--version"], capture_output=True, check=True, timeout=10)
    digest.update(version.stdout)
    return digest.hexdigest()[:16]


def _forget_old(entries: Path) -> None:
    """Remove what earlier sources had made, and copies that a killed test left."""
    for path in entries.iterdir():
        if path.is_dir() and time.time() - path.stat().st_mtime > OLD_S:
            shutil.rmtree(path)


def _build(directory: Path, final: Path) -> None:
    _forget_old(final.parent)
    data, disk = directory / "data", directory / "disk.ext4"
    data.mkdir()
    with engine.running(data) as host:
        done = subprocess.run(
            [LVSNET, "image", "build"], env={**os.environ, "DOCKER_HOST": host},
            capture_output=True, text=True, timeout=BUILD_S, check=False,
        )  # fmt: skip
        if done.returncode:
            raise DataError(f"lvsnet image build failed:\n{done.stdout}{done.stderr}")
    # Without a journal: what is lost with the machine is not wanted anyway.
    made = subprocess.run(
        ["mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", "-d", data, disk, DISK_SIZE],
        capture_output=True, text=True, timeout=DISK_S, check=False,
    )  # fmt: skip
    if made.returncode:
        raise DataError(f"mkfs.ext4 failed: {made.stderr}")
