"""Capturing in a small lab: what comes and goes meanwhile, what finds no room, how it ends."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_lab import DEADLINE, VIP, Small, made

from lvsnet.engine import namespaces, network
from lvsnet.engine.links import Peer
from lvsnet.errors import LvsnetError
from lvsnet.observe import capturing, taps
from lvsnet.observe.capture_model import Capture, Tapped
from lvsnet.observe.capturing import Capturing
from lvsnet.observe.packet import Packet

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="making network namespaces and entering others needs root"
)

BOTH = Capture((Tapped("lb01", ()), Tapped("lb02", ())), ())
LAN = Capture((), ("lan",))
PORT = 9
LOOK = 0.7
"""Seconds after which a node that is on is known, wherever it was plugged in first."""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    with made(tmp_path) as one:
        yield one


def captures(small: Small, capture: Capture) -> Capturing:
    return capturing.begin(small.plan, small.runtime, capture)


def sends(small: Small, node: str, count: int, to: str = "192.168.10.12") -> None:
    """Datagrams of 100 bytes."""
    with namespaces.entered(namespaces.of_process(small.inits[node].pid)):
        end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with end:
        for _ in range(count):
            end.sendto(bytes(100), (to, PORT))


def comes(capture: Capturing, text: str, count: int = 1) -> list[Packet]:
    """Wait for so many packets with these words; all that has come."""
    found: list[Packet] = []
    until = time.monotonic() + DEADLINE
    while sum(text in one.text for one in found) < count:
        left = until - time.monotonic()
        assert left > 0, found
        if select.select([capture.fd], [], [], left)[0]:
            found += capture.read()
    return found


def udp(found: list[Packet]) -> list[tuple[str, str]]:
    return [(one.node, one.interface) for one in found if one.kind == "udp"]


def test_both_ends_of_a_wire_and_the_wire_itself(small: Small) -> None:
    with captures(small, BOTH) as inside, captures(small, LAN) as wire:
        sends(small, "lb01", 3)
        assert set(udp(comes(inside, "UDP", 6))) == {("lb01", "eth1"), ("lb02", "eth1")}
        assert udp(comes(wire, "UDP", 3)) == [("lb01", "eth1")] * 3
        for found in (inside.end(), wire.end()):
            assert udp(found) == []
        assert (inside.dropped, wire.dropped) == (0, 0)


def test_what_is_captured_inside_is_not_told_once_more_of_the_wire(small: Small) -> None:
    capture = Capture((Tapped("lb01", ("eth1",)),), ("lan",))
    with captures(small, capture) as one:
        sends(small, "lb01", 2)
        sends(small, "lb02", 2, "192.168.10.11")
        comes(one, "UDP", 6)
        assert [place.name for place in one.reading.places] == ["lb01:eth1", "lb02:eth1"]


def test_an_interface_that_comes_later_is_heard(small: Small) -> None:
    with captures(small, BOTH) as one:
        inside = namespaces.of_process(small.inits["lb01"].pid)
        with network.opened(namespaces.of_fabric(small.plan.lab)) as fabric, inside.open() as there:
            peer = Peer("later", "02:00:00:00:00:09", there.fileno())
            fabric.add_veth("port9", 1500, fabric.index("br-lan"), peer)
        with network.opened(inside) as links:
            index = links.index("later")
            links.add_address(index, "172.16.0.1/24")
            links.set_up(index)
        sends(small, "lb01", 1, "172.16.0.9")
        found = comes(one, "ARP who-has 172.16.0.9 tell 172.16.0.1")
        assert ("lb01", "later") in {(packet.node, packet.interface) for packet in found}


def test_a_node_is_heard_as_soon_as_it_is_on_again(small: Small) -> None:
    with captures(small, BOTH) as one:
        small.switch_off("lb02")
        sends(small, "lb01", 1)
        small.switch_on("lb02")
        time.sleep(LOOK)
        sends(small, "lb02", 1, "192.168.10.11")
        assert ("lb02", "eth1") in udp(comes(one, "192.168.10.12:", 2))


def test_what_finds_no_room_is_counted(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taps, "BUFFER", 20_000)
    count = 1000
    with captures(small, Capture((Tapped("lb01", ("eth1",)),), ())) as one:
        os.kill(one.process.pid, signal.SIGSTOP)
        sends(small, "lb01", count)
        os.kill(one.process.pid, signal.SIGCONT)
        found = [packet for packet in one.end() if packet.kind == "udp"]
        assert 0 < len(found) < count
        assert len(found) + one.dropped >= count


def test_it_ends_with_its_time_its_lab_or_its_process(small: Small) -> None:
    begun = time.monotonic()
    short = Capture((Tapped("lb01", ()),), (), seconds=0.3)
    told = list(capturing.lines(small.plan, small.runtime, short))
    assert 0.3 <= time.monotonic() - begun < DEADLINE
    assert told[0] == []
    assert told[-1][0] == capturing.LOST
    with captures(small, BOTH) as killed:
        os.kill(killed.process.pid, signal.SIGKILL)
        with pytest.raises(LvsnetError, match="watched no more"):
            comes(killed, VIP)
    with captures(small, BOTH) as inside, captures(small, LAN) as wire:
        for name in list(small.inits):
            small.switch_off(name)
        namespaces.remove_fabric(small.plan.lab)
        for one in (inside, wire):
            with pytest.raises(LvsnetError, match="was destroyed"):
                comes(one, VIP)


def test_an_interface_that_there_is_not_is_told(small: Small) -> None:
    with pytest.raises(
        LvsnetError, match=r"lb01 has no interface eth2; it has .*did you mean eth1"
    ):
        captures(small, Capture((Tapped("lb01", ("eth2",)),), ()))
    with captures(small, Capture((Tapped("lb01", ("lo",)),), ())) as one:
        sends(small, "lb01", 1, "127.0.0.1")
        assert ("lb01", "lo") in udp(comes(one, "UDP", 2))
