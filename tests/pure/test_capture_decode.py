"""What frames are, in words."""

from __future__ import annotations

import re
import struct
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.observe.arp import OVER_ETHERNET, PACKET
from lvsnet.observe.decode import ETHERNET, RAW, decode
from lvsnet.observe.packet import KINDS

MAC = bytes.fromhex("02f7bcb1c1c0")
CLIENT, VIP, LB01, LB02 = "192.168.10.10", "192.168.10.100", "192.168.10.11", "192.168.10.12"
WEB = (40112, 80)
SYN, SYN_ACK, FIN, RST, DATA = 0x02, 0x12, 0x11, 0x14, 0x18


def ethernet(kind: int, content: bytes) -> bytes:
    return b"\xff" * 6 + MAC + struct.pack(">H", kind) + content


def ip(source: str, to: str, protocol: int, content: bytes, offset: int = 0) -> bytes:
    ends = ip_address(source).packed + ip_address(to).packed
    if ip_address(source).version == 6:
        return struct.pack(">IHBB", 6 << 28, len(content), protocol, 64) + ends + content
    head = struct.pack(">BxHHHBB2x", 0x45, 20 + len(content), 1, offset, 64, protocol)
    return head + ends + content


def wire(packet: bytes) -> bytes:
    return ethernet(0x86DD if packet[0] >> 4 == 6 else 0x0800, packet)


def tcp(flags: int, content: bytes = b"", ports: tuple[int, int] = WEB) -> bytes:
    return struct.pack(">HHIIBBHI", *ports, 1, 2, 5 << 4, flags, 64, 0) + content


def udp(content: bytes, port: int = 53) -> bytes:
    return struct.pack(">HHHH", 40112, port, 8 + len(content), 0) + content


def asked(flags: int) -> bytes:
    return ip(CLIENT, VIP, 6, tcp(flags))


def arp(operation: int, sender: str, target: str) -> bytes:
    ends = IPv4Address(sender).packed, IPv4Address(target).packed
    packet = PACKET.pack(*OVER_ETHERNET, operation, MAC, ends[0], bytes(6), ends[1])
    return ethernet(0x0806, packet + bytes(18))


def advert(version: int, addresses: tuple[str, ...], priority: int = 150, to: str = "") -> bytes:
    third = struct.pack(">BBH", 0, 1, 0) if version == 2 else struct.pack(">HH", 100, 0)
    head = bytes((version << 4 | 1, 33, priority, len(addresses))) + third
    body = b"".join(ip_address(one).packed for one in addresses)
    return ip(LB01, to or "224.0.0.18", 112, head + body)


def solicited(kind: int, source: str, to: str, flags: int = 0, *, option: bool = True) -> bytes:
    about = IPv6Address("fd00:10::100").packed
    content = struct.pack(">BBHB3x", kind, 0, 0, flags) + about
    return ip(source, to, 58, content + (b"\x02\x01" + MAC if option else b""))


BETWEEN = f"{CLIENT}:40112 > {VIP}:80"
MAC_TEXT = MAC.hex(":")


