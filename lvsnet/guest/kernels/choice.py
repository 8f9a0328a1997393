"""Which guest kernel a lab gets: the wheel's, else the built one, else Debian's; or as was said.

``lvsnet kernel use NAME`` says it for this user, `VARIABLE` for one command.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lvsnet import cache
from lvsnet.errors import LvsnetError
from lvsnet.guest.kernels import built, wheel
from lvsnet.guest.kernels.model import SOURCES, Kernel, Source

if TYPE_CHECKING:
    from lvsnet.progress import Report

VARIABLE = "LVSNET_GUEST_KERNEL"
AUTO = "auto"
FILE = "guest-kernel"
"""Of the user's cache: one word, when it is not `AUTO`."""


def find() -> Kernel | None:
    """The kernel that labs get; None when it is Debian's and that is to be fetched first.

    Raises:
        LvsnetError: the one that was chosen is not there, or it is damaged.
    """
    source, why = chosen()
    if source is None:
        return wheel.find() or built.find() or _with_remark(_debian())
    found = of(source)
    if found is None and source != "debian":
        raise LvsnetError(f"{_LACKING[source]}, but {why} asks for it. {_WAY_OUT[source]}")
    return found


def ensure(report: Report, place: Path | None = None) -> Kernel:
    """The kernel that labs get, Debian's fetched first when it is missing: about 15 s.

    With ``place``, a cache such as `cache.SYSTEM`, it is to be there, unless it is the wheel's.

    Raises:
        LvsnetError: there is none for this CPU, it cannot be fetched, or as `find`.
    """
    found = find()
    if found is not None and (place is None or found.source == "wheel"):
        return found
    if found is not None and found.source == "built":
        from lvsnet.guest.kernels import building

        return building.ensure(report, place)
    from lvsnet.guest.kernels import debian

    return debian.ensure(report, place)


def of(source: Source) -> Kernel | None:
    """The kernel from there, when it is there. Raises LvsnetError when it is damaged."""
    if source == "wheel":
        return wheel.find()
    return built.find() if source == "built" else _debian()


def chosen() -> tuple[Source | None, str]:
    """What was said to use, None for the first that is there, and by what it was said.

    Raises:
        LvsnetError: by a word that means nothing.
    """
    said, why = os.environ.get(VARIABLE, ""), VARIABLE
    if not said:
        said, why = _used(), "`lvsnet kernel use`"
    return source(said or AUTO, why), why


def source(name: str, by: str) -> Source | None:
    """What a name means, which ``by`` said; None for `AUTO`. Raises LvsnetError: nothing."""
    if name == AUTO:
        return None
    for one in SOURCES:
        if one == name:
            return one
    raise LvsnetError(
        f"{by} names the guest kernel {name!r}, which is none of {', '.join((AUTO, *SOURCES))}."
    )


def use(name: Source | None) -> None:
    """Have every lab of this user's that starts from now on get that kernel; None: the first.

    Raises:
        LvsnetError: it is not there, or the cache cannot be written to.
    """
    if name is not None and name != "debian" and of(name) is None:
        raise LvsnetError(f"{_LACKING[name]}. {_WAY_OUT[name]}")
    file = cache.root() / FILE
    try:
        if name is None:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f".{FILE}-{os.getpid()}")
        new.write_text(f"{name}\n")
        new.replace(file)
    except OSError as error:
        raise LvsnetError(f"Cannot write {file}: {error.strerror}.") from error


def forget(name: Source) -> bool:
    """Take back that labs are to get that kernel if it is not there; whether there was need to."""
    if _used() != name or of(name) is not None:
        return False
    use(None)
    return True


def _used() -> str:
    try:
        return (cache.root() / FILE).read_text().strip()
    except FileNotFoundError:
        return ""


def _debian() -> Kernel | None:
    from lvsnet.guest.kernels import debian

    return debian.find()


def _with_remark(kernel: Kernel | None) -> Kernel | None:
    if kernel is None or not built.outdated():
        return kernel
    remark = (
        "The guest kernel that was built is of another version of lvsnet: `lvsnet kernel build` "
        "builds it anew, `lvsnet kernel rm` removes it."
    )
    return replace(kernel, note=" ".join(filter(None, (kernel.note, remark))))


_LACKING: dict[Source, str] = {
    "wheel": "The wheel lvsnet-kernel is not installed beside lvsnet",
    "built": "No guest kernel has been built for this version of lvsnet",
}
_WAY_OUT: dict[Source, str] = {
    "wheel": "Install it with pip, or take what there is: lvsnet kernel use auto",
    "built": "Run: lvsnet kernel build; or take what there is: lvsnet kernel use auto",
}
