"""Results of scenarios for tests of reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from testing_samples import BEGUN, SECOND, event, outcome, task

from lvsnet.observe.sample import Sample
from lvsnet.plan.model import File, Interface, Node, Segment
from lvsnet.scenario.result import LoadResult
from lvsnet.testing import table
from lvsnet.testing.model import Deployed, Result
from lvsnet.traffic import analysis
from lvsnet.traffic.model import Request

WEB = ("tcp 192.168.10.100:80", "192.168.10.13:80")
CONF = "vrrp_instance VI_1 {\n}\n"


def node(name: str, role: str, address: str, *files: File) -> Node:
    wire = Interface("eth1", "lan", "p1", "02:00:00:00:00:01", (f"{address}/24",), 1500)
    return Node(name, role, (wire,), (), (), (), files, (), (), (), (), False, "")


SEGMENTS = (Segment("lan", "br-lan", 1500),)
NODES = (
    node("lb01", "director", "192.168.10.11", File("/etc/keepalived/keepalived.conf", CONF)),
    node("nginx01", "realserver", "192.168.10.13"),
)


def request(at: float, took: float, server: str = "", failure: str = "") -> Request:
    sent = BEGUN + round(at * SECOND)
    return Request(sent, round(took * SECOND), "client", server, failure)


REQUESTS = (
    request(0.5, 0.001, "nginx02"),
    request(0, 0.002, "nginx01"),
    request(1, 1, failure="timeout"),
)


def loaded(requests: Sequence[Request]) -> LoadResult:
    return LoadResult("web", "http://192.168.10.100/", analysis.summary(requests), tuple(requests))


def sample(at: float, weight: int, active: int, inactive: int, node: str = "lb01") -> Sample:
    return Sample(BEGUN + round(at * SECOND), node, *WEB, weight, active, inactive)


def result(name: str = "director-dies") -> Result:
    """Of a run that failed, with something of everything."""
    lost = event(1, "traffic web: timeout", "traffic", "client", "lost")
    found = replace(
        outcome(event(-0.5, "holds it"), replace(lost, subject="web"), replace(lost, subject="x")),
        loads=(loaded(REQUESTS),),
        initial=(event(0, "VI_1 is MASTER", "vrrp", what="master"),),
        samples=(sample(0, 1, 0, 0), sample(2.5, -1, 0, 0), sample(0, 1, 2, 3, "lb02")),
    )
    whole = task(name)
    return Result(
        replace(whole, plan=replace(whole.plan, nodes=NODES, segments=SEGMENTS)),
        "failed",
        1.5,
        found,
        Deployed("crun", "guest 7.2.7", "virtual"),
    )


def text(*results: Result, requests: bool = True) -> str:
    """As `lvsnet test` writes them."""
    return json.dumps(table.document(results, (), 2.0, (), requests=requests))


def hour(count: int = 100_000) -> Result:
    """Of a load that goes on for an hour, with losses, and of tables that change all the time."""
    drawn = Random(7)
    requests = [
        request(
            n * 3600 / count,
            1 if n % 997 == 0 else drawn.lognormvariate(-7.5, 0.6),
            "" if n % 997 == 0 else f"nginx0{1 + n % 2}",
            "timeout" if n % 997 == 0 else "",
        )
        for n in range(count)
    ]
    counted = [
        replace(sample(n * 0.9, 1, drawn.randrange(9), drawn.randrange(2000), node), service=vip)
        for node in ("lb01", "lb02")
        for vip in ("tcp 192.168.10.100:80", "tcp 192.168.10.100:443")
        for n in range(4000)
    ]
    whole = result("an-hour")
    found = replace(
        outcome(*(event(n * 7.2, f"holds it {n}") for n in range(500))),
        ended=BEGUN + 3600 * SECOND,
        loads=(loaded(requests),),
        samples=tuple(counted),
    )
    return replace(whole, outcome=found)
