"""Families of generic netlink, each of which the kernel gives a number (genetlink.h)."""

from __future__ import annotations

import struct

from lvsnet.engine.netlink import Netlink, attributes, integer, text

NETLINK_GENERIC = 16
HEADER = struct.Struct("=BBxx")
"""struct genlmsghdr: command, version."""
CONTROL, GET_FAMILY, FAMILY_ID, FAMILY_NAME = 16, 3, 1, 2
"""GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME"""


def family(netlink: Netlink, name: str) -> int:
    """The number of a family.

    Raises:
        OSError: ENOENT where the kernel has none of that name.
    """
    (answer,) = netlink.ask(CONTROL, HEADER.pack(GET_FAMILY, 1) + text(FAMILY_NAME, name))
    return integer(attributes(answer[HEADER.size :])[FAMILY_ID])
