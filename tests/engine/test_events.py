"""A watched lab of one segment and two nodes that are processes in network namespaces."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from small_lab import DEADLINE, VIP, Processes, Small, awaited, end, made

from lvsnet.engine import namespaces, network
from lvsnet.engine.links import Links
from lvsnet.errors import LvsnetError
from lvsnet.observe import arp, events, lab_watch, nd, outlet, site
from lvsnet.observe.event import Event
from lvsnet.observe.events import Watcher

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="making network namespaces and entering others needs root"
)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Small]:
    with made(tmp_path) as one:
        yield one


def watched(small: Small) -> Watcher:
    return events.begin(small.plan, small.runtime)


def come(watcher: Watcher, *wanted: tuple[str, str, str]) -> list[Event]:
    """Wait until events have come of which these are a part: kind, node and word."""
    found: list[Event] = []
    until = time.monotonic() + DEADLINE
    while missing := [one for one in wanted if one not in seen(found)]:
        left = until - time.monotonic()
        assert left > 0, f"{missing} have not come, but {found}"
        if select.select([watcher.fd], [], [], left)[0]:
            found += watcher.read()
    return found


def seen(found: list[Event]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.node, one.what) for one in found]


def takes(links: Links, index: int) -> None:
    links.add_address(index, f"{VIP}/32")


def gives(links: Links, index: int) -> None:
    links.delete_address(index, f"{VIP}/32")


def test_a_vip_moves(small: Small) -> None:
    with watched(small) as watcher:
        assert watcher.read() == []
        before = time.monotonic_ns()
        small.address("lb01", takes)
        between = time.monotonic_ns()
        small.address("lb01", gives)
        small.address("lb02", takes)
        found = come(watcher, ("vip", "lb02", "gained"))
    assert seen(found) == [
        ("vip", "lb01", "gained"),
        ("vip", "lb01", "lost"),
        ("vip", "lb02", "gained"),
    ]
    assert {one.subject for one in found} == {VIP}
    assert before < found[0].at <= found[1].at <= found[2].at < time.monotonic_ns()
    assert found[2].at > between


def test_what_is_there_at_first_is_not_told(small: Small) -> None:
    small.address("lb01", takes)
    small.says("lb01", "(VI_1) Entering MASTER STATE\n")
    small.daemon("lb01")
    with watched(small) as watcher:
        small.says("lb01", "(VI_1) Entering MASTER STATE\n")
        assert watcher.end() == []


def test_how_things_stand_at_first_is_known(small: Small) -> None:
    small.says("lb01", "(VI_1) Entering MASTER STATE\n")
    small.daemon("lb01")
    small.address("lb01", takes)
    with watched(small) as watcher:
        assert seen(list(watcher.initial)) == [
            ("vrrp", "lb01", "master"),
            ("vip", "lb01", "gained"),
            ("daemon", "lb02", "exited"),
        ]
        assert {one.at for one in watcher.initial} == {watcher.initial[0].at}
        assert watcher.initial[0].at <= time.monotonic_ns()
    network.pull_out(namespaces.of_fabric(small.plan.lab), small.plan.nodes[0].interfaces)
    small.switch_off("lb02")
    with watched(small) as watcher:
        assert seen(list(watcher.initial)) == [
            ("link", "lb01", "down"),
            ("vrrp", "lb01", "master"),
            ("vip", "lb01", "gained"),
            ("node", "lb02", "off"),
        ]


def test_a_cable_is_pulled_and_plugged(small: Small) -> None:
    node = small.plan.nodes[0]
    fabric = namespaces.of_fabric(small.plan.lab)
    with watched(small) as watcher:
        network.pull_out(fabric, node.interfaces)
        (down,) = come(watcher, ("link", "lb01", "down"))
        with network.opened(fabric) as links:
            links.set_up(links.index("port1"))
        assert ("link", "lb01", "up") in seen(come(watcher, ("link", "lb01", "up")))
    assert down.text == "eth1 is down: no carrier"


def test_a_gratuitous_arp_is_heard_with_its_sender(small: Small) -> None:
    with watched(small) as watcher:
        with namespaces.entered(namespaces.of_process(small.inits["lb02"].pid)):
            announce("eth1", "02:00:00:00:00:02", VIP)
        (found,) = come(watcher, ("arp", "lb02", "gratuitous"))
    assert found.subject == VIP
    assert found.text == f"says that {VIP} is at 02:00:00:00:00:02 on lan"


def test_an_unsolicited_neighbour_advertisement_is_heard_with_its_sender(small: Small) -> None:
    first, *others = small.plan.nodes
    wired = tuple(replace(one, addresses=("fd00:10::11/64",)) for one in first.interfaces)
    small.plan = replace(small.plan, nodes=(replace(first, interfaces=wired), *others))
    frame = advertisement("02:00:00:00:00:02", "fd00:10::100")
    solicited = frame[:58] + b"\x60" + frame[59:]
    echo = frame[:54] + b"\x80" + frame[55:]
    with watched(small) as watcher:
        with (
            namespaces.entered(namespaces.of_process(small.inits["lb02"].pid)),
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as end,
        ):
            end.bind(("eth1", 0))
            for one in (solicited, echo, frame):
                end.send(one)
        (found,) = come(watcher, ("nd", "lb02", "unsolicited"))
    assert found.subject == "fd00:10::100"
    assert found.text == "says that fd00:10::100 is at 02:00:00:00:00:02 on lan"


def advertisement(mac: str, about: str) -> bytes:
    """A frame from ``mac`` to all that the address ``about`` is there."""
    own, target = bytes.fromhex(mac.replace(":", "")), IPv6Address(about).packed
    everybody = IPv6Address("ff02::1").packed
    head = bytes((0x60, 0, 0, 0, 0, 32, nd.ICMPV6, 255)) + target + everybody
    body = nd.ADVERTISEMENT.pack(nd.NEIGHBOUR_ADVERTISEMENT, 0, 0, 0x20, target)
    option = nd.OPTION.pack(nd.TARGETS_MAC, 1, own)
    return bytes.fromhex("333300000001") + own + b"\x86\xdd" + head + body + option


def announce(interface: str, mac: str, address: str) -> None:
    own, said = bytes.fromhex(mac.replace(":", "")), IPv4Address(address).packed
    packet = arp.PACKET.pack(*arp.OVER_ETHERNET, 1, own, said, bytes(6), said)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as end:
        end.bind((interface, 0))
        end.send(b"\xff" * 6 + own + b"\x08\x06" + packet)


def test_keepalived_says_what_it_becomes(small: Small) -> None:
    with watched(small) as watcher:
        small.says("lb02", "Fri Jan  1 00:00:03 2027: (VI_1) Entering MAS")
        small.says("lb02", "TER STATE\nFri Jan  1 00:00:03 2027: (VI_1) setting VIPs.\n")
        (found,) = come(watcher, ("vrrp", "lb02", "master"))
    assert (found.subject, found.text) == ("VI_1", "VI_1 enters MASTER")


def test_a_node_loses_power_and_boots(small: Small) -> None:
    small.address("lb01", takes)
    with watched(small) as watcher:
        descriptors = Path(f"/proc/{watcher.process.pid}/fd")
        before = len(list(descriptors.iterdir()))
        small.switch_off("lb01")
        off = come(watcher, ("node", "lb01", "off"), ("vip", "lb01", "lost"))
        assert seen(off)[-2:] == [("node", "lb01", "off"), ("vip", "lb01", "lost")]
        small.switch_on("lb01")
        come(watcher, ("node", "lb01", "on"), ("link", "lb01", "up"))
        small.address("lb01", takes)
        small.says("lb01", "(VI_1) Entering MASTER STATE\n")
        come(watcher, ("vip", "lb01", "gained"), ("vrrp", "lb01", "master"))
        awaited(lambda: len(list(descriptors.iterdir())) == before)


def test_a_node_that_speaks_is_told_to_be_on_before(small: Small) -> None:
    small.switch_off("lb02")
    on, speaks = ("node", "lb02", "on"), ("vrrp", "lb02", "backup")
    with watched(small) as watcher:
        small.switch_on("lb02")
        small.says("lb02", "(VI_1) Entering BACKUP STATE (init)\n")
        found = seen(come(watcher, on, speaks))
    assert [one for one in found if one in (on, speaks, ("link", "lb02", "up"))] == [
        on,
        ("link", "lb02", "up"),
        speaks,
    ]


def test_a_node_that_never_was_on_is_switched_on(small: Small) -> None:
    small.switch_off("lb02")
    log = small.runtime.log(small.plan.lab, "lb02")
    log.unlink()
    with watched(small) as watcher:
        small.switch_on("lb02")
        small.says("lb02", "(VI_1) Entering BACKUP STATE (init)\n")
        come(watcher, ("node", "lb02", "on"), ("vrrp", "lb02", "backup"))


def test_a_daemon_ends_and_is_started(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_watch, "SLOWLY", 1_000_000)  # never
    daemon = small.daemon("lb01")
    with watched(small) as watcher:
        end(daemon)
        (exited,) = come(watcher, ("daemon", "lb01", "exited"))
        assert (exited.subject, exited.text) == ("sleeper", "sleeper has ended")
        small.daemon("lb01")
        come(watcher, ("daemon", "lb01", "started"))


def test_the_end_has_all_that_happened_before(small: Small) -> None:
    times = 3000
    watcher = watched(small)
    os.kill(watcher.process.pid, signal.SIGSTOP)
    with network.opened(namespaces.of_process(small.inits["lb01"].pid)) as links:
        index = links.index("eth1")
        for _ in range(times):
            takes(links, index)
            gives(links, index)
    # It is told to end before it has read any.
    os.eventfd_write(watcher.process._control, 1)
    os.kill(watcher.process.pid, signal.SIGCONT)
    found = watcher.end()
    assert [one.what for one in found] == ["gained", "lost"] * times
    assert watcher.end() == watcher.read() == []


def test_a_reader_that_does_not_come_for_long_misses_nothing(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet, "MOST_QUEUED", 1000)
    times = 600
    watcher = watched(small)
    with network.opened(namespaces.of_process(small.inits["lb01"].pid)) as links:
        index = links.index("eth1")
        for _ in range(times):
            takes(links, index)
            gives(links, index)
    # More than the pipe of 64 KB takes, in pages that are not all full.
    awaited(lambda: unread(watcher.fd) > 40_000)
    assert [one.what for one in watcher.end()] == ["gained", "lost"] * times


def unread(pipe: int) -> int:
    """Bytes that wait in a pipe (FIONREAD of ioctl(2))."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_it_is_told_when_something_may_be_missing(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arp, "BUFFER", 4096)
    watcher = watched(small)
    os.kill(watcher.process.pid, signal.SIGSTOP)
    with network.opened(namespaces.of_process(small.inits["lb01"].pid)) as links:
        index = links.index("eth1")
        for _ in range(500):
            takes(links, index)
            gives(links, index)
        links.add_address(index, "10.0.0.9/32")
    os.kill(watcher.process.pid, signal.SIGCONT)
    found = watcher.end()
    assert ("watch", "lb01", "missed") in seen(found)
    assert 0 < len(found) < 1000
    vips = [one.what for one in found if one.subject == VIP]
    assert vips == [("gained", "lost")[n % 2] for n in range(len(vips))]
    assert len(vips) % 2 == 0
    assert [one.what for one in found if one.subject == "10.0.0.9"] == ["gained"]


