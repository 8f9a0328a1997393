"""Links, addresses and routes in network namespaces of this kernel, as ip(8) sees them."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator

import pytest

from lvsnet.engine.links import Links, Peer
from lvsnet.engine.syscalls import CLONE_NEWNET, setns, unshare

MAC = "02:00:00:00:00:07"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="making network namespaces needs root")


@pytest.fixture
def elsewhere() -> Iterator[int]:
    """This thread is in a network namespace of its own; the descriptor is of another new one."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        unshare(CLONE_NEWNET)
        other = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        unshare(CLONE_NEWNET)
        yield other
        os.close(other)
    finally:
        setns(home, CLONE_NEWNET)
        os.close(home)


def ip(*arguments: str) -> str:
    """What ip(8) shows, one line for each object."""
    return subprocess.run(
        ["ip", "-o", *arguments], capture_output=True, check=True, text=True
    ).stdout


def pair(links: Links, other: int) -> int:
    """A veth pair whose one end, eth1, is in the namespace ``other``; the index of the bridge."""
    links.add_bridge("br-lan", 1400)
    bridge = links.index("br-lan")
    links.add_veth("port", 1400, bridge, Peer("eth1", MAC, other))
    return bridge


@AS_ROOT
def test_a_bridge_forwards_at_once(elsewhere: int) -> None:
    with Links() as links:
        pair(links, elsewhere)
        kinds = {link.name: (link.kind, link.mtu) for link in links.links()}
    assert kinds["br-lan"] == ("bridge", 1400)
    assert kinds["port"] == ("veth", 1400)
    shown = ip("-d", "link", "show", "br-lan")
    for setting in ("forward_delay 0 ", "stp_state 0 ", "mcast_snooping 0 ", "UP"):
        assert setting in shown
    port = ip("link", "show", "port")
    assert "master br-lan" in port
    assert ",UP" in port


@AS_ROOT
def test_the_peer_is_down_with_its_name_and_mac(elsewhere: int) -> None:
    with Links() as links:
        pair(links, elsewhere)
    setns(elsewhere, CLONE_NEWNET)
    shown = ip("link", "show", "eth1")
    assert f"link/ether {MAC}" in shown
    assert "mtu 1400" in shown
    assert ",UP" not in shown


@AS_ROOT
def test_addresses_and_routes(elsewhere: int) -> None:
    with Links() as links:
        bridge = pair(links, elsewhere)
        for address in ("192.168.10.11/24", "192.168.10.100/32", "2001:db8::1/64"):
            links.add_address(bridge, address)
        links.replace_address(bridge, "192.168.10.11/24")
        found = {address for index, address in links.addresses() if index == bridge}
        assert found >= {"192.168.10.11/24", "192.168.10.100/32", "2001:db8::1/64"}
        with pytest.raises(FileExistsError):
            links.add_address(bridge, "192.168.10.100/32")
        links.delete_address(bridge, "192.168.10.100/32")
        links.add_route("default", "192.168.10.1")
        links.add_route("10.0.0.0/8", "192.168.10.2")
        links.replace_route("10.0.0.0/8", "192.168.10.3")
        links.delete_route("default", "192.168.10.1")
        with pytest.raises(OSError, match="unreachable") as caught:
            links.add_route("default", "172.16.0.1")
        assert caught.value.errno == errno.ENETUNREACH
        links.add_route("default", "fe80::1", "br-lan")
        links.add_route("2001:db8:1::/48", "fe80::2", "br-lan")
        links.replace_route("2001:db8:1::/48", "fe80::3", "br-lan")
        links.delete_route("default", "fe80::1", "br-lan")
    shown = ip("addr", "show", "br-lan")
    assert "inet 192.168.10.11/24 brd 192.168.10.255" in shown
    assert "192.168.10.100" not in shown
    routes = ip("route")
    assert "10.0.0.0/8 via 192.168.10.3" in routes
    assert "default" not in routes
    routes6 = ip("-6", "route")
    assert "2001:db8:1::/48 via fe80::3 dev br-lan" in routes6
    assert "fe80::2" not in routes6
    assert "default" not in routes6


@AS_ROOT
def test_links_go_down_and_away(elsewhere: int) -> None:
    with Links() as links:
        pair(links, elsewhere)
        port = links.index("port")
        links.set_down(port)
        assert ",UP" not in ip("link", "show", "port")
        links.set_up(port)
        assert ",UP" in ip("link", "show", "port")
        links.delete(port)
        assert links.find("port") is None
        with pytest.raises(OSError, match="there is no interface port"):
            links.index("port")
        with pytest.raises(OSError, match="No such device"):
            links.delete(port)
