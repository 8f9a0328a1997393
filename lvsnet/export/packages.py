"""What machines install: the lists by which lvsnet's own nodes are made, for other builders."""

from __future__ import annotations

from collections.abc import Mapping

from lvsnet import resources
from lvsnet.image.recipe import IMAGE_OF, entries
from lvsnet.plan.model import Node

BASE = "base"
"""The list of what every machine has."""

OF_PROGRAMS = {"dnsmasq": "dnsmasq-base", "nginx": "nginx-light", "vsftpd": "vsftpd"}
"""Program -> its package, which starts it at its usual port, or leaves it idle, wherever it is."""

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
    """All that a machine has by its role, sorted, but no servers that it does not run."""
    run = {daemon.argv[0] for daemon in node.daemons}
    idle = {package for program, package in OF_PROGRAMS.items() if program not in run}
    return tuple(sorted({*packages[BASE], *packages[IMAGE_OF[node.role]]} - idle))
