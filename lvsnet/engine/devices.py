"""Interfaces that are wired to nothing, and the UDP ports whose packets leave a tunnel.

A network namespace may have the kernel's own tunnel devices from the start, tunl0 and gre0, which
take packets from anywhere; there is no second one that does. Where they lack, they are made.
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6

from lvsnet.engine.generic import HEADER, NETLINK_GENERIC, family
from lvsnet.engine.links import Links
from lvsnet.engine.netlink import Netlink, attribute
from lvsnet.plan.model import Device, Node, Unwrapping

ADD = 1
"""FOU_CMD_ADD (include/uapi/linux/fou.h)"""
PORT, FAMILY, TYPE = 1, 2, 4
"""FOU_ATTR_PORT, FOU_ATTR_AF, FOU_ATTR_TYPE"""
FAMILIES = {4: AF_INET, 6: AF_INET6}
ENCAPSULATIONS = {"gue": 2}
"""FOU_ENCAP_GUE"""


def make(links: Links, device: Device) -> None:
    """An interface, down; it may be there. Raises OSError with the kernel's reason."""
    if links.find(device.name) is None:
        links.add_device(device.name, device.kind)


def unwrap(node: Node) -> None:
    """Take packets at the node's UDP ports out of what they are wrapped in.

    Raises OSError with the kernel's reason: EADDRINUSE where somebody has the port.
    """
    if not node.unwrapping:
        return
    with Netlink(NETLINK_GENERIC) as netlink:
        number = family(netlink, "fou")
        for one in node.unwrapping:
            netlink.do(number, HEADER.pack(ADD, 1) + _port(one))


def _port(one: Unwrapping) -> bytes:
    kind = ENCAPSULATIONS[one.encapsulation]
    return (
        attribute(PORT, one.port.to_bytes(2, "big"))
        + attribute(FAMILY, bytes((FAMILIES[one.version],)))
        + attribute(TYPE, bytes((kind,)))
    )
