"""What rtnetlink's messages mean for what a node holds."""

from __future__ import annotations

from ipaddress import ip_address
from socket import AF_INET, AF_INET6

from lvsnet.engine.links import (
    ADDRESS,
    DELADDR,
    DELLINK,
    LINK,
    LOCAL,
    NAME,
    NEWADDR,
    NEWLINK,
    PREFIX,
    UP,
)
from lvsnet.engine.netlink import HEADER, attribute, text
from lvsnet.observe.notices import LOWER_UP, AddressNotice, Held, LinkNotice, Notice, parse

VIP = "192.168.10.100"
ETH1 = LinkNotice(2, "eth1", True, "")


def link(index: int, name: str, flags: int, kind: int = NEWLINK) -> bytes:
    body = LINK.pack(0, 0, index, flags, 0) + text(NAME, name)
    return HEADER.pack(HEADER.size + len(body), kind, 0, 0, 0) + body


def address(index: int, one: str, kind: int = NEWADDR) -> bytes:
    packed = ip_address(one)
    family, prefix = (AF_INET, 32) if packed.version == 4 else (AF_INET6, 128)
    attributes = attribute(PREFIX, packed.packed)
    if packed.version == 4:
        attributes += attribute(LOCAL, packed.packed)
    body = ADDRESS.pack(family, prefix, 0, 0, index) + attributes
    return HEADER.pack(HEADER.size + len(body), kind, 0, 0, 0) + body


def held(vips: frozenset[str] = frozenset((VIP,))) -> Held:
    found = Held(frozenset((("eth1", "192.168.10.11"),)), vips)
    assert [one.what for one in found.takes(ETH1)] == ["up"]
    return found


def told(found: Held, *messages: bytes) -> list[tuple[str, str, str]]:
    notices = parse(b"".join(messages))
    return [(one.what, one.subject, one.text) for notice in notices for one in found.takes(notice)]


def test_a_vip_comes_and_goes() -> None:
    found = held()
    assert told(found, address(2, VIP)) == [("gained", VIP, f"holds {VIP} on eth1")]
    assert told(found, address(2, VIP)) == []
    gone = address(2, VIP, DELADDR)
    assert told(found, gone, gone) == [("lost", VIP, f"holds {VIP} on eth1 no more")]


def test_what_the_plan_gives_and_lo_and_the_kernel_are_not_told() -> None:
    assert told(held(), address(2, "192.168.10.11"), address(1, VIP), address(2, "fe80::1")) == []


def test_a_link_local_vip_is_told() -> None:
    assert told(held(frozenset(("fe80::100",))), address(2, "fe80::100"))[0][:2] == (
        "gained",
        "fe80::100",
    )


def test_the_same_address_on_two_links_is_two() -> None:
    messages = (link(3, "eth2", UP | LOWER_UP), address(2, VIP), address(3, VIP))
    assert [text for _, _, text in told(held(), *messages)] == [
        "eth2 is up",
        f"holds {VIP} on eth1",
        f"holds {VIP} on eth2",
    ]


def test_a_link_without_its_carrier_or_switched_off_is_down() -> None:
    found = held()
    assert told(found, link(2, "eth1", UP)) == [("down", "eth1", "eth1 is down: no carrier")]
    assert told(found, link(2, "eth1", 0)) == []
    assert told(found, link(2, "eth1", UP | LOWER_UP)) == [("up", "eth1", "eth1 is up")]
    assert told(found, link(2, "eth1", LOWER_UP))[0][2] == "eth1 is down: switched off"


def test_a_link_that_is_gone_was_down() -> None:
    gone = link(2, "eth1", UP | LOWER_UP, DELLINK)
    assert told(held(), gone) == [("down", "eth1", "eth1 is down: it is gone")]


def test_lo_is_no_link_of_a_lab() -> None:
    assert told(held(), link(1, "lo", UP | LOWER_UP)) == []


def test_a_dump_makes_up_for_lost_messages() -> None:
    found = held()
    told(found, address(2, VIP), link(4, "tun0", UP | LOWER_UP))
    seen: list[Notice] = [
        LinkNotice(2, "eth1", False, "no carrier"),
        AddressNotice(2, "10.0.0.1", True),
    ]
    assert [(one.what, one.subject) for one in found.has_only(seen)] == [
        ("down", "tun0"),
        ("lost", VIP),
        ("down", "eth1"),
        ("gained", "10.0.0.1"),
    ]


def test_a_node_that_is_off_holds_nothing() -> None:
    found = held()
    told(found, address(2, VIP))
    assert [(one.what, one.subject) for one in found.loses_all()] == [("lost", VIP)]
    assert list(found.loses_all()) == []
