"""Checks that rest on arithmetic: what weights do to priorities, and which way answers take."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from lvsnet.errors import LabFileError
from lvsnet.lab.compose import parse
from lvsnet.lab.load import examine

PRIORITIES = st.integers(1, 254)
MODEST = settings(max_examples=100, deadline=None)
HEAD = """\
name: small
segments: {lan: 192.168.10.0/24}
nodes:
  client: {role: client, interfaces: {lan: 192.168.10.10}}
  lb01: {role: director, interfaces: {lan: 192.168.10.11}}
  lb02: {role: director, interfaces: {lan: 192.168.10.12}}
"""


def rules(text: str) -> list[str]:
    """Names of the rules that a lab breaks; empty ones of errors without a name."""
    try:
        problems = examine(parse(text), Path("x.yaml")).warnings
    except LabFileError as error:
        problems = error.problems
    return [problem.rule for problem in problems]


def weighed(first: int, second: int, weight: int) -> str:
    return (
        f"{HEAD}vrrp:\n  VI_1: {{segment: lan, virtual_router_id: 33, addresses: [192.168.10.100],"
        f" priority: {{lb01: {first}, lb02: {second}}}, track_script: [chk]}}\n"
        f"vrrp_script: {{chk: {{script: /usr/bin/true, weight: {weight}}}}}\n"
    )


@MODEST
@given(PRIORITIES, PRIORITIES, st.integers(-253, -1))
def test_a_penalty_has_to_take_the_best_below_the_next(
    first: int, second: int, weight: int
) -> None:
    assume(first != second)
    best, following = max(first, second), min(first, second)
    stays = max(best + weight, 1) >= following
    assert rules(weighed(first, second, weight)) == (["track-weight-gap"] if stays else [])


@MODEST
@given(PRIORITIES, PRIORITIES, st.integers(1, 253))
@example(253, 254, 2)
def test_losing_a_bonus_has_to_take_the_best_below_the_next(
    first: int, second: int, weight: int
) -> None:
    assume(first != second)
    best, following = max(first, second), min(first, second)
    stays = best >= min(following + weight, 254)
    assert rules(weighed(first, second, weight)) == (["track-weight-gap"] if stays else [])


@MODEST
@given(PRIORITIES, PRIORITIES)
def test_without_a_weight_a_failure_is_a_fault(first: int, second: int) -> None:
    assume(first != second)
    assert rules(weighed(first, second, 0)) == []


def one_armed(routes: str, *, machines: str = "{lb01: 150, lb02: 100}") -> str:
    """NAT in one segment, which the client is in, too."""
    return (
        f"{HEAD}  nginx01:\n    role: realserver\n    interfaces: {{lan: 192.168.10.13}}\n"
        f"    routes: [{routes}]\n"
        "vrrp:\n  VI_1: {segment: lan, virtual_router_id: 33,"
        f" addresses: [192.168.10.100, 192.168.10.1], priority: {machines}}}\n"
        "services: {web: {address: 192.168.10.100, port: 80, method: nat,"
        " real_servers: [nginx01]}}\n"
    )


ALONE = "{lb01: 150}"


@pytest.mark.parametrize(
    ("routes", "machines", "broken"),
    [
        ("", "{lb01: 150, lb02: 100}", ["nat-client-subnet"]),
        ("{to: 192.168.10.10/32, via: 192.168.10.1}", "{lb01: 150, lb02: 100}", []),
        ("{to: 192.168.10.10/32, via: 192.168.10.100}", "{lb01: 150, lb02: 100}", []),
        ("{to: 192.168.10.0/25, via: 192.168.10.1}", "{lb01: 150, lb02: 100}", []),
        (
            "{to: 192.168.10.0/24, via: 192.168.10.1}",
            "{lb01: 150, lb02: 100}",
            ["nat-client-subnet"],
        ),
        (
            "{to: 192.168.10.128/25, via: 192.168.10.1}",
            "{lb01: 150, lb02: 100}",
            ["nat-client-subnet"],
        ),
        (
            "{to: 192.168.10.0/25, via: 192.168.10.1}, {to: 192.168.10.8/29, via: 192.168.10.9}",
            "{lb01: 150, lb02: 100}",
            ["nat-client-subnet"],
        ),
        (
            "{to: 192.168.10.0/25, via: 192.168.10.11}",
            "{lb01: 150, lb02: 100}",
            ["nat-return-path"],
        ),
        ("{to: 192.168.10.0/25, via: 192.168.10.11}", ALONE, []),
        ("{to: 192.168.10.0/25, via: 192.168.10.12}", ALONE, ["nat-client-subnet"]),
        ("{to: default, via: 192.168.10.1}", ALONE, ["nat-client-subnet"]),
    ],
)
def test_a_client_beside_the_real_servers(routes: str, machines: str, broken: list[str]) -> None:
    assert rules(one_armed(routes, machines=machines)) == broken


def two_armed(routes: str, client: str = "{front: 192.168.10.10}", gateway: str = "") -> str:
    return (
        "name: small\nsegments: {front: 192.168.10.0/24, back: 172.16.10.0/24, far: 10.0.0.0/8}\n"
        f"nodes:\n  client: {{role: client, interfaces: {client}}}\n"
        "  lb01: {role: director, interfaces: {front: 192.168.10.11, back: 172.16.10.11}}\n"
        "  lb02: {role: director, interfaces: {front: 192.168.10.12, back: 172.16.10.12}}\n"
        "  nginx01:\n    role: realserver\n    interfaces: {back: 172.16.10.13}\n"
        f"    routes: [{routes}]\n"
        "vrrp:\n  FRONT: {segment: front, virtual_router_id: 33, addresses: [192.168.10.100],"
        f" priority: {{lb01: 150, lb02: 100}}}}\n{gateway}"
        "services: {web: {address: 192.168.10.100, port: 80, method: nat,"
        " real_servers: [172.16.10.13]}}\n"
    )


BACK = (
    "  BACK: {segment: back, virtual_router_id: 34, addresses: [172.16.10.1],"
    " priority: {lb01: 150, lb02: 100}}\nvrrp_sync_group: {SITE: [FRONT, BACK]}\n"
)


@pytest.mark.parametrize(
    ("routes", "client", "gateway", "broken"),
    [
        ("", "{front: 192.168.10.10}", "", ["nat-return-path"]),
        ("", "{front: 192.168.10.10}", BACK, []),
        ("{to: default, via: 172.16.10.1}", "{front: 192.168.10.10}", BACK, []),
        ("{to: default, via: 172.16.10.12}", "{front: 192.168.10.10}", BACK, ["nat-return-path"]),
        ("{to: default, via: 172.16.10.99}", "{front: 192.168.10.10}", BACK, ["nat-return-path"]),
        (
            "{to: default, via: 172.16.10.99}, {to: 192.168.10.0/24, via: 172.16.10.1}",
            "{front: 192.168.10.10}",
            BACK,
            [],
        ),
        (
            "{to: default, via: 172.16.10.1}, {to: 10.0.0.0/8, via: 172.16.10.99}",
            "{far: 10.0.0.10}",
            BACK,
            ["nat-return-path"],
        ),
        ("", "{front: 192.168.10.10, back: 172.16.10.10}", BACK, []),
        ("", "{far: 10.0.0.10, back: 172.16.10.10}", BACK, ["nat-client-subnet"]),
    ],
)
def test_the_way_back(routes: str, client: str, gateway: str, broken: list[str]) -> None:
    assert rules(two_armed(routes, client, gateway)) == broken


def test_the_way_back_of_a_lab_without_clients_is_its_default_route() -> None:
    text = two_armed("{to: default, via: 172.16.10.99}", gateway=BACK)
    without = "\n".join(line for line in text.splitlines() if "role: client" not in line)
    assert rules(f"{without}\n") == ["nat-return-path"]


def test_a_gateway_that_only_some_directors_share_is_none() -> None:
    assert rules(two_armed("", gateway=BACK.replace(", lb02: 100", ""))) == [
        "sync-group-nodes",
        "nat-return-path",
    ]
