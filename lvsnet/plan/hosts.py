"""/etc/hosts and /etc/hostname: every node can be called by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lvsnet.plan.model import File

if TYPE_CHECKING:
    from lvsnet.lab.model import Lab

_LOCAL = """\
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
"""


def name_files(lab: Lab, node: str) -> tuple[File, ...]:
    """The files by which ``node`` knows its own name and those of the others."""
    lines = (
        f"{address}\t{other}\n" for other in lab.nodes for address in _addresses(lab, node, other)
    )
    return (
        File("/etc/hostname", f"{node}\n"),
        File("/etc/hosts", _LOCAL + "\n" + "".join(lines)),
    )


def _addresses(lab: Lab, node: str, other: str) -> list[str]:
    # A resolver takes the first line of a name: that has to be one in a segment of ours, if
    # there is one.
    ours = lab.nodes[node].interfaces
    theirs = lab.nodes[other].interfaces
    near_first = sorted(theirs, key=lambda segment: segment not in ours)
    return [str(address) for segment in near_first for address in theirs[segment]]
