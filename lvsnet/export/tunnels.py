"""Commands that make a real server's end of a tunnel, as `lvsnet.engine.devices` does."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.export import shell
from lvsnet.plan.methods.tun import MODULES
from lvsnet.plan.model import Node, Unwrapping


def devices(node: Node) -> Iterator[str]:
    """The kernel may have them from the start (net.core.fb_tunnels_only_for_init_net)."""
    for one in node.devices:
        make = f"ip link show {one.name} >/dev/null 2>&1 || ip link add {one.name} type {one.kind}"
        yield f"sh -c '{make}'"


def up(node: Node) -> Iterator[str]:
    for device in node.devices:
        yield f"ip link set {device.name} up"
    for one in node.unwrapping:
        yield f"ip{_family(one)} fou add port {one.port} {one.encapsulation}"


def load(node: Node) -> str:
    """A command that has the kernel have what these need, on a machine of its own."""
    names = dict.fromkeys(MODULES[device.kind] for device in node.devices)
    return shell.load_modules([*names, *(("fou",) if node.unwrapping else ())])


def unwraps(one: Unwrapping) -> str:
    """A test of a shell: whether packets to that port are unwrapped."""
    return f"ip{_family(one)} fou show | grep -q -w 'port {one.port} {one.encapsulation}'"


def _family(one: Unwrapping) -> str:
    return " -6" if one.version == 6 else ""
