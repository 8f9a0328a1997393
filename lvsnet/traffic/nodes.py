"""The nodes that take part in traffic: whether they can, and what addresses they know."""

from __future__ import annotations

from lvsnet.engine.runtime import Runtime, stands_still
from lvsnet.errors import LvsnetError

RESOLVE_S = 10.0
"""Seconds that a client has to find out an address."""


def inits(lab: str, nodes: tuple[str, ...], runtime: Runtime) -> dict[str, int]:
    """Node -> process id of its init, in this order.

    Raises:
        LvsnetError: one does not run, or is frozen.
    """
    running = runtime.inits(lab)
    for node in nodes:
        if node not in running:
            raise LvsnetError(f"{node} does not run; `lvsnet start {node}` starts it")
        if runtime.frozen(lab, node):
            raise stands_still(node)
    return {node: running[node] for node in nodes}


def address(lab: str, client: str, host: str, runtime: Runtime) -> str:
    """The address of ``host``, as its client knows it: by /etc/hosts or DNS, by getent(1).

    Raises:
        LvsnetError: it does not know it.
    """
    if ":" in host or host.replace(".", "").isdigit():
        return host
    code, said = runtime.run(lab, client, ("getent", "ahosts", host), RESOLVE_S)
    words = said.split()
    if code or not words:
        raise LvsnetError(f"{client} does not know {host}, neither by /etc/hosts nor by DNS")
    return words[0]
