"""Netlink messages: what we write is what pyroute2 writes, and what we read is what was written."""

from __future__ import annotations

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from lvsnet.engine import links, netlink

HEADER = netlink.HEADER.size
contents = st.dictionaries(st.integers(0, 0x3FFF), st.binary(max_size=40), max_size=8)


@given(contents)
def test_attributes_are_read_as_they_are_written(given: dict[int, bytes]) -> None:
    written = b"".join(netlink.attribute(kind, content) for kind, content in given.items())
    assert len(written) % 4 == 0
    assert netlink.attributes(written) == given
    around = netlink.attributes(netlink.nested(7, [written]))
    assert netlink.attributes(around[7]) == given


@given(st.binary(max_size=64))
def test_no_bytes_are_too_strange_to_read(content: bytes) -> None:
    netlink.attributes(content)


@pytest.mark.parametrize("address", ["192.168.10.11/24", "192.168.10.100/32", "2001:db8::1/64"])
def test_an_address_is_as_pyroute2_writes_it(address: str) -> None:
    ip, _, length = address.partition("/")
    message = ifaddrmsg()
    message["family"] = 10 if ":" in ip else 2
    message["index"], message["prefixlen"] = 5, int(length)
    message["flags"] = links.NO_DAD if ":" in ip else 0
    message["attrs"] = [("IFA_LOCAL", ip), ("IFA_ADDRESS", ip)]
    if address == "192.168.10.11/24":
        message["attrs"].append(("IFA_BROADCAST", "192.168.10.255"))
    message.encode()
    assert links._address(5, address) == bytes(message.data[HEADER:])


@pytest.mark.parametrize(
    ("destination", "via"), [("10.0.0.0/8", "192.168.10.1"), ("default", "2001:db8::1")]
)
def test_a_route_is_as_pyroute2_writes_it(destination: str, via: str) -> None:
    message = rtmsg()
    message["family"] = 10 if ":" in via else 2
    message["table"], message["proto"], message["scope"], message["type"] = 254, 3, 0, 1
    message["attrs"] = [("RTA_GATEWAY", via)]
    if destination != "default":
        ip, _, length = destination.partition("/")
        message["dst_len"] = int(length)
        message["attrs"].append(("RTA_DST", ip))
    message.encode()
    assert links._route(destination, via) == bytes(message.data[HEADER:])


def test_an_error_has_the_kernels_own_words() -> None:
    words = netlink.text(netlink.WORDS, "Nexthop has invalid gateway")
    header = netlink.HEADER.pack(28, 24, 0, 1, 0)
    answer = struct.pack("=i", -errno.ENETUNREACH) + header + words
    with pytest.raises(OSError, match="Nexthop has invalid gateway") as caught:
        netlink._check(answer, netlink.WITH_WORDS)
    assert caught.value.errno == errno.ENETUNREACH
    netlink._check(struct.pack("=i", 0) + header, 0)
