"""Which frames are gratuitous ARPs."""

from __future__ import annotations

from ipaddress import IPv4Address

from lvsnet.observe.arp import OVER_ETHERNET, PACKET, announced

MAC = bytes.fromhex("02f7bcb1c1c0")
VIP, OTHER = IPv4Address("192.168.10.100"), IPv4Address("192.168.10.10")


def frame(sender: IPv4Address, target: IPv4Address, operation: int = 1) -> bytes:
    ethernet = b"\xff" * 6 + MAC + b"\x08\x06"
    packet = PACKET.pack(*OVER_ETHERNET, operation, MAC, sender.packed, bytes(6), target.packed)
    return ethernet + packet + bytes(18)


def test_requests_and_replies_about_oneself_are() -> None:
    for operation in (1, 2):
        found = announced(frame(VIP, VIP, operation))
        assert found == ("192.168.10.100", "02:f7:bc:b1:c1:c0")


def test_questions_and_probes_are_not() -> None:
    assert announced(frame(OTHER, VIP)) is None
    assert announced(frame(IPv4Address(0), VIP)) is None
    assert announced(frame(IPv4Address(0), IPv4Address(0))) is None


def test_what_is_no_arp_over_ethernet_is_not() -> None:
    whole = frame(VIP, VIP)
    assert announced(whole[:41]) is None
    assert announced(whole[:14] + b"\0\x06" + whole[16:]) is None
