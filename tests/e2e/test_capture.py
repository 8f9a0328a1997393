"""Packets as lvsnet captures them, against what tcpdump in a node and tshark say of them."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from e2e.users import VIP, User, kill, line, reads
from lvsnet.resources import example_labs

TUNNELED = "ip proto 4 or tcp[tcpflags] & tcp-syn != 0"
SAME = ("frame.time_epoch", "frame.len", "frame.cap_len", "ip.id", "tcp.seq_raw", "tcp.checksum")
"""What tells one packet from another."""


def deployed(user: User, example: str) -> User:
    """Somebody whose lab of that name is the example, without its scenarios."""
    text = example_labs()[example].read_text().partition("\nscenarios:")[0]
    path = user.home / f"{example}.yaml"
    path.write_text(text)
    user.does("deploy", str(path))
    return user


@pytest.fixture(scope="module")
def tun(warm_held: User) -> User:
    return deployed(warm_held, "tun")


@contextmanager
def capturing(user: User, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A capture that listens by now."""
    process = user.begin("capture", *arguments)
    try:
        said = line(process.stderr)
        assert said.startswith("capturing at "), said
        yield process
    finally:
        kill(process)


def ended(process: subprocess.Popen[bytes], number: int = signal.SIGINT) -> tuple[str, str]:
    """What it printed, and its last words, once it was told to end."""
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    return out.decode(), err.decode()