@pytest.mark.parametrize(
    ("frame", "kind", "text"),
    [
        (wire(asked(SYN)), "tcp-syn", f"TCP SYN {BETWEEN}"),
        (wire(asked(SYN_ACK)), "tcp-syn-ack", f"TCP SYN-ACK {BETWEEN}"),
        (wire(asked(FIN)), "tcp-fin", f"TCP FIN {BETWEEN}"),
        (wire(asked(RST)), "tcp-rst", f"TCP RST {BETWEEN}"),
        (wire(asked(0x10)), "tcp", f"TCP ACK {BETWEEN}"),
        (wire(ip(CLIENT, VIP, 6, tcp(DATA, b"GET"))), "tcp", f"TCP {BETWEEN}, 3 bytes"),
        (wire(ip(CLIENT, VIP, 17, udp(b"?"))), "udp", f"UDP {CLIENT}:40112 > {VIP}:53, 1 bytes"),
        (
            wire(ip("fd00::1", "fd00::2", 6, tcp(SYN))),
            "tcp-syn",
            "TCP SYN [fd00::1]:40112 > [fd00::2]:80",
        ),
        (arp(1, CLIENT, VIP), "arp-request", f"ARP who-has {VIP} tell {CLIENT}"),
        (arp(1, "0.0.0.0", VIP), "arp-request", f"ARP probe {VIP}"),
        (arp(2, VIP, CLIENT), "arp-reply", f"ARP {VIP} is-at {MAC_TEXT}, to {CLIENT}"),
        (arp(1, VIP, VIP), "arp-gratuitous", f"ARP {VIP} is-at {MAC_TEXT} (gratuitous)"),
        (arp(2, VIP, VIP), "arp-gratuitous", f"ARP {VIP} is-at {MAC_TEXT} (gratuitous)"),
        (
            wire(advert(2, (VIP, "192.168.10.101"))),
            "vrrp",
            f"VRRPv2 {LB01}: virtual_router_id 33, priority 150, {VIP}, 192.168.10.101, every 1 s",
        ),
        (
            wire(advert(3, (VIP,), 0, to=LB02)),
            "vrrp",
            (
                f"VRRPv3 {LB01} > {LB02}: virtual_router_id 33, priority 0 (it gives up), {VIP}, "
                "every 1 s"
            ),
        ),
        (
            wire(ip(VIP, CLIENT, 1, struct.pack(">BBHHH", 3, 4, 0, 0, 1480) + asked(DATA))),
            "icmp-error",
            f"ICMP {VIP} > {CLIENT}: fragmentation needed, MTU 1480, for TCP {BETWEEN}",
        ),
        (
            wire(ip("fd00::2", "fd00::1", 58, struct.pack(">BBHI", 1, 4, 0, 0))),
            "icmp-error",
            "ICMPv6 fd00::2 > fd00::1: port unreachable",
        ),
        (
            wire(ip(CLIENT, VIP, 1, struct.pack(">BBHHH", 8, 0, 0, 7, 3))),
            "icmp",
            f"ICMP {CLIENT} > {VIP}: echo, sequence 3",
        ),
        (
            wire(ip(CLIENT, VIP, 132, struct.pack(">HHIIBBH", 40112, 80, 0, 0, 1, 0, 20))),
            "sctp-init",
            f"SCTP INIT {BETWEEN}",
        ),
        (
            wire(ip(LB01, "224.0.0.81", 17, udp(struct.pack(">BBHBbH", 0, 5, 50, 2, 1, 0), 8848))),
            "sync",
            f"IPVS sync from {LB01}: syncid 5, 2 connections",
        ),
        (
            wire(solicited(135, "fe80::1", "ff02::1:ff00:100")),
            "nd-solicitation",
            "ND who-has fd00:10::100 tell fe80::1",
        ),
        (
            wire(solicited(136, "fe80::1", "ff02::1", 0x20)),
            "nd-unsolicited",
            f"ND fd00:10::100 is-at {MAC_TEXT} (unsolicited)",
        ),
        (
            wire(solicited(136, "fe80::1", "fe80::2", 0x60)),
            "nd-advertisement",
            f"ND fd00:10::100 is-at {MAC_TEXT}, to fe80::2",
        ),
        (wire(asked(SYN)[:-12]), "ip", f"TCP {CLIENT} > {VIP}, cut short or malformed"),
        (
            wire(ip(CLIENT, VIP, 17, b"rest", offset=185)),
            "ip",
            f"UDP {CLIENT} > {VIP}, a later fragment of 4 bytes",
        ),
        (ethernet(0x8100, b"\0\5" + b"\x08\0" + asked(SYN)), "tcp-syn", f"TCP SYN {BETWEEN}"),
        (ethernet(0x88CC, b""), "other", f"Ethernet {MAC_TEXT} > ff:ff:ff:ff:ff:ff, type 0x88cc"),
        (MAC, "other", "6 bytes, cut short or malformed"),
    ],
)
def test_a_frame_in_words(frame: bytes, kind: str, text: str) -> None:
    found = decode(ETHERNET, frame)
    assert (found.kind, found.text) == (kind, text)


