"""What has happened in a lab and goes on happening, as `lvsnet events` tells it."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from e2e.users import DEADLINE, VIP, User, kill, line
from lvsnet.observe.event import KINDS

LAB = "told"
SCENARIO = """
scenarios:
  short:
    steps:
      - traffic: {name: web, from: client, to: "http://192.168.10.100/", rate: 20, count: 60}
      - wait: 500ms
      - fault: link down client:eth1
      - wait: 1s
      - fault: link up client:eth1
      - finish: all
"""
STEPS = 6
QUIET = 0.5
"""Seconds of real time in which nothing comes any more."""


@dataclass(frozen=True)
class Told:
    """A line of JSON, without its text."""

    at: int
    kind: str
    node: str
    what: str
    subject: str
    within: int


def told(text: str) -> list[Told]:
    found = []
    for one in map(json.loads, text.splitlines()):
        assert one.pop("lab") == LAB
        assert one["kind"] in KINDS
        assert one.pop("text")
        assert one.pop("time")
        found.append(Told(**one))
    return found


def named(one: Told) -> tuple[str, str, str, str]:
    return one.kind, one.node, one.what, one.subject


def first(found: list[Told], *wanted: str) -> Told:
    """The first one of a kind, node, word and subject, as far as these are given."""
    for one in found:
        if named(one)[: len(wanted)] == wanted:
            return one
    pytest.fail(f"nobody tells {wanted} in {found}")


def comes(process: subprocess.Popen[bytes], words: str) -> str:
    """The lines until one has these words in it."""
    found = ""
    while True:
        found += line(process.stdout)
        if words in found.splitlines()[-1]:
            return found


def is_silent(process: subprocess.Popen[bytes]) -> bool:
    assert process.stdout is not None
    return not select.select([process.stdout], [], [], QUIET)[0]


@pytest.fixture(scope="module")
def site(held: User) -> User:
    path = held.lab(LAB)
    Path(path).write_text(Path(path).read_text() + SCENARIO)
    held.does("deploy", path)
    return held


def runs_the_scenario(user: User) -> None:
    program = f"import lvsnet; assert lvsnet.running({LAB!r}).run('short').passed"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        env=user.environment,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_a_failover_is_told_as_it_happens_and_afterwards(site: User) -> None:
    follower = site.begin("events", "-f", "--format", "json", LAB)
    try:
        said = comes(follower, "sends ARPs")
        begun = site.time()
        assert is_silent(follower)
        assert site.time() == begun, "following has moved a held clock"
        history = told(said)
        assert first(history, "lab", "", "deployed", LAB).within == 0
        master = first(history, "vrrp", "lb01", "master", "VI_1")
        assert 0 < master.at < begun * 1e9
        assert master.within == 999_999_999
        for director in ("lb01", "lb02"):
            first(history, "ipvs", director, "in", "192.168.10.13:80")

        site.does("stop", "lb01")
        site.comes(f"vip {VIP} on lb02", 9)
        site.does("fault", "link", "down", "nginx01:eth1")
        site.comes("real_server nginx01 out of lb02", 9)
        site.passes(0.1)  # for tables and nodes that are off are looked at ten times a second
        site.does("fault", "clear")
        site.passes(0.1)
        runs_the_scenario(site)
        said = comes(follower, '"ended"')
        while said.count('"kind": "step"') < STEPS:
            said += line(follower.stdout)  # the last one takes note of the load's end
        live = told(said)
        assert is_silent(follower)
    finally:
        kill(follower)

    assert all(one.within == 0 for one in live)
    in_order = [
        first(live, "fault", "lb01", "put", "stop lb01"),
        first(live, "node", "lb01", "off"),
        first(live, "vrrp", "lb02", "master", "VI_1"),
        first(live, "fault", "nginx01", "put", "link down nginx01:eth1"),
        first(live, "link", "nginx01", "down", "eth1"),
        first(live, "ipvs", "lb02", "out", "192.168.10.13:80"),
        first(live, "fault", "nginx01", "mended", "link up nginx01:eth1"),
        first(live, "node", "lb01", "on"),
        first(live, "traffic", "", "begun", "web"),
        first(live, "fault", "client", "put"),
        first(live, "traffic", "", "outage", "web"),
        first(live, "traffic", "", "answered", "web"),
        first(live, "traffic", "", "ended", "web"),
    ]
    assert [live.index(one) for one in in_order] == sorted(map(live.index, in_order))
    assert [one.what for one in live if one.kind == "step"] == ["passed"] * STEPS
    takeover = first(live, "vrrp", "lb02", "master").at - first(live, "node", "lb01", "off").at
    assert 2.6e9 < takeover < 3.7e9
    assert first(live, "vip", "lb02", "gained", VIP).at < in_order[3].at

    # None is told twice, none is missing, and what lvsnet itself knows has its exact time.
    assert len(set(live)) == len(live)
    for one in in_order:
        if one.kind in ("fault", "node", "traffic"):
            assert list(map(named, live)).count(named(one)) == 1, one
    after = told(site.does("events", "--format", "json"))
    exact = {one for one in after if one.within == 0}
    own = {one for one in live if one.kind in ("fault", "step", "traffic", "lab")}
    assert own <= exact
    assert {one for one in exact - own if one.kind != "node"} <= set(history)
    assert list(map(named, after[: len(history)])) == list(map(named, history))
    again = first(after, "vrrp", "lb01", "master")
    assert again.at + again.within < first(after, "fault", "lb01", "put").at
    for one in live:
        if one.kind == "vrrp" and one.what in ("master", "backup"):
            assert any(
                (past.kind, past.node, past.what) == (one.kind, one.node, one.what)
                and past.at <= one.at <= past.at + past.within
                for past in after
            ), one

    shown = site.does("events", "--kind", "fault", "--node", "lb01")
    assert [text.split(maxsplit=1)[1] for text in shown.splitlines()] == [
        "lb01     fault: stop lb01",
        "lb01     fault: start lb01",
    ]
    time = shown.split()[0]
    since = site.does("events", "--since", time)
    assert shown.splitlines()[0] in since.splitlines()
    assert "is deployed" not in since
    assert "stop lb01" not in site.does("events", "--since", "3s")


def test_that_a_load_is_over_is_told_at_once(site: User) -> None:
    """Also where the clock is held from then on, and no next look at it comes."""
    follower = site.begin("events", "-f", "--kind", "traffic", "--since", "1ms")
    try:
        site.does("traffic", VIP, "--count", "3")
        assert comes(follower, "traffic: 3 requests, 0 lost").count("\n") == 2
    finally:
        kill(follower)


def test_ctrl_c_ends_following_and_nothing_else(site: User) -> None:
    follower = site.begin("events", "-f")
    try:
        comes(follower, "lb01")
        follower.send_signal(signal.SIGINT)
        assert follower.communicate(timeout=10)[1] == b""
        assert follower.returncode == 130
    finally:
        kill(follower)


@pytest.mark.parametrize(
    "command",
    [
        ("events", "-f"),
        ("ipvs", "--watch"),
        ("ipvs", "--watch", "-f", "json"),
        ("logs", "-f", "lb01"),
        ("logs", "-f", "lb01", "--format", "json"),
    ],
    ids=" ".join,
)
def test_a_pipe_that_closes_ends_following_though_nothing_comes(
    site: User, command: tuple[str, ...]
) -> None:
    follower = site.begin(*command)
    try:
        assert follower.stdout is not None
        assert follower.stdout.readline()
        follower.stdout.close()
        assert follower.wait(timeout=10) == 141
        assert follower.stderr is not None
        assert follower.stderr.read() == b""
    finally:
        follower.kill()
        follower.wait(timeout=10)


def test_what_is_wrong_is_told_in_a_line(site: User) -> None:
    wrong = site.tries("events", "--node", "lb1")
    assert (wrong.code, wrong.out) == (1, b"")
    assert wrong.err.endswith("; did you mean lb01?\n")
    assert site.tries("events", "--kind", "vrpp").code == 2
    assert site.tries("events", "--since", "soon").code == 2
    missing = site.tries("events", "-f", "other")
    assert (missing.code, missing.err) == (
        1,
        f"lvsnet: lab other does not run; there is {LAB}\n",
    )


def test_a_lab_that_ends_while_it_is_followed(site: User) -> None:
    follower = site.begin("events", "-f")
    try:
        comes(follower, "lb01")
        site.does("destroy", LAB)
        err = follower.communicate(timeout=30)[1]
        assert (follower.returncode, err) == (1, b"lvsnet: the lab was destroyed\n")
    finally:
        kill(follower)
