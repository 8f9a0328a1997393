"""A plan goes over the wire and comes back as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from lvsnet.engine.runtime import About
from lvsnet.errors import LvsnetError
from lvsnet.plan.codec import decode, digest, from_json, to_json
from lvsnet.plan.model import (
    Address,
    AddressHeld,
    ConfigurationTest,
    Daemon,
    File,
    Interface,
    Node,
    Plan,
    RealServerListed,
    Route,
    Segment,
)

NODE = Node(
    name="rs1",
    role="realserver",
    interfaces=(
        Interface("eth1", "lan", "rs1-eth1", "02:00:00:00:00:01", ("192.0.2.1/24",), 1500),
    ),
    addresses=(Address("lo", "192.0.2.100/32"),),
    routes=(Route("default", "192.0.2.2"),),
    sysctls=(("net.ipv4.conf.all.arp_ignore", "1"),),
    files=(File("/etc/motd", "größe \u2028 \x00 \U0001f40d\n", 0o600),),
    daemons=(
        Daemon("nginx", ("nginx", "-g", "daemon off;"), 1, (80, 443), ""),
        Daemon("x", ("x",), 2, pid_file="/run/x", tests=(ConfigurationTest(("x", "-t"), "x"),)),
    ),
    commands=(("sh", "-c", "true"), ()),
    environment=(("A", ""),),
    capabilities=("CAP_NET_ADMIN",),
    privileged=False,
    image="",
)
PLAN = Plan(
    lab="dr",
    segments=(Segment("lan", "br-lan", 1500),),
    nodes=(NODE,),
    kernel=("ip_vs",),
    held=(AddressHeld("192.0.2.100", ("lb01", "lb02")),),
    listed=(RealServerListed("lb01", "tcp", "192.0.2.100:80", "192.0.2.1:80"),),
    allow=("dr-port",),
    strict=True,
)


def test_a_plan_comes_back_equal() -> None:
    text = to_json(PLAN)
    assert from_json(text) == PLAN
    assert to_json(from_json(text)) == text
    assert "\n" not in text


def test_a_digest_tells_plans_apart() -> None:
    other = Plan(PLAN.lab, (), PLAN.nodes, PLAN.kernel, PLAN.held, PLAN.listed)
    assert digest(PLAN) == digest(from_json(to_json(PLAN)))
    assert digest(PLAN) != digest(other)
    assert len(digest(PLAN)) == 64


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"lab":"dr"', '"lab":1', "plan.lab: expected str, not int"),
        ('"lab":"dr"', '"lab":"dr","more":1', "plan: unknown more"),
        ('"lab":"dr",', "", "plan: lab missing"),
        ('"stage":1', '"stage":true', r"plan.nodes[0].daemons[0].stage: expected int, not bool"),
        ('[["A",""]]', '[["A"]]', "plan.nodes[0].environment[0]: expected 2 values, not 1"),
        ('["ip_vs"]', '"ip_vs"', "plan.kernel: expected a list, not str"),
        ('"addresses":[{"interface"', '"addresses":[[],{"interface"', "expected Address, not list"),
        ('{"lab"', '["lab"', "plan: not JSON"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_place(old: str, new: str, message: str) -> None:
    text = to_json(PLAN)
    assert old in text
    with pytest.raises(LvsnetError) as caught:
        from_json(text.replace(old, new, 1))
    assert message in str(caught.value)


def test_a_list_is_no_plan() -> None:
    with pytest.raises(LvsnetError, match="plan: expected Plan, not list"):
        from_json(json.dumps([]))


def test_what_an_older_version_wrote_has_defaults_for_what_it_did_not_know() -> None:
    about = About("/labs/dr.yaml", "crun", "guest 7.2", "as it was asked for", 0)
    written = asdict(about)
    assert decode(About, written, "about") == about
    del written["clock"], written["seed"]
    assert decode(About, written, "about") == about
    with pytest.raises(LvsnetError, match="about: user missing"):
        decode(About, {name: one for name, one in written.items() if name != "user"}, "about")


@pytest.mark.parametrize("seed", [None, 0, 2**63 - 1])
def test_a_number_that_may_be_none(seed: int | None) -> None:
    about = About("", "crun", "guest 7.2", "", 0, "virtual", seed)
    assert decode(About, json.loads(json.dumps(asdict(about))), "about") == about


@pytest.mark.parametrize("seed", ["7", True, 7.0])
def test_anything_else_for_it_is_refused(seed: object) -> None:
    with pytest.raises(LvsnetError, match=r"about\.seed: expected int, not"):
        decode(About, {**asdict(About("", "", "", "", 0)), "seed": seed}, "about")


def test_reading_a_plan_needs_the_standard_library_only() -> None:
    program = (
        "import sys, lvsnet.plan.codec\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}"
        " - set(sys.stdlib_module_names)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    assert "lvsnet" in ran.stdout
    assert not {"pydantic", "ruamel", "pyroute2", "typer"} & set(ran.stdout.split())
