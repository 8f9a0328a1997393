"""``vrrp.spread`` with VIPs of IPv6, and of both families."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plans import content

from lvsnet.compiled import compile_document
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Entry, Mark, Table
from lvsnet.lab.load import examine
from lvsnet.lab.model import Lab
from lvsnet.lab.model_vrrp import Spread
from lvsnet.lab.spread_addresses import vips_of
from lvsnet.spread.dealing import dealt
from lvsnet.spread.planning import orders

SITE = """
name: small
segments: {{lan: {subnets}}}
nodes:
  lb01: {{role: director, interfaces: {{lan: [192.168.10.11, fd00:10::11]}}}}
  lb02: {{role: director, interfaces: {{lan: [192.168.10.12, fd00:10::12]}}}}
  lb03: {{role: director, interfaces: {{lan: [192.168.10.13, fd00:10::13]}}}}
  nginx01: {{role: realserver, interfaces: {{lan: [192.168.10.14, fd00:10::14]}}}}
vrrp:
  spread: {{over: [lb01, lb02, lb03], {spread}}}
services:
  web: {{address: spread, port: 80, method: dr, real_servers: [nginx01]}}
"""
BOTH = "[192.168.10.0/24, fd00:10::/64]"
SIX = "fd00:10::/64"


def lab(spread: str, subnets: str = BOTH) -> Lab:
    text = SITE.format(spread=spread, subnets=subnets)
    if subnets == SIX:
        text = text.replace("192.168.10.11, ", "").replace("192.168.10.12, ", "")
        text = text.replace("192.168.10.13, ", "").replace("192.168.10.14, ", "")
    return examine(parse(text), Path("x.yaml")).lab


def vips(of: Lab) -> dict[str, list[str]]:
    return {name: [str(vip.ip) for vip in one.addresses] for name, one in of.vrrp.items()}


def order(of: Lab, name: str) -> tuple[str, ...]:
    priority = of.vrrp[name].priority
    return tuple(sorted(priority, key=lambda node: -priority[node]))


@pytest.mark.parametrize(
    ("spread", "subnets"), [("addresses: 2", SIX), ("addresses: 2, ip_family: inet6", BOTH)]
)
def test_a_number_of_ipv6_vips_are_of_version_3_and_begin_with_a_link_local_address(
    spread: str, subnets: str
) -> None:
    found = lab(spread, subnets)
    assert vips(found) == {
        "SPREAD_1": ["fe80::101", "fd00:10::101"],
        "SPREAD_2": ["fe80::102", "fd00:10::102"],
    }
    assert {one.version for one in found.vrrp.values()} == {3}
    assert [str(one.address) for one in found.services.values()] == ["fd00:10::101", "fd00:10::102"]


def test_a_number_is_of_ipv4_where_there_is_ipv4() -> None:
    assert lab("addresses: 1") == lab("addresses: 1, ip_family: inet")
    assert vips(lab("addresses: 1")) == {"SPREAD_1": ["192.168.10.254"]}


def test_a_vip_of_both_families_has_an_instance_and_a_service_of_each() -> None:
    found = lab("addresses: 4, ip_family: [inet6, inet], virtual_router_id: 7")
    assert list(found.vrrp)[:3] == ["SPREAD_1", "SPREAD_1_IPV6", "SPREAD_2"]
    assert vips(found)["SPREAD_1"] == ["192.168.10.251"]
    assert vips(found)["SPREAD_1_IPV6"] == ["fe80::101", "fd00:10::101"]
    assert [one.version for one in found.vrrp.values()] == [2, 3] * 4
    # They do not hear each other, and are never apart.
    assert [one.virtual_router_id for one in found.vrrp.values()] == [7, 7, 8, 8, 9, 9, 10, 10]
    for number in range(1, 5):
        four, six = f"SPREAD_{number}", f"SPREAD_{number}_IPV6"
        assert found.vrrp[four].priority == found.vrrp[six].priority
        assert found.services[f"web-{number}"].address == found.vrrp[four].addresses[0].ip
        assert found.services[f"web-{number}-ipv6"].address == found.vrrp[six].addresses[1].ip


def test_the_number_written_out_is_the_same() -> None:
    written = "addresses: [[192.168.10.253, fd00:10::101], [fd00:10::102, 192.168.10.254]]"
    assert lab(written) == lab("addresses: 2, ip_family: [inet, inet6]")


def test_a_link_local_address_that_is_written_is_taken_wherever_it_stands() -> None:
    found = lab("addresses: [[fd00:10::9/64, fe80::1], fd00:10::1]")
    # fe80::1 is taken.
    assert [*vips(found).values()] == [["fe80::1", "fd00:10::9"], ["fe80::2", "fd00:10::1"]]


def test_gateways_of_a_link_need_no_other_address() -> None:
    text = SITE.format(spread="addresses: [fe80::7, fe80::8]", subnets=BOTH)
    found = examine(parse(text.partition("services:")[0]), Path("x.yaml")).lab
    assert vips(found) == {"SPREAD_1": ["fe80::7"], "SPREAD_2": ["fe80::8"]}


@pytest.mark.parametrize(
    "others",
    [
        "addresses: [{192.168.10.254: {label: 'eth1:x'}}]",
        "addresses: [10.9.9.9], virtual_ipaddress_excluded: [192.168.10.254 dev lan]",
        "addresses: [10.9.9.9], virtual_ipaddress_excluded: [{192.168.10.254: {dev: lan}}]",
        "addresses: [10.9.9.9], virtual_ipaddress_excluded: {lb01: [192.168.10.254/24]}",
    ],
)
def test_addresses_with_options_and_those_of_no_advertisement_are_not_free(others: str) -> None:
    root = parse(SITE.format(spread="addresses: 1", subnets=BOTH)).root
    assert isinstance(root, Table)
    vrrp = root.entries["vrrp"].node
    other = parse(f"segment: lan\n{others.replace(', virtual', chr(10) + 'virtual')}").root
    assert isinstance(vrrp, Table)
    assert other is not None
    vrrp.entries["VI_1"] = Entry(Mark(1, 1), Mark(1, 1), other)
    spread = Spread(addresses=1, over=["lb01", "lb02"])
    assert [one.service(4) for one in vips_of(root, spread, "lan")] == ["192.168.10.253"]


def test_a_service_s_addresses_of_both_families_are_on_its_real_servers() -> None:
    text = SITE.format(spread="addresses: 1, ip_family: [inet, inet6]", subnets=BOTH)
    made = compile_document(parse(text), Path("x.yaml")).plan
    netplan = content(made, "nginx01", "/etc/netplan/50-lo_ipvs.yaml")
    assert "192.168.10.254/32" in netplan
    assert "fd00:10::101/128" in netplan
    assert "fe80::" not in netplan


def test_a_list_of_both_families_is_even_in_each() -> None:
    addresses = [f"192.168.10.10{n}" for n in (1, 2, 3)] + [f"fd00:10::10{n}" for n in (1, 2, 3)]
    found = lab(f"addresses: [{', '.join(addresses)}]")
    for version in (4, 6):
        firsts = Counter(
            order(found, name)[0]
            for name, one in found.vrrp.items()
            if one.addresses[0].version == version
        )
        assert firsts == {"lb01": 1, "lb02": 1, "lb03": 1}
    assert len({order(found, name) for name in found.vrrp}) == 6
    assert len({one.virtual_router_id for one in found.vrrp.values()}) == 6


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=12))
def test_dealing_only_changes_whose_an_order_is(kinds: list[str]) -> None:
    plan = orders(["lb01", "lb02", "lb03"], len(kinds), 1)
    found = dealt(plan, kinds)
    assert Counter(found) == Counter(plan)
    if len(set(kinds)) == 1:
        assert found == plan


@given(st.integers(2, 4), st.integers(1, 3), st.integers(1, 3))
def test_dealing_is_even_in_each_kind(directors: int, a: int, b: int) -> None:
    """Where a kind's VIPs are a multiple of the directors, and the plan is even."""
    names = [f"lb{number}" for number in range(directors)]
    kinds = ["a"] * (a * directors) + ["b"] * (b * directors)
    found = dealt(orders(names, len(kinds), 1), kinds)
    for kind, count in (("a", a), ("b", b)):
        first = Counter(one[0] for one, its in zip(found, kinds, strict=True) if its == kind)
        assert set(first.values()) == {count}
