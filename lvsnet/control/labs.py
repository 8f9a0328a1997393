"""Which labs run on this machine, and in which place each of them is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.control.place import Place


def _guest() -> Place:
    from lvsnet.guest import labs

    return labs


def _host() -> Place:
    from lvsnet.host import labs

    return labs


def _docker() -> Place:
    from lvsnet.docker import labs

    return labs


PLACES: Mapping[str, Callable[[], Place]] = {"guest": _guest, "host": _host, "docker": _docker}
"""Each imported when it is asked, the ones that answer quickest first."""


def running(*without: str) -> Iterator[tuple[str, Place]]:
    """Every lab that runs, and its place; the places of these names are not asked."""
    for name, load in PLACES.items():
        if name not in without:
            place = load()
            for lab in place.running():
                yield lab, place


def ended(lab: str = "") -> list[str]:
    """Why labs, or one of them, ended by themselves, if nobody has been told; each time once."""
    from lvsnet.guest import places

    return places.heard(lab)


def place_of(lab: str) -> Place:
    """Where a lab runs.

    Raises:
        LvsnetError: it does not run; the message names those that do.
    """
    others = []
    for name, place in running():
        if name == lab:
            return place
        others.append(name)
    hint = (
        f"there is {', '.join(others)}" if others else "none does; `lvsnet deploy LAB` starts one"
    )
    raise LvsnetError("\n".join([f"lab {lab} does not run; {hint}", *ended(lab)]))


def the_lab(name: str) -> tuple[str, Place]:
    """The lab that a command is about: the named one, or with ``""`` the only one that runs.

    Raises:
        LvsnetError: it does not run; or none does, or several do and none is named.
    """
    if name:
        return name, place_of(name)
    found = list(running())
    if len(found) == 1:
        return found[0]
    if not found:
        raise LvsnetError("\n".join(["no lab runs; `lvsnet deploy LAB` starts one", *ended()]))
    names = ", ".join(lab for lab, _ in found)
    raise LvsnetError(
        f"several labs run ({names}); say which with LAB or LAB/NODE, --lab or LVSNET_LAB"
    )
