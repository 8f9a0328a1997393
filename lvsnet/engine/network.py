"""Segments and wires: bridges in the fabric's namespace, veth pairs to the nodes, addresses."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from ipaddress import ip_interface
from pathlib import Path

from lvsnet.engine import namespaces
from lvsnet.engine.netlink import IPRoute, NetlinkError
from lvsnet.plan.model import Interface, Node, Segment

LOOPBACK = 1
"""Index of lo in every network namespace (LOOPBACK_IFINDEX, include/net/flow.h)."""


@contextmanager
def opened(namespace: Path) -> Iterator[IPRoute]:
    """Netlink of a network namespace; this process is in it only while the socket is made."""
    with ExitStack() as stack:
        with namespaces.entered(namespace):
            netlink = stack.enter_context(IPRoute())
        yield netlink


def make_segments(fabric: Path, segments: Sequence[Segment]) -> None:
    """A bridge for each segment: no spanning tree, so a port forwards as soon as it is up."""
    with opened(fabric) as netlink:
        for segment in segments:
            netlink.link(
                "add",
                ifname=segment.bridge,
                kind="bridge",
                mtu=segment.mtu,
                br_stp_state=0,
                br_forward_delay=0,
                br_mcast_snooping=0,
                state="up",
            )


def bridges(fabric: IPRoute, segments: Sequence[Segment]) -> dict[str, int]:
    """Segment -> index of its bridge in the fabric."""
    return {segment.name: _index(fabric, segment.bridge) for segment in segments}


def wire(fabric: IPRoute, bridges: Mapping[str, int], node: Node, pid: int) -> None:
    """A veth pair for each interface of ``node``, whose init is ``pid``.

    The outer end is in its bridge, and up; the node's own end is down, so there is no carrier.
    """
    with namespaces.of_process(pid).open() as inside:
        for interface in node.interfaces:
            fabric.link(
                "add",
                ifname=interface.port,
                kind="veth",
                mtu=interface.mtu,
                master=bridges[interface.segment],
                state="up",
                peer={
                    "ifname": interface.name,
                    "address": interface.mac,
                    "mtu": interface.mtu,
                    "net_ns_fd": inside.fileno(),
                },
            )


def pull_out(fabric: Path, interfaces: Sequence[Interface]) -> None:
    """Take the outer ends down: the node loses its carrier, as when a cable is pulled."""
    with opened(fabric) as netlink:
        for interface in interfaces:
            for index in netlink.link_lookup(ifname=interface.port):
                netlink.link("set", index=index, state="down")


def unplug(fabric: Path, interfaces: Sequence[Interface]) -> None:
    """Remove the wires at once; the kernel takes its time to do so after a namespace's end."""
    with opened(fabric) as netlink:
        for interface in interfaces:
            for index in netlink.link_lookup(ifname=interface.port):
                try:
                    netlink.link("del", index=index)
                except NetlinkError as error:
                    # The end of the node's namespace may have taken it away meanwhile.
                    if error.code != errno.ENODEV:
                        raise


def configure(node: Node, pid: int) -> None:
    """Sysctls, addresses, links up and routes of a node, in this order.

    The sysctls come first: a real server must not answer ARP for a VIP between getting the
    address and ``arp_ignore``.

    Raises:
        OSError: a sysctl that the kernel does not have or whose value it refuses; an address or
            route that it refuses. Each is named.
    """
    with namespaces.entered(namespaces.of_process(pid)), IPRoute() as netlink:
        for key, value in node.sysctls:
            with _naming(f"sysctl {key} = {value}"):
                set_sysctl(key, value)
        for interface in node.interfaces:
            index = _index(netlink, interface.name)
            for address in interface.addresses:
                _add_address(netlink, index, address)
            netlink.link("set", index=index, state="up")
        netlink.link("set", index=LOOPBACK, state="up")
        for extra in node.addresses:
            _add_address(netlink, _index(netlink, extra.interface), extra.address)
        for route in node.routes:
            with _naming(f"route to {route.destination} via {route.via}"):
                netlink.route("add", dst=route.destination, gateway=route.via)


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Put what is being set before the kernel's reason."""
    try:
        yield
    except OSError as error:
        raise OSError(f"{what}: {error.strerror}") from error
    except NetlinkError as error:
        raise OSError(f"{what}: {os.strerror(error.code)}") from error


def set_sysctl(key: str, value: str) -> None:
    """Write a sysctl of the namespaces that this process is in; ``a.b`` and ``a/b`` are one key.

    As sysctl(8): where an interface's name has a dot, the key is written with slashes.
    """
    path = key if "/" in key else key.replace(".", "/")
    with (Path("/proc/sys") / path).open("w") as file:
        file.write(value)


def _add_address(netlink: IPRoute, index: int, address: str) -> None:
    interface = ip_interface(address)
    broadcast = {}
    if interface.version == 4 and interface.network.prefixlen < 31:
        broadcast = {"broadcast": str(interface.network.broadcast_address)}
    with _naming(f"address {address}"):
        netlink.addr(
            "add",
            index=index,
            address=str(interface.ip),
            prefixlen=interface.network.prefixlen,
            **broadcast,
        )


def _index(netlink: IPRoute, name: str) -> int:
    found = netlink.link_lookup(ifname=name)
    if not found:
        raise OSError(f"there is no interface {name}")
    index: int = found[0]
    return index
