"""``vrrp.spread`` and what it becomes: the instances and services that one would write by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from plans import content, replaced

from lvsnet.compiled import compile_document
from lvsnet.errors import LabFileError
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Table
from lvsnet.lab.load import examine
from lvsnet.lab.model import Lab
from lvsnet.lab.model_vrrp import Spread
from lvsnet.lab.spread_addresses import vips_of
from lvsnet.plan.model import Plan
from lvsnet.scenario import files

HERE = Path(__file__).parent
SPREAD = (HERE / "labs" / "spread.yaml").read_text()
ONE = "spread: {addresses: 6, over: [lb01, lb02, lb03], losses: 1}"
SMALL = f"""
name: small
segments:
  lan: 192.168.10.0/24
nodes:
  lb01: {{role: director, interfaces: {{lan: 192.168.10.11}}}}
  lb02: {{role: director, interfaces: {{lan: 192.168.10.12}}}}
  lb03: {{role: director, interfaces: {{lan: 192.168.10.13}}}}
  nginx01: {{role: realserver, interfaces: {{lan: 192.168.10.14}}}}
vrrp:
  {ONE}
services:
  web: {{address: spread, port: 80, method: dr, real_servers: [nginx01]}}
"""
BY_HAND = """
name: small
segments: {lan: 192.168.10.0/24}
nodes:
  lb01: {role: director, interfaces: {lan: 192.168.10.11}}
  lb02: {role: director, interfaces: {lan: 192.168.10.12}}
  lb03: {role: director, interfaces: {lan: 192.168.10.13}}
  nginx01: {role: realserver, interfaces: {lan: 192.168.10.14}}
