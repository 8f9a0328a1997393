"""A guest kernel, wherever it is from."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from lvsnet.errors import LvsnetError

TESTED = "7.2"
"""The series of Linux that lvsnet is tested with."""

Source = Literal["wheel", "built", "debian"]
"""The wheel lvsnet-kernel, a build of ``lvsnet kernel build``, Debian's prebuilt package."""
SOURCES: tuple[Source, ...] = get_args(Source)
"""In the order in which they are looked for."""


@dataclass(frozen=True)
class Kernel:
    binary: Path
    """An ordinary program that is to be started in the directory above its own."""
    busybox: Path
    """Statically linked, for the first steps in the guest."""
    modules: Path
    """Holds modules.dep and modules.builtin, and the modules there are, not compressed."""
    version: str
    """``7.2.7``, as uname says it."""
    package: str
    """Debian's package and its version: ``user-mode-linux 7.2um1``."""
    command_line: tuple[str, ...]
    """Parameters that this kernel is to be given besides those that every guest gets."""
    note: str
    """Empty, or a sentence for the user: this is not the version that lvsnet is tested with."""
    virtual_time: bool
    """Whether its clock can be held."""
    source: Source


def note(version: str) -> str:
    """What a user is to know of a kernel of that version; empty for the tested series."""
    if version.startswith(f"{TESTED}."):
        return ""
    return f"The guest kernel is Linux {version}; lvsnet is tested with {TESTED}."


def needs_x86_64() -> None:
    """Raises LvsnetError when there is no guest kernel for this machine's processor."""
    if platform.machine() != "x86_64":
        raise LvsnetError(
            f"There is no guest kernel for {platform.machine()}: User-Mode Linux runs on x86_64 "
            "only. On this machine labs need a host kernel with IPVS."
        )
