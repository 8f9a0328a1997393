"""The guest kernel of an installed wheel ``lvsnet-kernel``, which is nothing but its files."""

from __future__ import annotations

from importlib.machinery import PathFinder
from pathlib import Path

from lvsnet.guest.kernels import packed
from lvsnet.guest.kernels.model import Kernel

MODULE = "lvsnet_kernel"
AGAIN = "Install lvsnet-kernel again, or remove it: python -m pip uninstall lvsnet-kernel"


def find() -> Kernel | None:
    """The kernel of the wheel that is installed beside lvsnet; nothing of it is imported.

    Raises:
        LvsnetError: it is damaged, or made for another version of lvsnet.
    """
    directory = location()
    return packed.read(directory, "wheel", AGAIN) if directory is not None else None


def location() -> Path | None:
    """Where the wheel was installed."""
    spec = PathFinder.find_spec(MODULE)
    # Without an origin it is a mere directory of that name, somewhere on the path.
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent
