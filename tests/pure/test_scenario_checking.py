"""Whether what scenarios name is there, by the plan alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lvsnet.compiled import compile_file
from lvsnet.errors import LvsnetError
from lvsnet.observe.grammar import parse
from lvsnet.plan.model import File, Node, Plan
from lvsnet.resources import example_labs
from lvsnet.scenario import checking
from lvsnet.scenario.model import Even, Holds, Measured, Run, Single, States
from lvsnet.traffic.model import Load, Target

VIP = "192.168.10.100"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_file(example_labs()["dr"]).plan


def changed(plan: Plan, name: str, **fields: object) -> Plan:
    def one(node: Node) -> Node:
        return replace(node, **fields) if node.name == name else node  # type: ignore[arg-type]

    return replace(plan, nodes=tuple(map(one, plan.nodes)))


def load(host: str, *clients: str) -> Load:
    return Load("web", clients or ("client",), Target("http", host, 80), 20.0, 10)


def test_what_is_there_is_taken(plan: Plan) -> None:
    for one in (
        Holds(parse(f"vip {VIP} on lb01 and active == 0 on lb02")),
        States("ESTABLISHED", ">=", 1, "lb01"),
        Measured("answered", "==", 1.0, "", "nginx01"),
        Even(10.0, (("nginx01", 1), ("nginx02", 2))),
        Run("client", "true"),
    ):
        checking.expectation(one, plan)
    checking.watch(Single(), plan)
    checking.watch(Single(VIP), plan)
    for host in (VIP, "192.168.10.13", "nginx02", "localhost", "127.0.0.1", "::1"):
        checking.load(load(host, "client", "lb01"), plan)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nginx3", "no real server of lab dr answers as nginx3; there is nginx01, nginx02; did y"),
        ("rs9", "no real server of lab dr answers as rs9; there is nginx01, nginx02$"),
    ],
)
def test_who_answers(plan: Plan, name: str, why: str) -> None:
    for one in (Measured("answered", "==", 1.0, "", name), Even(1.0, ((name, 1),))):
        with pytest.raises(LvsnetError, match=why):
            checking.expectation(one, plan)
    page = File("/var/www/html/index.html", f"{name}\n")
    nginx = next(node for node in plan.nodes if node.name == "nginx01")
    own = changed(plan, "nginx01", files=(*nginx.files, page))
    checking.expectation(Even(1.0, ((name, 1),)), own)
    # What an image of the user's answers is not known.
    checking.expectation(Even(1.0, ((name, 1),)), changed(plan, "nginx01", image="nginx:1.27"))


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("192.168.10.200", "lab dr has no VIP 192.168.10.200; there is"),
        ("ngin01", "client knows no host ngin01; did you mean nginx01?"),
        ("example.org", "client knows no host example.org$"),
    ],
)
def test_who_is_asked(plan: Plan, host: str, why: str) -> None:
    with pytest.raises(LvsnetError, match=why):
        checking.load(load(host), plan)


def test_a_table_that_no_lab_like_this_has(plan: Plan) -> None:
    for text in ("active == 0 on nginx01", "real_server nginx01 in client"):
        with pytest.raises(LvsnetError, match="has no virtual services; there is lb01, lb02"):
            checking.expectation(Holds(parse(text)), plan)
    bare = replace(
        plan,
        kernel=("veth", "bridge"),
        nodes=tuple(one for one in plan.nodes if one.role != "director"),
    )
    with pytest.raises(LvsnetError, match="nginx01 is a realserver, and lab dr has no IPVS"):
        checking.expectation(States("UDP", "==", 0, "nginx01"), bare)


def test_loads_by_their_names() -> None:
    loads = {"web": load(VIP), "dns": load("192.168.10.13")}
    assert checking.loads_of("web", loads) == (loads["web"],)
    assert checking.loads_of("", loads) == tuple(loads.values())
    with pytest.raises(LvsnetError, match="no traffic was begun before it"):
        checking.loads_of("", {})
    with pytest.raises(LvsnetError, match=r"of the name wbe .*; there is web, dns; did you mean w"):
        checking.loads_of("wbe", loads)


def test_what_an_expectation_is_about() -> None:
    loads = (load(VIP), load("nginx01"))
    assert checking.addresses(Holds(parse(f"vip {VIP} on lb01")), ()) == {VIP}
    assert checking.addresses(Holds(parse("active == 0 on lb01")), loads) == frozenset()
    assert checking.addresses(Measured("lost", "==", 0.0), loads) == {VIP, "nginx01"}
    assert checking.addresses(Single(VIP), ()) == {VIP}
    assert checking.addresses(Single(), ()) == frozenset()


def test_the_client_that_is_meant(plan: Plan) -> None:
    assert checking.only_client(plan) == "client"
    assert checking.only_client(changed(plan, "lb01", role="client")) is None
    assert checking.only_client(changed(plan, "client", role="host")) is None