OUTER = (LB01, "172.16.10.13")


@pytest.mark.parametrize(
    ("name", "packet"),
    [
        ("IPIP", ip(*OUTER, 4, asked(SYN))),
        ("GRE", ip(*OUTER, 47, b"\0\0\x08\0" + asked(SYN))),
        ("GRE", ip(*OUTER, 47, b"\xa0\0\x08\0" + bytes(8) + asked(SYN))),
        ("GUE", ip(*OUTER, 17, udp(b"\0\4\0\0" + asked(SYN), 6080))),
        ("GUE", ip(*OUTER, 17, udp(b"\1\4\0\0" + bytes(4) + asked(SYN), 6080))),
        ("GUE", ip(*OUTER, 17, udp(asked(SYN), 6080))),
    ],
)
def test_a_packet_in_a_tunnel_is_told_by_the_inner_one(name: str, packet: bytes) -> None:
    for link, frame in ((ETHERNET, wire(packet)), (RAW, packet)):
        found = decode(link, frame)
        assert found.kind == "tcp-syn"
        assert found.text == f"{name} {LB01} > 172.16.10.13 | TCP SYN {BETWEEN}"


def test_gue_is_seen_at_the_ports_that_unwrap_it() -> None:
    packet = wire(ip(*OUTER, 17, udp(b"\0\4\0\0" + asked(SYN), 7000)))
    assert decode(ETHERNET, packet).kind == "udp"
    assert decode(ETHERNET, packet, frozenset((7000,))).kind == "tcp-syn"


def test_the_header_that_authenticates_vrrp_is_passed_over() -> None:
    inner = advert(2, (VIP,))[20:]
    packet = ip(LB01, "224.0.0.18", 51, bytes((112, 4)) + bytes(22) + inner)
    assert decode(RAW, packet).text.startswith(f"VRRPv2 {LB01}: virtual_router_id 33")


def test_ipv6_options_are_passed_over() -> None:
    packet = ip(
        "fe80::1", "ff02::16", 0, bytes((58, 0)) + bytes(6) + struct.pack(">BBHI", 143, *3 * [0])
    )
    assert decode(RAW, packet).kind == "group"


def test_the_page_names_all_kinds() -> None:
    page = (Path(__file__).parents[2] / "docs/capture.md").read_text()
    listed = page.partition("A packet's kind is")[2].partition(".")[0]
    assert tuple(re.findall(r"`([a-z-]+)`", listed)) == KINDS


def test_tunnels_in_tunnels_have_an_end() -> None:
    packet = asked(SYN)
    for _ in range(3000):
        packet = ip(*OUTER, 4, packet)[:65535]
    assert decode(RAW, packet).kind == "ip"


STARTS = [
    wire(asked(SYN)),
    wire(advert(3, (VIP,))),
    arp(1, CLIENT, VIP),
    wire(ip("10.0.0.1", "10.0.0.2", 47, b"")),
]
PROTOCOLS = st.sampled_from((1, 2, 4, 6, 17, 41, 47, 50, 51, 58, 112, 132))


@given(st.sampled_from((ETHERNET, RAW, 113)), st.binary(max_size=200))
def test_any_bytes_are_something(link: int, content: bytes) -> None:
    assert decode(link, content).kind in KINDS


@given(PROTOCOLS, st.binary(max_size=120), st.sampled_from((("fd00::1", "fd00::2"), OUTER)))
def test_any_payload_is_something(protocol: int, content: bytes, ends: tuple[str, str]) -> None:
    found = decode(RAW, ip(*ends, protocol, content))
    assert found.kind in KINDS
    assert "\n" not in found.text


@given(st.integers(0, 60), st.integers(0, 255))
def test_any_change_of_a_byte_is_something(at: int, value: int) -> None:
    for frame in STARTS:
        changed = bytearray(frame)
        changed[min(at, len(frame) - 1)] = value
        decode(ETHERNET, bytes(changed))
        decode(ETHERNET, bytes(changed[:at]))