vrrp:
"""
ADDRESSES = [f"192.168.10.{last}" for last in range(249, 255)]


def lab(text: str) -> Lab:
    return examine(parse(text), Path("x.yaml")).lab


def plan(text: str) -> Plan:
    return compile_document(parse(text), Path("x.yaml")).plan


def problems(text: str) -> list[str]:
    with pytest.raises(LabFileError) as raised:
        examine(parse(text), Path("x.yaml"))
    return [one.message for one in raised.value.problems if not one.warning]


def orders(of: Lab) -> list[tuple[str, ...]]:
    """For each VIP the machines, best first."""
    return [
        tuple(sorted(one.priority, key=lambda node: -one.priority[node]))
        for one in of.vrrp.values()
    ]


def by_hand(found: Sequence[Sequence[str]]) -> str:
    """What one would have to write for these orders."""
    text = BY_HAND
    for number, (order, address) in enumerate(zip(found, ADDRESSES, strict=True), 1):
        first, second, third = order
        text += (
            f"  SPREAD_{number}: {{segment: lan, virtual_router_id: {50 + number}, addresses:"
            f" [{address}], priority: {{{first}: 150, {second}: 100, {third}: 50}}}}\n"
        )
    text += "services:\n"
    for number, address in enumerate(ADDRESSES, 1):
        text += (
            f"  web-{number}: {{address: {address}, port: 80, method: dr, real_servers:"
            " [nginx01]}\n"
        )
    return text


def test_six_vips_over_three_directors_are_every_ordered_pair_once() -> None:
    made = orders(lab(SMALL))
    assert len(set(made)) == len(made) == 6
    assert {len(one) for one in made} == {3}


def test_a_spread_compiles_to_what_one_would_write_by_hand() -> None:
    assert plan(SMALL) == plan(by_hand(orders(lab(SMALL))))


def test_a_list_of_addresses_is_the_number_written_out() -> None:
    listed = replaced(SMALL, ("addresses: 6", f"addresses: [{', '.join(ADDRESSES)}]"))
    assert plan(listed) == plan(SMALL)


def test_the_order_of_a_list_and_prefix_lengths_are_kept() -> None:
    found = lab(replaced(SMALL, ("addresses: 6", "addresses: [192.168.10.9/24, 192.168.10.5]")))
    assert [str(one.addresses[0]) for one in found.vrrp.values()] == [
        "192.168.10.9/24",
        "192.168.10.5/32",
    ]
    assert [str(one.address) for one in found.services.values()] == ["192.168.10.9", "192.168.10.5"]


def test_a_spread_goes_round_what_others_have() -> None:
    found = lab(SPREAD)
    made = {name: one for name, one in found.vrrp.items() if name.startswith("SPREAD_")}
    assert list(found.vrrp) == ["VI_1", *made]
    assert [one.virtual_router_id for one in made.values()] == [51, 53, 54, 55, 56, 57]
    assert [str(one.addresses[0].ip).rpartition(".")[2] for one in made.values()] == (
        "247 248 249 250 251 253".split()
    )
    assert {str(one.advert_int) for one in made.values()} == {"2s"}
    assert {one.track_script[0].script for one in made.values()} == {"chk_link"}
    assert {one.authentication.auth_pass for one in made.values() if one.authentication} == {
        "netology"
    }


def test_services_take_the_place_of_the_one_that_they_are_made_of() -> None:
    web, api = ([f"{name}-{number}" for number in range(1, 7)] for name in ("web", "api"))
    found = lab(SPREAD)
    assert list(found.services) == [*web, "admin", *api]
    assert [found.services[one].address for one in web] == [
        found.services[one].address for one in api
    ]


@pytest.mark.parametrize(
    "taken",
    [
        ", routes: [{to: default, via: 192.168.10.254}]}",
        "}, r: {role: router, interfaces: {lan: 192.168.10.254}}",
    ],
    ids=["gateway", "node"],
)
def test_an_address_that_somebody_has_is_not_free(taken: str) -> None:
    text = (
        f"name: x\nsegments: {{lan: 192.168.10.0/24}}\nnodes: {{"
        f"lb01: {{role: director, interfaces: {{lan: 192.168.10.11}}{taken},"
        " lb02: {role: director, interfaces: {lan: 192.168.10.12}}}\n"
        "vrrp: {spread: {addresses: 1, over: [lb01, lb02]}}\n"
    )
    (one,) = lab(text).vrrp.values()
    assert str(one.addresses[0].ip) == "192.168.10.253"


def test_services_and_real_servers_have_addresses_too() -> None:
    """Also where they are wrong, so that no other error comes of them."""
    more = (
        "  api: {address: 192.168.10.254, port: 80, method: dr, real_servers: [192.168.10.253,"
        " {address: 192.168.10.252}]}\n"
    )
    root = parse(SMALL + more).root
    assert isinstance(root, Table)
    spread = Spread(addresses=1, over=["lb01", "lb02"])
    assert [one.service(4) for one in vips_of(root, spread, "lan")] == ["192.168.10.251"]


def test_the_segment_is_given_where_directors_share_several() -> None:
    two = replaced(
        SMALL,
        ("segments:\n", "segments:\n  back: 10.0.0.0/30\n"),
        ("{lan: 192.168.10.11}", "{back: 10.0.0.1, lan: 192.168.10.11}"),
        ("{lan: 192.168.10.12}", "{back: 10.0.0.2, lan: 192.168.10.12}"),
    )
    assert {one.segment for one in lab(two).vrrp.values()} == {"lan"}
    pair = two.replace(ONE, "spread: {addresses: 6, over: [lb01, lb02]}")
    (told,) = problems(pair)
    assert "lb01 and lb02 share the segments back and lan; say with 'segment'" in told
    chosen = pair.replace("over:", "segment: lan, over:")
    assert {one.segment for one in lab(chosen).vrrp.values()} == {"lan"}


def test_sync_groups_name_the_instances() -> None:
    text = SMALL + "vrrp_sync_group: {ALL: [SPREAD_1, SPREAD_4]}\nallow: [sync-group-priority]\n"
    assert lab(text).vrrp_sync_group["ALL"].group == ["SPREAD_1", "SPREAD_4"]
    wrong = text.replace("SPREAD_4", "SPREAD_7")
    assert problems(wrong)[0].startswith("sync group ALL: unknown VRRP instance 'SPREAD_7'")


def test_a_wrong_spread_is_not_told_again_by_those_who_name_its_instances() -> None:
    text = SMALL + "vrrp_sync_group: {ALL: [SPREAD_1, SPREAD_4]}\n"
    assert problems(text.replace("losses: 1", "losses: 3")) == [
        "vrrp.spread: losses: 3 of 3 directors; one has to be left, so it is 2 at most"
    ]


def test_what_a_spread_makes_is_bounded() -> None:
    services = "".join(
        f"  s{n}: {{address: spread, port: {n}, method: dr, real_servers: [nginx01]}}\n"
        for n in range(1, 101)
    )
    text = SMALL.replace("addresses: 6", "addresses: 200")
    assert problems(text + services) == [
        "vrrp.spread: too large: 200 VIPs make more than 100000 values"
    ]


def test_allow_and_strict_mean_the_spread_s_rules_too() -> None:
    text = SMALL.replace("losses: 1", "nopreempt: true")
    (told,) = examine(parse(text), Path("x.yaml")).warnings
    assert told.rule == "spread-nopreempt"
    assert not examine(parse(f"{text}allow: [spread-nopreempt]\n"), Path("x.yaml")).warnings


def test_a_matrix_tries_several_numbers_of_vips(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    path = tmp_path / "many.yaml"
    scenario = (
        "lab: small.yaml\nscenarios:\n  many:\n    matrix:\n"
        "      vrrp.spread.addresses: [3, 4, 6]\n      advert_int: [1s, 2s]\n"
        "    steps: [wait: 1s]\n"
    )
    path.write_text(scenario)
    jobs = files.variants(files.collect(path))
    written = [content(one.plan, "lb01", "/etc/keepalived/keepalived.conf") for one in jobs]
    assert [one.count("\nvrrp_instance ") for one in written] == [3, 3, 4, 4, 6, 6]
    assert [one.count("advert_int 2\n") for one in written] == [0, 3, 0, 4, 0, 6]
    path.write_text(scenario.replace("4, 6", "250, 0"))
    with pytest.raises(LabFileError) as raised:
        files.variants(files.collect(path))
    first, second = raised.value.problems
    assert (first.line, first.column) == (5, 34)
    assert "from virtual_router_id 51 on only 205 are free in segment lan" in first.message
    assert (second.line, second.column) == (5, 39)
    assert second.message == "vrrp.spread.addresses: 0 is too small; at least 1"
