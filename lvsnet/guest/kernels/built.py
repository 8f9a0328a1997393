"""The guest kernel that ``lvsnet kernel build`` made, as it lies in the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
from functools import cache as memoised
from pathlib import Path

from lvsnet import cache, resources
from lvsnet.errors import LvsnetError
from lvsnet.guest.kernels import packed
from lvsnet.guest.kernels.model import TESTED, Kernel

KIND = "kernel-built"
"""Not Debian's: nobody is to wait for minutes while another one builds."""
AGAIN = "`lvsnet kernel rm` removes it, `lvsnet kernel build` builds it again."


def find() -> Kernel | None:
    """The kernel that was built of this lvsnet's configuration and patches.

    Raises:
        LvsnetError: it is damaged.
    """
    directory = cache.find(KIND, key())
    return packed.read(directory, "built", AGAIN) if directory is not None else None


def is_there(place: Path | None) -> bool:
    """Whether it need not be built for that cache; None is this user's."""
    if place is None:
        return cache.find(KIND, key()) is not None
    return (place / KIND / key()).is_dir()


@memoised
def key() -> str:
    """The key of this lvsnet's entry."""
    return key_of(resources.directory("kernel"))


def key_of(recipe: Path) -> str:
    """Of all that decides what is built, but the release of the source within its series."""
    digest = hashlib.sha256(f"{packed.FORMAT} {TESTED}".encode())
    for file in files(recipe):
        content = file.read_bytes()
        digest.update(f"\0{file.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def files(recipe: Path) -> list[Path]:
    """Configuration and patches, these in the order in which they are applied."""
    return [recipe / "config", *sorted((recipe / "patches").glob("*.patch"))]


def entries() -> list[Path]:
    """The directories of all kernels that were built, whichever lvsnet they are of."""
    return [entry for root in (cache.root(), cache.SYSTEM) for entry in _in(root / KIND)]


def outdated() -> list[Path]:
    """Those that other versions of lvsnet built, and this one does not use."""
    return [entry for entry in entries() if entry.name != key()]


def may_remove(directory: Path) -> bool:
    """Whether this user may remove that one of `entries`; those of the system are root's."""
    return os.access(directory.parent, os.W_OK | os.X_OK)


def remove(directory: Path) -> None:
    """Remove one of `entries`; labs that run have links to what they use.

    Raises:
        LvsnetError: this user may not.
    """
    # Out of sight at once: an entry that is there is whole.
    unfinished = directory.with_name(f"{cache.UNFINISHED}{directory.name}-removed")
    try:
        directory.rename(unfinished)
        shutil.rmtree(unfinished)
    except OSError as error:
        raise LvsnetError(
            f"Cannot remove the guest kernel in {directory}: {error.strerror}."
        ) from error


def _in(kind: Path) -> list[Path]:
    if not kind.is_dir():
        return []
    return sorted(path for path in kind.iterdir() if not path.name.startswith("."))
