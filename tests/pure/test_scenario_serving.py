"""Nodes that answer a scenario's traffic: how they are named, and how long they answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from scenario_world import Fake, at

from lvsnet.errors import LabFileError, LvsnetError
from lvsnet.faults.model import PowerOff, Put
from lvsnet.observe.event import Event
from lvsnet.scenario import files, loads, running
from lvsnet.scenario.model import Act, Break, Finish, Scenario, Send, Step, Wait
from lvsnet.scenario.result import FAILED, PASSED, Outcome
from lvsnet.traffic import target as targets
from lvsnet.traffic.model import Answerer, Load, Request, Target

LAB = """name: site
segments: {front: 192.168.10.0/24, back: 172.16.10.0/24}
nodes:
  client: {role: client, interfaces: {front: 192.168.10.10}}
  lb01: {role: director, interfaces: {front: 192.168.10.11, back: 172.16.10.1}}
  nginx01: {role: realserver, interfaces: {back: 172.16.10.13}}
  nginx02: {role: realserver, interfaces: {back: 172.16.10.14}}
vrrp:
  VI_1: {segment: front, virtual_router_id: 33, addresses: [192.168.10.100], priority: {lb01: 150}}
services:
  dns:
    address: 192.168.10.100
    port: 53
    protocol: udp
    method: nat
    real_servers: [{node: nginx01, port: 5353}, nginx02]
allow: [nat-return-path]
scenarios:
  a:
    steps:
      - traffic: {to: "TARGET", count: 1, serve: SERVE}
"""
VIP = "192.168.10.100"
A, B = Answerer("nginx01", "udp", 53), Answerer("nginx02", "udp", 53)


def sent(folder: Path, target: str, serve: str) -> Send:
    path = folder / "site.yaml"
    path.write_text(LAB.replace("TARGET", target).replace("SERVE", serve))
    (job,) = files.variants(files.collect(path))
    act = job.variant.scenario.steps[0].act
    assert isinstance(act, Send)
    return act


@pytest.mark.parametrize(
    ("target", "serve", "answerers"),
    [
        (f"udp://{VIP}:53", "nginx02", [B]),
        (f"udp://{VIP}:53", "[nginx02, 'nginx01:udp/5353']", [B, Answerer("nginx01", "udp", 5353)]),
        ("udp://172.16.10.13:9000", "[nginx01]", [Answerer("nginx01", "udp", 9000)]),
        ("tcp://172.16.10.13:9000", "[nginx01]", [Answerer("nginx01", "tcp", 9000)]),
    ],
)
def test_nodes_answer_at_the_targets_port_unless_another_one_is_given(
    tmp_path: Path, target: str, serve: str, answerers: list[Answerer]
) -> None:
    send = sent(tmp_path, target, serve)
    assert send.serve == tuple(answerers)
    assert loads.words(send).endswith(f", answered by {', '.join(map(str, answerers))}")


@pytest.mark.parametrize(
    ("target", "serve", "at", "why"),
    [
        (f"http://{VIP}/", "[nginx01]", "67: ", "is answered by web servers; serve is for tcp://"),
        (f"udp://{VIP}:53", "[]", "67: ", "serve: is empty; at least one is needed"),
        (f"udp://{VIP}:53", "[nginx02, nginx02]", "77: ", "serve[1]: nginx02 is there twice"),
        (f"udp://{VIP}:53", "[nginx02, 'nginx02:udp/53']", "", "nginx02:udp/53 is there twice"),
        (f"udp://{VIP}:53", "'nginx02:53'", "", "write such as nginx01:udp/9000"),
        (f"udp://{VIP}:53", "'nginx02:udp/0'", "", "a port is a number from 1 to 65535"),
        (f"udp://{VIP}:53", "'nginx02:tcp/53'", "", f"does not answer udp://{VIP}:53"),
        (f"udp://{VIP}:53", "nginx1", "", "no node nginx1; there is client, lb01, nginx01, ngi"),
        (f"udp://{VIP}:53", "nginx1", "", "did you mean nginx01?"),
        (
            f"udp://{VIP}:53",
            "nginx01",
            "",
            f"nginx01 is asked at port 5353 for udp://{VIP}:53, not at 53; write nginx01:udp/5353",
        ),
        ("tcp://172.16.10.13:80", "nginx01", "", "nginx of nginx01 has tcp port 80 already"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, target: str, serve: str, at: str, why: str
) -> None:
    with pytest.raises(LabFileError) as caught:
        sent(tmp_path, target, serve)
    (problem,) = caught.value.problems
    assert f"site.yaml:21:{at}" in str(problem)
    assert why in str(problem)


def load(name: str, count: int | None = None) -> Load:
    return Load(name, ("client",), Target("udp", VIP, 53), 1.0, count)


def run(fake: Fake, *acts: Act) -> Outcome:
    steps = tuple(Step(act, "step", n) for n, act in enumerate(acts))
    return running.run(Scenario("test", steps), fake, lambda _result: None)


def once(seconds: float) -> tuple[Request, ...]:
    return (Request(at(seconds), at(0.001), "client", "nginx01"),)


@dataclass
class Seen(Fake):
    """One that has noted who answered whenever time passed."""

    seen: list[list[Answerer]] = field(default_factory=list)

    def wait(self, until: int) -> list[Event]:
        if until > self.clock:
            self.seen.append(list(self.serving))
        return super().wait(until)


def test_they_answer_until_the_load_is_finished() -> None:
    fake = Seen()
    outcome = run(fake, Send(load("a"), (A, B)), Wait(1), Finish(("a",)), Wait(1))
    assert outcome.passed
    assert [fake.seen[0], fake.seen[-1]] == [[A, B], []]


def test_those_of_a_load_that_goes_on_answer_another_one_too() -> None:
    fake = Seen()
    begin = (Send(load("a"), (A,)), Send(load("b"), (A, B)), Wait(1))
    outcome = run(fake, *begin, Finish(("b",)), Wait(1), Finish(()))
    assert outcome.passed, outcome.steps
    assert [fake.seen[0], fake.seen[-1], fake.serving] == [[A, B], [A], []]


def test_those_of_a_load_that_is_over_make_room_for_the_next_one() -> None:
    class Counting(Fake):
        begun = 0

        def serve(self, answerer: Answerer) -> str:
            self.begun += 1
            return super().serve(answerer)

    fake = Counting(results=lambda _load: once(10))
    outcome = run(fake, Send(load("a", 1), (A,)), Wait(1), Send(load("b", 1), (A,)))
    assert outcome.passed, outcome.steps
    assert fake.begun == 2


@pytest.mark.parametrize("fails", ["order", "serve", "begin"])
def test_nobody_answers_after_a_failure(fails: str) -> None:
    class Failing(Fake):
        def serve(self, answerer: Answerer) -> str:
            if fails == "serve" and answerer == B:
                raise LvsnetError("udp port 53: Address already in use")
            return super().serve(answerer)

        def begin(self, load: Load) -> str:
            if fails == "begin":
                raise LvsnetError("client is off")
            return super().begin(load)

    fake = Failing(refuses="no")
    outcome = run(fake, Send(load("a"), (A, B)), Break(Put(PowerOff("lb01"))), Wait(1))
    assert [one.state for one in outcome.steps].count(FAILED) == 1
    assert (outcome.steps[0].state == PASSED) == (fails == "order")
    assert fake.serving == []


def test_who_answers_is_written_as_the_command_takes_it() -> None:
    assert targets.answerer(str(A)) == A
    with pytest.raises(ValueError, match="write such as nginx01:udp/9000"):
        targets.answerer("nginx01:dccp/9000")
