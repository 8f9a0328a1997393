"""labs/vips-*.yaml: what they expect of links is what the planner says, at every measurement.

Each scenario is played through on paper: who is off, who holds which VIP by the lab's priorities,
and what is sent to it. Whether the links carry that is for the labs themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from ipaddress import ip_address

import pytest

from lvsnet.faults.model import LinkDown, Mend, Netem, PowerOff, Put
from lvsnet.lab.addressing import is_of_link
from lvsnet.lab.load import load
from lvsnet.lab.model import Lab
from lvsnet.resources import example_labs
from lvsnet.scenario import files
from lvsnet.scenario.model import (
    Break,
    Carried,
    Expect,
    Finish,
    Holds,
    Links,
    Measured,
    Scenario,
    Send,
)
from lvsnet.spread import planning
from lvsnet.spread.model import Candidate, Director, Site, Vip

LABS = {name: file for name, file in example_labs().items() if name.startswith("vips-")}
CARELESS = "vips-2-careless"
HEADERS = {4: 14 + 20 + 8 + len("lvsnet 123 \n"), 6: 14 + 40 + 8 + len("lvsnet 123 \n")}
"""What a datagram has besides its upload: Ethernet's, IP's and UDP's, and a line's number."""
NEAR = Fraction(1, 1000)
"""A line's number may have fewer digits."""
SHARE = 5.0
"""Per cent by which a measured link may differ from the plan."""


@dataclass(frozen=True)
class Moment:
    """A measurement."""

    off: frozenset[str]
    sent: dict[str, Fraction]
    """VIP -> bits a second."""
    limits: dict[str, int]
    """Director -> bits a second that its links take."""
    links: tuple[Carried, ...]
    own: dict[str, Fraction]
    """Director -> bits a second for the VIPs that it has or is to have."""
    flooded: Fraction
    """What comes to every director, since it is sent to one that is gone."""

    def due(self, director: str) -> Fraction:
        """What there is for a director's link, whether or not this can take it."""
        return self.own[director] + self.flooded


@dataclass
class Course:
    """What has happened so far in a scenario."""

    off: set[str] = field(default_factory=set)
    sent: dict[str, Fraction] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    orphans: set[str] = field(default_factory=set)
    """VIPs of a director that was lost while they were asked, until another one is seen to have
    them."""


@cache
def compiled(name: str) -> tuple[Lab, tuple[Scenario, ...]]:
    jobs = files.variants(files.collect(LABS[name]))
    return load(LABS[name]), tuple(job.variant.scenario for job in jobs)


def directors(lab: Lab) -> list[str]:
    return [name for name, node in lab.nodes.items() if node.role == "director"]


def holders(lab: Lab, off: set[str]) -> dict[str, str]:
    """VIP -> the best director that is up; nobody sends to link-local ones."""
    found = {}
    for instance in lab.vrrp.values():
        up = {name: one for name, one in instance.priority.items() if name not in off}
        for address in instance.addresses:
            if is_of_link(address):
                continue
            found[str(address.ip)] = max(up, key=lambda name: up[name])
    return found


def moments(lab: Lab, scenario: Scenario) -> Iterator[Moment]:
    now = Course()
    for step in scenario.steps:
        act = step.act
        if isinstance(act, Break):
            broken(lab, act, now)
        elif isinstance(act, Send):
            host = act.load.target.host
            size = act.load.upload + HEADERS[ip_address(host).version]
            now.sent[host] = Fraction(act.load.rate) * size * 8
        elif isinstance(act, Finish):
            now.sent.clear()
        elif isinstance(act, Expect) and isinstance(act.expectation, Holds):
            now.orphans.clear()
        elif isinstance(act, Expect) and isinstance(act.expectation, Links):
            yield moment(lab, now, act.expectation.links)


def broken(lab: Lab, act: Break, now: Course) -> None:
    fault = act.order.fault if isinstance(act.order, Put | Mend) else None
    if isinstance(fault, Netem):
        assert fault.direction == "both"
        now.limits[fault.node] = fault.rate
    elif isinstance(fault, PowerOff | LinkDown) and isinstance(act.order, Put):
        now.orphans |= {
            vip for vip, one in holders(lab, now.off).items() if one == fault.node
        } & now.sent.keys()
        now.off.add(fault.node)
    elif isinstance(fault, PowerOff | LinkDown):
        now.off.discard(fault.node)
    else:
        raise AssertionError(act)


