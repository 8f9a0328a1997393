"""What machines install: the lists by which lvsnet's own nodes are made, for other builders."""

from __future__ import annotations

from collections.abc import Mapping

from lvsnet import resources
from lvsnet.image.recipe import IMAGE_OF, entries
from lvsnet.plan.model import Node

BASE = "base"
"""The list of what every machine has."""

NGINX = "nginx-light"

Packages = Mapping[str, tuple[str, ...]]
"""Name of a list -> names of Debian's packages, as the list has them."""


def lists() -> Packages:
    """The lists that this lvsnet carries.

    Raises:
        LvsnetError: they are not there, as after a broken installation.
    """
    directory = resources.directory("images") / "packages"
    names = dict.fromkeys((BASE, *IMAGE_OF.values()))
    return {name: entries((directory / f"{name}.txt").read_text("utf-8")) for name in names}


def of_machine(node: Node, packages: Packages) -> tuple[str, ...]:
    """All that a machine has by its role, sorted."""
    names = {*packages[BASE], *packages[IMAGE_OF[node.role]]}
    if node.role == "director" and not any(daemon.name == "nginx" for daemon in node.daemons):
        # It would run there, at the port of a service.
        names.discard(NGINX)
    return tuple(sorted(names))