def test_a_node_that_goes_while_it_is_looked_at_is_off(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    inits = small.runtime.inits(small.plan.lab)
    small.switch_off("lb02")
    monkeypatch.setattr(Processes, "inits", lambda _runtime, _lab: inits)
    seen = site.look(small.plan, small.runtime)
    assert [(one.name, one.running) for one in seen.nodes] == [("lb01", True), ("lb02", False)]


def test_a_destroyed_lab_is_watched_no_more(small: Small) -> None:
    with watched(small) as watcher:
        for name in ("lb01", "lb02"):
            small.switch_off(name)
        namespaces.remove_fabric(small.plan.lab)
        with pytest.raises(LvsnetError, match="was destroyed"):
            come(watcher, ("node", "lb01", "on"))


def test_a_watch_that_is_killed_says_so(small: Small) -> None:
    with watched(small) as watcher:
        os.kill(watcher.process.pid, signal.SIGKILL)
        with pytest.raises(LvsnetError, match="watched no more"):
            come(watcher, ("node", "lb01", "on"))


def test_one_that_was_killed_does_not_end_as_if_nothing_had_happened(small: Small) -> None:
    watcher = watched(small)
    os.kill(watcher.process.pid, signal.SIGKILL)
    with pytest.raises(LvsnetError, match="watched no more"):
        watcher.end()


def test_it_ends_with_who_began_it(small: Small) -> None:
    told, tells = os.pipe()
    parent = os.fork()
    if parent == 0:
        try:
            os.write(tells, str(watched(small).process.pid).encode())
            signal.pause()
        finally:
            os._exit(1)
    os.close(tells)
    watching = os.pidfd_open(int(os.read(told, 100)))
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert select.select([watching], [], [], DEADLINE)[0]
    os.close(watching)
    os.close(told)


def test_nothing_is_left(small: Small) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    with watched(small) as watcher:
        process = watcher.process.pid
    assert set(Path("/proc/self/fd").iterdir()) == before
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_it_holds_no_pipe_of_its_parents_open(small: Small) -> None:
    told, tells = os.pipe()
    with watched(small):
        os.close(tells)
        assert select.select([told], [], [], DEADLINE)[0]
        assert os.read(told, 1) == b""
    os.close(told)
