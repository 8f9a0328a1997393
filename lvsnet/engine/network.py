"""Segments and wires: bridges in the fabric's namespace, veth pairs to the nodes, addresses."""

from __future__ import annotations

import errno
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from lvsnet.engine import devices, namespaces
from lvsnet.engine.links import Links, Peer
from lvsnet.plan.model import Interface, Node, Segment

LOOPBACK = 1
"""Index of lo in every network namespace (LOOPBACK_IFINDEX, include/net/flow.h)."""


@contextmanager
def opened(namespace: Path) -> Iterator[Links]:
    """Links of a network namespace; this process is in it only while the socket is made."""
    with ExitStack() as stack:
        with namespaces.entered(namespace):
            links = stack.enter_context(Links())
        yield links


def make_segments(fabric: Path, segments: Sequence[Segment]) -> None:
    """A bridge for each segment."""
    with opened(fabric) as links:
        for segment in segments:
            links.add_bridge(segment.bridge, segment.mtu)


def reshape(fabric: Path, segments: Sequence[Segment], ports: Collection[str]) -> None:
    """Leave bridges of these segments only, and of the wires those in ``ports``; add what lacks.

    What was there before is asked of the kernel: whoever began to change it may have been killed.
    """
    wanted = {segment.bridge: segment.mtu for segment in segments}
    with opened(fabric) as links:
        there = set()
        for link in links.links():
            if (link.kind == "veth" and link.name not in ports) or (
                link.kind == "bridge" and wanted.get(link.name) != link.mtu
            ):
                _remove(links, link.index)
            elif link.kind == "bridge":
                there.add(link.name)
        for segment in segments:
            if segment.bridge not in there:
                links.add_bridge(segment.bridge, segment.mtu)


def bridges(fabric: Links, segments: Sequence[Segment]) -> dict[str, int]:
    """Segment -> index of its bridge in the fabric."""
    return {segment.name: fabric.index(segment.bridge) for segment in segments}


def wire(fabric: Links, bridges: Mapping[str, int], node: Node, pid: int) -> None:
    """A veth pair for each interface of ``node``, whose init is ``pid``.

    The outer end is in its bridge, and up; the node's own end is down, so there is no carrier.
    """
    with namespaces.of_process(pid).open() as inside:
        for interface in node.interfaces:
            peer = Peer(interface.name, interface.mac, inside.fileno())
            fabric.add_veth(interface.port, interface.mtu, bridges[interface.segment], peer)


def pull_out(fabric: Path, interfaces: Sequence[Interface]) -> None:
    """Take the outer ends down: the node loses its carrier, as when a cable is pulled."""
    with opened(fabric) as links:
        for interface in interfaces:
            index = links.find(interface.port)
            if index is not None:
                links.set_down(index)


def unplug(fabric: Path, interfaces: Sequence[Interface]) -> None:
    """Remove the wires at once; the kernel takes its time to do so after a namespace's end."""
    with opened(fabric) as links:
        for interface in interfaces:
            index = links.find(interface.port)
            if index is not None:
                _remove(links, index)


def _remove(links: Links, index: int) -> None:
    with _unless(errno.ENODEV):  # the end of the node's namespace may have taken it away meanwhile
        links.delete(index)


def configure(node: Node, pid: int) -> None:
    """Devices, sysctls, addresses, links up and routes of a node, in this order.

    Nothing is asked for its IPv6 addresses first: who is in a lab is known. The sysctls come before
    addresses: a real server must not answer ARP for a VIP between getting the address and
    ``arp_ignore``. But there are some of devices, so these have to be there.

    Raises:
        OSError: a sysctl that the kernel does not have or whose value it refuses; a device, an
            address or a route that it refuses. Each is named.
    """
    with namespaces.entered(namespaces.of_process(pid)), Links() as links:
        for interface in node.interfaces:
            _take_for_granted(interface.name)
        for device in node.devices:
            with _naming(f"device {device.name}"):
                devices.make(links, device)
        for key, value in node.sysctls:
            with _naming(f"sysctl {key} = {value}"):
                set_sysctl(key, value)
        for interface in node.interfaces:
            index = links.index(interface.name)
            for address in interface.addresses:
                with _naming(f"address {address}"):
                    links.add_address(index, address)
            links.set_up(index)
        links.set_up(LOOPBACK)
        for device in node.devices:
            with _naming(f"device {device.name}"):
                links.set_up(links.index(device.name))
        with _naming("UDP ports of tunnels"):
            devices.unwrap(node)
        for extra in node.addresses:
            with _naming(f"address {extra.address}"):
                links.add_address(links.index(extra.interface), extra.address)
        for route in node.routes:
            with _naming(str(route)):
                links.add_route(route.destination, route.via, route.interface)


def _take_for_granted(interface: str) -> None:
    """Let IPv6 addresses of a node's interface be there at once, the link-local one, too.

    The kernel would ask for a second or two whether they are somebody else's (accept_dad of
    Documentation/networking/ip-sysctl.rst), of which the daemons of a real machine see nothing:
    they start when the network is up. Here keepalived would find no address to advertise from, and
    which director has one first is chance.
    """
    with suppress(FileNotFoundError):  # a kernel without IPv6
        set_sysctl(f"net/ipv6/conf/{interface}/accept_dad", "0")


def change(before: Node, after: Node, pid: int) -> None:
    """Make sysctls, addresses and routes of a running node what ``after`` says, in this order.

    What somebody has given it by hand stays, and so does what a daemon has, such as a VIP.

    Raises:
        OSError: as `configure`.
    """
    # Costs a deploy time that has no use for it.
    from lvsnet.plan.difference import placed

    old, new = placed(before), placed(after)
    gone = [one for one in old if one not in new]
    with namespaces.entered(namespaces.of_process(pid)), Links() as links:
        if before.sysctls != after.sysctls:
            # All, in their order: some set others, as ip_forward does.
            for key, value in after.sysctls:
                with _naming(f"sysctl {key} = {value}"):
                    set_sysctl(key, value)
        for interface, address in gone:
            with _naming(f"address {address}"), _unless(errno.EADDRNOTAVAIL):
                links.delete_address(links.index(interface), address)
        if set(old) != set(new):
            # All: those in one subnet go with its first one.
            for interface, address in new:
                with _naming(f"address {address}"):
                    links.replace_address(links.index(interface), address)
        for route in before.routes:
            if route not in after.routes:
                with _naming(str(route)), _unless(errno.ESRCH):
                    links.delete_route(route.destination, route.via, route.interface)
        if gone or before.routes != after.routes:
            # All: those by way of an address's subnet go with it.
            for route in after.routes:
                with _naming(str(route)):
                    links.replace_route(route.destination, route.via, route.interface)


@contextmanager
def _unless(code: int) -> Iterator[None]:
    """Ignore this one error of the kernel's."""
    try:
        yield
    except OSError as error:
        if error.errno != code:
            raise


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Put what is being set before the kernel's reason."""
    try:
        yield
    except OSError as error:
        raise OSError(f"{what}: {error.strerror}") from error


def set_sysctl(key: str, value: str) -> None:
    """Write a sysctl of the namespaces that this process is in; ``a.b`` and ``a/b`` are one key.

    As sysctl(8): where an interface's name has a dot, the key is written with slashes.
    """
    path = key if "/" in key else key.replace(".", "/")
    with (Path("/proc/sys") / path).open("w") as file:
        file.write(value)
