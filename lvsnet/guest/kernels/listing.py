"""Which guest kernels are there, for whoever wants to see all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lvsnet.errors import LvsnetError
from lvsnet.guest.kernels import built, choice, packed, wheel
from lvsnet.guest.kernels.model import Kernel, Source

State = Literal["ready", "outdated", "damaged"]


@dataclass(frozen=True)
class Listed:
    """A kernel, or what is left of one."""

    name: Source
    version: str
    """Empty, as all other texts, when the kernel does not say."""
    package: str
    directory: Path
    virtual_time: bool
    state: State
    """``outdated`` is one that another version of lvsnet built."""
    in_use: bool
    """Whether the next lab gets it."""
    problem: str
    """Why it is damaged, and what to do."""


def listed() -> list[Listed]:
    """Every kernel on this machine that this user's lvsnet knows of, in the order of the search.

    Raises:
        LvsnetError: what was chosen means nothing.
    """
    used = _used()
    found = []
    if (directory := wheel.location()) is not None:
        found.append(_packed(directory, "wheel", wheel.AGAIN, used))
    current = built.key()
    for directory in built.entries():
        one = _packed(directory, "built", built.AGAIN, used)
        if directory.name != current and one.state == "ready":
            one = replace(one, state="outdated")
        found.append(one)
    if (debian := _debian(used)) is not None:
        found.append(debian)
    return found


def _used() -> Path | None:
    """The binary that the next lab gets; None when there is none, or it is damaged."""
    choice.chosen()
    try:
        kernel = choice.find()
    except LvsnetError:
        return None
    return kernel.binary if kernel is not None else None


def _packed(directory: Path, source: Source, again: str, used: Path | None) -> Listed:
    try:
        kernel = packed.read(directory, source, again)
    except LvsnetError as error:
        return Listed(source, "", "", directory, True, "damaged", False, str(error))
    return _of(kernel, directory, used)


def _of(kernel: Kernel, directory: Path, used: Path | None) -> Listed:
    in_use = kernel.binary == used
    return Listed(
        kernel.source, kernel.version, kernel.package, directory, kernel.virtual_time, "ready",
        in_use, "",
    )  # fmt: skip


def _debian(used: Path | None) -> Listed | None:
    try:
        kernel = choice.of("debian")
    except LvsnetError as error:
        return Listed("debian", "", "", Path(), False, "damaged", False, str(error))
    return _of(kernel, kernel.binary.parents[1], used) if kernel is not None else None