def moment(lab: Lab, now: Course, links: tuple[Carried, ...]) -> Moment:
    own = dict.fromkeys(directors(lab), Fraction(0))
    for vip, director in holders(lab, now.off).items():
        if vip not in now.orphans:
            own[director] += now.sent[vip]
    flooded = sum((now.sent[vip] for vip in now.orphans), Fraction(0))
    assert set(now.sent) == set(holders(lab, now.off))
    return Moment(frozenset(now.off), dict(now.sent), now.limits, links, own, flooded)


@pytest.mark.parametrize("name", LABS)
def test_links_are_to_carry_what_there_is_for_them(name: str) -> None:
    lab, scenarios = compiled(name)
    for scenario in scenarios:
        for one in moments(lab, scenario):
            for link in one.links:
                if link.what == "drops":
                    continue
                if link.node == "client":
                    due = sum(one.sent.values(), Fraction(0))
                else:
                    due = min(one.due(link.node), Fraction(one.limits[link.node]))
                answers = link.interface == "eth1" and link.direction == "out"
                if link.comparison:  # next to nothing, in words of VRRP's own size
                    assert (link.comparison, link.number) == ("<", 100_000)
                    assert due == 0 or answers
                else:
                    assert abs(link.number - due) <= NEAR * due, (scenario.name, link)
                    assert link.within is not None
                    assert link.within <= SHARE


@pytest.mark.parametrize("name", LABS)
def test_all_directors_that_are_up_are_measured_and_each_is_lost_once(name: str) -> None:
    lab, scenarios = compiled(name)
    first = list(moments(lab, scenarios[0]))
    for one in first:
        measured = {link.node for link in one.links if link.what == "rate"} - {"client"}
        assert measured == set(directors(lab)) - one.off
    lost = set().union(*(one.off for one in first))
    assert first[0].off == set()
    if name == "vips-6-directors":
        assert len(lost) == 4
    else:
        assert lost == set(directors(lab))


@pytest.mark.parametrize("name", sorted(LABS.keys() - {CARELESS}))
def test_the_busiest_link_is_as_busy_as_planned(name: str) -> None:
    lab, scenarios = compiled(name)
    for scenario in scenarios:
        found = [one for one in moments(lab, scenario) if not one.flooded]
        if not found:
            continue  # it sends requests, and measures no link
        losses = max(len(one.off) for one in found)
        plan = planned(lab, found[0], losses)
        busiest = {
            up: max(
                one.own[each] / one.limits[each]
                for one in found
                if (len(one.off) in (0, losses)) and (not one.off) is up
                for each in one.own
            )
            for up in {not one.off for one in found}
        }
        assert busiest[False] == plan.busiest_after_loss
        assert busiest.get(True, plan.busiest_up) == plan.busiest_up
        limit = max(busiest.values())
        assert (limit > 1) == (scenario.name == "beyond-the-limit")
        assert loses(scenario) == (limit > 1 or scenario.name == "takeover-under-load")


def planned(lab: Lab, one: Moment, losses: int) -> Candidate:
    """The plan for the traffic of a scenario, over links as they are shaped."""
    links = tuple(Director(name, Fraction(one.limits[name])) for name in directors(lab))
    vips = tuple(Vip(vip, load) for vip, load in one.sent.items())
    return planning.preferred(Site(links, vips, losses, Fraction(1)))


def loses(scenario: Scenario) -> bool:
    """Whether a scenario expects requests to be lost."""
    measured = [
        step.act.expectation
        for step in scenario.steps
        if isinstance(step.act, Expect) and isinstance(step.act.expectation, Measured)
    ]
    lost = [(one.comparison, one.number) for one in measured if one.what == "lost"]
    assert lost, scenario.name
    return (">", 0.0) in lost


def test_careless_priorities_put_both_vips_on_one_machine() -> None:
    lab, (scenario,) = compiled(CARELESS)
    found = list(moments(lab, scenario))
    assert max(max(one.own.values()) / 10**8 for one in found) == pytest.approx(1.5, rel=1e-3)
    assert planned(lab, found[0], 1).busiest_after_loss < Fraction(76, 100)
