"""Names and addresses of links."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from lvsnet.plan.addressing import mac_address, unique_names

node_names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?", fullmatch=True)
ports = st.tuples(node_names, st.integers(1, 12)).map(lambda end: f"{end[0]}-eth{end[1]}")
bridges = node_names.map(lambda name: f"br-{name}")


@given(st.lists(ports | bridges | st.sampled_from(["br-eth1", "br-aaaaaaaaaaaaaaaa"]), max_size=20))
def test_interface_names_fit_and_differ(wanted: list[str]) -> None:
    names = unique_names(wanted)
    assert len(names) == len(set(names)) == len(wanted)
    assert all(0 < len(name) <= 15 for name in names)
    assert all(name in names for name in wanted if len(name) <= 15)


def test_names_that_fit_stay() -> None:
    assert unique_names(["br-lan", "lb01-eth1"]) == ["br-lan", "lb01-eth1"]


def test_a_bridge_and_a_port_of_one_name_are_told_apart() -> None:
    # Segment eth1 and the first interface of node br.
    bridge, port = unique_names(["br-eth1", "br-eth1"])
    assert bridge == "br-eth1"
    assert re.fullmatch("br-[0-9a-f]{5}-1", port)


def test_a_shortened_name_makes_way_for_one_that_is_written_so() -> None:
    long = "br-a-segment-with-a-long-name"
    (short,) = unique_names([long])
    assert unique_names([long, short]) == [unique_names([short, long])[1], short]


def test_what_is_shortened_does_not_depend_on_its_neighbours() -> None:
    long = "web-server-number-one-eth2"
    assert unique_names([long])[0] == unique_names(["br-lan", "lb01-eth1", long])[2]


def test_mac_addresses_are_local_unicast_and_follow_from_the_names() -> None:
    mac = mac_address("dr", "lb01", "eth1")
    assert mac == mac_address("dr", "lb01", "eth1")
    assert len(mac) == 17
    assert int(mac[:2], 16) & 0b11 == 0b10
    others = {
        mac_address("dr2", "lb01", "eth1"),
        mac_address("dr", "lb02", "eth1"),
        mac_address("dr", "lb01", "eth2"),
    }
    assert len(others - {mac}) == 3