def tshark(path: Path, *arguments: str) -> list[list[str]]:
    """Fields of packets."""
    fields = [word for name in SAME for word in ("-e", name)]
    done = subprocess.run(
        ["tshark", "-r", str(path), "-T", "fields", *(arguments or fields)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [one.split("\t") for one in done.stdout.splitlines()]


def at(interface: str) -> tuple[str, ...]:
    fields = [word for name in SAME for word in ("-e", name)]
    return ("-Y", f'frame.interface_name == "{interface}"', *fields)


def test_the_same_packets_as_tcpdump_in_the_node(tun: User) -> None:
    path = tun.home / "all.pcapng"
    dump = "tcpdump -U --time-stamp-precision=nano -i eth2 -w /run/eth2.pcap >/run/said 2>&1 &"
    tun.does("exec", "--lab", "tun", "router", "sh", "-c", dump)
    tun.passes(1, "tun")
    begun = tun.time("tun")
    with capturing(tun, "--lab", "tun", "all", "-w", str(path), "--decode") as process:
        # Who listens moves no clock that is held; to begin takes what a command takes.
        assert tun.time("tun") - begun < 0.001
        tun.does("exec", "--lab", "tun", "client", "curl", "-s", VIP)
        tun.passes(1, "tun")
        shown, last = ended(process)
    tun.does("exec", "--lab", "tun", "router", "pkill", "tcpdump")
    other = tun.home / "eth2.pcap"
    other.write_bytes(tun.tries("exec", "--lab", "tun", "router", "cat", "/run/eth2.pcap").out)
    theirs = [one for one in tshark(other) if float(one[0]) - 1798761600 > begun]
    ours = tshark(path, *at("router:eth2"))
    assert len(ours) > 10
    assert ours == theirs

    assert last == f"{len(tshark(path))} packets captured, 0 dropped\n"
    assert tun.does("capture", "--read", str(path)) == shown
    (_, link, inner, outer) = zip(
        *tshark(path, "-e", "frame.interface_name", "-e", "frame.protocols", "-e", "tcp.flags.str",
                "-e", "ip.proto"),
        strict=True,
    )  # fmt: skip
    assert any(one.startswith("raw:ip:tcp") for one in link), "none in tunl0"
    assert "4,6" in outer
    assert inner
    way = [one.split() for one in shown.splitlines() if " SYN " in one and VIP in one]
    server = way[-1][1].partition(":")[0]
    assert [(one[1], one[2]) for one in way] == [
        ("client:eth1", "out"),
        ("lb01:eth1", "in"),
        ("lb01:eth1", "out"),
        ("router:eth1", "in"),
        ("router:eth2", "out"),
        (f"{server}:eth1", "in"),
        (f"{server}:tunl0", "in"),
    ]
    assert [one[3] for one in way[2:6]] == ["IPIP"] * 4


def test_a_filter_and_a_segment_show_each_packet_once(tun: User) -> None:
    arguments = ("--lab", "tun", "front", "back", "--format", "json")
    with capturing(tun, *arguments, "--", *TUNNELED.split(" ")) as process:
        tun.does("exec", "--lab", "tun", "client", "curl", "-s", VIP)
        begin = reads(process, b"SYN-ACK").decode()
        rest, _ = ended(process, signal.SIGTERM)
    found = [json.loads(one) for one in (begin + rest).splitlines()]
    syns = [one for one in found if one["kind"] == "tcp-syn" and VIP in one["text"]]
    # From the client, in the director's tunnel, and there from the router.
    assert [one["node"] for one in syns] == ["client", "lb01", "router"]
    assert {one["direction"] for one in found} == {"out"}
    times = [one["at"] for one in found]
    assert times == sorted(times)
    assert abs(times[-1] / 1e9 - tun.time("tun")) < 1


def test_it_ends_after_so_many_or_so_long(tun: User) -> None:
    path = tun.home / "three.pcapng"
    with capturing(tun, "--lab", "tun", "lb01", "-c", "3", "-w", str(path), "--", "vrrp") as one:
        tun.passes(5, "tun")
        assert one.wait(timeout=30) == 0
    times = [float(one[0]) for one in tshark(path)]
    assert [round(later - before) for before, later in pairwise(times)] == [
        1,
        1,
    ]

    with capturing(tun, "--lab", "tun", "lb01:front", "--seconds", "2.5", "--", "vrrp") as one:
        tun.passes(2.4, "tun")
        assert one.poll() is None
        tun.passes(0.2, "tun")
        out, _ = one.communicate(timeout=30)
        assert one.returncode == 0
        assert out.count(b"VRRPv2") in (2, 3)


def test_a_node_is_heard_again_from_its_first_packet(tun: User) -> None:
    with capturing(tun, "--lab", "tun", "lb02", "--", "igmp or arp or vrrp") as process:
        tun.does("stop", "tun/lb02")
        tun.passes(2, "tun")
        tun.does("start", "tun/lb02")
        tun.passes(0.1, "tun")
        shown, last = ended(process)
    assert " IGMP 192.168.10.12 > 224.0.0.22" in shown
    assert last.endswith(" packets captured, 0 dropped\n")


def test_what_cannot_be_is_told_in_a_line(tun: User) -> None:
    nothing = tun.home / "nothing.pcapng"
    nothing.write_bytes(b"")
    for arguments, message in (
        (["lb1"], "lab tun has no node or segment lb1; it has client, router, lb01"),
        (["lb01:eth7"], "lb01 has no interface eth7; it has eth1, lo"),
        (["front", "--filter", "vrp"], "filter 'vrp': tcpdump: can't parse filter expression"),
        (["front", "-w", str(tun.home)], f"{tun.home}: Is a directory"),
        (["none/lb01"], "lab none does not run; there is tun"),
        (["--read", str(nothing)], f"{nothing}: it is empty"),
        (["--read", __file__], f"{__file__}: this is no pcapng file"),
    ):
        done = tun.tries("capture", *arguments)
        assert (done.code, done.out) == (1, b""), done
        assert done.err.startswith(f"lvsnet: {message}"), done.err
        assert done.err.count("\n") == 1, done.err
    for arguments in (
        [],
        ["front", "--filter", "arp", "--", "vrrp"],
        ["front", "-w", "-", "--decode"],
        ["front", "--seconds", "nan"],
        ["front", "--seconds", "inf"],
    ):
        assert tun.tries("capture", *arguments).code == 2


def test_nobody_reads_it_any_more(tun: User) -> None:
    for arguments in (["--decode"], ["-w", "-"]):
        with capturing(tun, "--lab", "tun", "front", *arguments) as process:
            assert process.stdout is not None
            process.stdout.close()
            assert process.wait(timeout=30) == 141


def test_the_lab_ends_meanwhile(held_user: User) -> None:
    """And with IPv6: adverts, and who has the VIP now, as the new director tells."""
    user = deployed(held_user, "ipv6")
    path = user.home / "six.pcapng"
    with capturing(user, "front", "-w", str(path), "--decode") as process:
        user.does("stop", "lb01")
        user.passes(5)
        user.does("destroy", "ipv6")
        out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.decode().splitlines()[-1].startswith("lvsnet: ")
    assert "Traceback" not in err.decode()
    shown = out.decode().splitlines()
    assert any("VRRPv3 fe80::" in one and "fd00:" in one for one in shown), shown
    assert any("ND fd00:" in one and "(unsolicited)" in one for one in shown), shown
    found = tshark(path, "-e", "frame.protocols", "-e", "vrrp.version", "-Y", "vrrp")
    assert {one[1] for one in found} == {"3"}
    assert user.does("capture", "--read", str(path)) == out.decode()
