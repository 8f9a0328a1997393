"""Which packets of a scenario are kept."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.compiled import compile_file
from lvsnet.observe.packet import KINDS, Packet
from lvsnet.resources import example_labs
from lvsnet.scenario import key_packets
from lvsnet.scenario.key_packets import MOST, OPENING, KeyPackets

SECOND = 1_000_000_000
VIP = "192.168.10.100"
ADVERT = "VRRPv2 192.168.10.11: virtual_router_id 33, priority 150, 192.168.10.100, every 1 s"


def packet(seconds: float, kind: str, text: str, node: str = "lb01") -> Packet:
    return Packet(round(seconds * SECOND), node, "eth1", kind, text)


def kept(*packets: Packet) -> list[Packet]:
    found = KeyPackets(frozenset({VIP, "fd00:10::100"}))
    for one in packets:
        found.take([one])
    return list(found.kept())


def syn(seconds: float, port: int) -> Packet:
    return packet(seconds, "tcp-syn", f"TCP SYN 192.168.10.10:{port} > {VIP}:80", "client")


def test_an_advertisement_is_news_once() -> None:
    same = [packet(n, "vrrp", ADVERT) for n in range(20)]
    assert kept(*same) == same[:1]


def test_one_of_another_master_is_news_and_the_first_one_s_when_it_is_back() -> None:
    other = ADVERT.replace("10.11", "10.12").replace("150", "100")
    first = [packet(n, "vrrp", ADVERT) for n in range(3)]
    second = [packet(n, "vrrp", other, "lb02") for n in range(6, 10)]
    again = [packet(n, "vrrp", ADVERT) for n in range(10, 13)]
    assert kept(*first, *second, *again) == [first[0], second[0], again[0]]


def test_two_masters_at_once_are_news_once() -> None:
    other = ADVERT.replace("10.11", "10.12")
    both = [
        one
        for n in range(30)
        for one in (packet(n, "vrrp", ADVERT), packet(n + 0.5, "vrrp", other, "lb02"))
    ]
    assert kept(*both) == both[:2]


def test_seldom_advertisements_are_no_news_once_their_interval_is_known() -> None:
    seldom = [packet(10 * n, "vrrp", ADVERT) for n in range(9)]
    assert kept(*seldom) == seldom[:2]


def test_arp_is_of_interest_for_vips() -> None:
    vip = packet(0, "arp-request", f"ARP who-has {VIP} tell 192.168.10.10", "client")
    near = packet(0, "arp-request", "ARP who-has 192.168.10.1 tell 192.168.10.10", "client")
    longer = packet(0, "arp-reply", f"ARP {VIP}1 is-at 02:00:00:00:00:01, to 192.168.10.10")
    six = packet(0, "nd-solicitation", "ND who-has fd00:10::100 tell fd00:10::10", "client")
    assert kept(vip, near, longer, six) == [vip, six]


def test_a_burst_of_gratuitous_arps_is_told_once_and_the_next_again() -> None:
    text = f"ARP {VIP} is-at 02:00:00:00:00:01 (gratuitous)"
    burst = [packet(n / 1000, "arp-gratuitous", text) for n in range(5)]
    later = [packet(5 + n / 1000, "arp-gratuitous", text) for n in range(5)]
    assert kept(*burst, *later) == [burst[0], later[0]]


def test_of_connections_the_first_are_kept_and_those_after_what_tells() -> None:
    many = [syn(n / 10, 40000 + n) for n in range(50)]
    reset = packet(5, "tcp-rst", f"TCP RST {VIP}:80 > 192.168.10.10:40049")
    more = [syn(5.1 + n / 10, 50000 + n) for n in range(50)]
    assert kept(*many, reset, *more) == [*many[:OPENING], reset, *more[:OPENING]]


def test_a_syn_that_comes_again_was_not_answered() -> None:
    many = [syn(n / 10, 40000 + n) for n in range(50)]
    again = syn(6, 40045)
    late = syn(40, 40046)
    assert kept(*many, again, late) == [*many[:OPENING], again]


def test_data_and_pings_are_not_kept() -> None:
    assert (
        kept(packet(0, "tcp", "TCP 1, 5 bytes"), packet(0, "icmp", "ping"), packet(1, "ip", ""))
        == []
    )


def test_of_many_alike_the_first_and_the_last_are_kept() -> None:
    many = [packet(n, "icmp-error", f"port unreachable {n}") for n in range(200)]
    assert kept(*many) == [*many[:MOST], *many[-MOST:]]


packets = st.lists(
    st.builds(packet, st.floats(0, 1e5), st.sampled_from(KINDS), st.sampled_from("abcdefgh")),
    max_size=60,
)


@settings(max_examples=60)
@given(packets)
def test_what_is_kept_was_there_in_order(found: list[Packet]) -> None:
    found.sort(key=lambda one: one.at)
    whole = KeyPackets(frozenset())
    whole.take(found)
    assert whole.kept() == tuple(sorted(whole.kept(), key=lambda one: one.at))
    assert set(whole.kept()) <= set(found)
    assert len(whole.kept()) <= 2 * MOST * len(key_packets.TOLD)


def test_what_connections_say_is_forgotten() -> None:
    """Memory does not grow with the length of a run."""
    found = KeyPackets(frozenset())
    for n in range(5000):
        found.take([syn(n, n)])
    assert len(found.heard) < 50


def test_a_lab_s_vips_and_services_are_known() -> None:
    plan = compile_file(example_labs()["dr"]).plan
    assert key_packets.of_lab(plan).vips == {VIP}
    assert key_packets.capture(plan).segments == ("lan",)
