"""What a report shows of a run: plain data, made from results by `lvsnet.report.reading`.

All times are nanoseconds since the run's begin, but `Run.begun` and `Run.ended`. What happened just
before has a negative one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lvsnet.observe.event import Event
from lvsnet.observe.packet import Packet
from lvsnet.scenario.result import StepResult
from lvsnet.traffic.model import Summary

REQUESTS, SAMPLES, PACKETS, SITE = "requests", "samples", "packets", "site"
"""Parts that results may have been written without."""


@dataclass(frozen=True)
class Requests:
    """A load's requests, by the time at which they were sent: columns, all equally long."""

    at: tuple[int, ...]
    """When each was due, and sent; never falling."""
    took: tuple[int, ...]
    """Nanoseconds until its answer was whole, or it failed."""
    server: tuple[int, ...]
    """Place in `servers` of who answered; -1 for none."""
    failure: tuple[int, ...]
    """Place in `failures` of why it failed; -1 of one that was answered."""
    servers: tuple[str, ...]
    """Real servers by the names that they answer with."""
    failures: tuple[str, ...]
    """``timeout``, ``refused``, ``status 500``"""


@dataclass(frozen=True)
class Load:
    name: str
    target: str
    """``http://192.168.10.100/``"""
    summary: Summary
    """Losses, spread, outages and percentiles, of all requests."""
    requests: Requests | None
    """None of results that were written without."""


@dataclass(frozen=True)
class Curve:
    """What a director counted of a real server: columns, all equally long.

    Each value is so until the next one, and the last one to the run's end.
    """

    node: str
    """The director."""
    service: str
    """``tcp 192.168.10.100:80``"""
    real_server: str
    """``192.168.10.13:80``"""
    at: tuple[int, ...]
    weight: tuple[int, ...]
    """`lvsnet.observe.sample.GONE`: it is not in the director's table."""
    active: tuple[int, ...]
    """ActiveConn"""
    inactive: tuple[int, ...]
    """InActConn"""


@dataclass(frozen=True)
class Run:
    """One run of a scenario in a lab."""

    title: str
    """``labs/dr.yaml::director-dies[method=nat] #2``"""
    file: str
    """That has the scenario."""
    lab: str
    """The lab's name while it ran: ``dr-director-dies``."""
    scenario: str
    description: str
    """What it shows, in its author's words; empty without."""
    state: str
    """``passed``, ``failed``, ``error`` or ``not run``."""
    error: str
    """Why it could not be run, or not to its end; empty otherwise."""
    command: str
    """A command line that repeats it."""
    clock: str
    """``real`` or ``virtual``."""
    seed: int | None
    """Of virtual time."""
    kernel: str
    """``guest 7.2.7``; empty if nothing was deployed."""
    runtime: str
    """``crun`` or ``docker``; empty if nothing was deployed."""
    begun: int
    """Nanoseconds of the lab's clock; 0 without an outcome, as `ended`."""
    ended: int
    steps: tuple[StepResult, ...]
    """With times since the run's begin; of one that was skipped they mean nothing."""
    always: tuple[StepResult, ...]
    """What was watched all the time."""
    events: tuple[Event, ...]
    """By time; with its loads' requests, the events of lost ones are left out."""
    initial: tuple[Event, ...]
    """How things stood at the begin, as events at 0: who held VIPs, what VRRP instances were, what
    was in IPVS tables (``in``), which nodes were off."""
    loads: tuple[Load, ...]
    samples: tuple[Curve, ...]
    packets: tuple[Packet, ...]
    files: Mapping[str, Mapping[str, str]]
    """Node -> path -> text."""
    names: Mapping[str, str]
    """Address -> the node that has it."""
    roles: Mapping[str, str]
    """Node -> role, in the order of the lab file."""
    picture: str
    """The lab's graph as svg; empty without one."""
    missing: tuple[str, ...]
    """Which of `REQUESTS`, `SAMPLES`, `PACKETS` and `SITE` the results were written without."""
