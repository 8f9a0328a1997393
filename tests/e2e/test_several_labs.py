"""Labs side by side, and which of them a command means."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest

from e2e.users import VIP, User, eventually, holds

NAMES = ("nginx01\n", "nginx02\n")


COMMANDS = (
    ("exec", "lb01", "true"),
    ("logs", "lb01"),
    ("stop", "lb01"),
    ("start", "lb01"),
    ("destroy",),
    ("events",),
)


@pytest.fixture(scope="module")
def two(warm_resident: User) -> User:
    """A user with two labs of equal addresses."""
    for name in ("first", "second"):
        warm_resident.does("deploy", "--no-wait", warm_resident.lab(name))
    return warm_resident


def test_labs_of_equal_addresses_do_not_see_each_other(two: User) -> None:
    two.does("exec", "first/nginx01", "nginx", "-s", "stop")
    for lab in ("first", "second"):
        eventually(partial(holds, two, f"{lab}/lb01"), 15, f"{lab} is up")
    fetch = "curl -s -m 2 192.168.10.13 || echo none"
    assert two.does("exec", "first/client", "sh", "-c", fetch) == "none\n"
    assert two.does("exec", "second/client", "sh", "-c", fetch) == "nginx01\n"


def test_all_are_shown(two: User) -> None:
    labs = json.loads(two.does("inspect", "-f", "json"))["labs"]
    assert [lab["lab"] for lab in labs] == ["first", "second"]
    assert json.loads(two.does("inspect", "second", "-f", "json"))["labs"][0]["lab"] == "second"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_must_say_which(two: User, command: tuple[str, ...]) -> None:
    done = two.tries(*command)
    assert done.code == 1
    assert done.err.startswith("lvsnet: several labs run (first, second); say which")
    assert done.err.count("\n") == 1


def test_a_lab_is_named_in_each_way(two: User) -> None:
    assert two.does("exec", "second/lb01", "hostname") == "lb01\n"
    assert two.does("exec", "--lab", "second", "lb01", "hostname") == "lb01\n"
    assert "Keepalived" in two.does("logs", "--lab", "first", "lb01")
    by_variable = replace(two, settings={**two.settings, "LVSNET_LAB": "second"})
    assert by_variable.does("exec", "lb01", "hostname") == "lb01\n"
    assert "lab second is deployed" in by_variable.does("events")
    labs = json.loads(by_variable.does("inspect", "-f", "json"))["labs"]
    assert [lab["lab"] for lab in labs] == ["second"]
    done = by_variable.tries("destroy", "--all", "first")
    assert (done.code, "not both" in done.err) == (2, True)


def test_one_can_end_without_the_other(two: User) -> None:
    two.does("deploy", "--no-wait", two.one_node("third"))
    assert two.does("destroy", str(two.home / "third.yaml")) == ""
    assert two.does("exec", "first/lb01", "hostname") == "lb01\n"


def test_when_no_lab_runs_that_is_told(warm_user: User) -> None:
    for command in COMMANDS:
        done = warm_user.tries(*command)
        assert (done.code, done.out) == (1, b""), command
        assert done.err == "lvsnet: no lab runs; `lvsnet deploy LAB` starts one\n"
    named = warm_user.tries("destroy", "other")
    assert (named.code, named.err.count("\n")) == (1, 1)


def test_a_lab_is_deployed_once(two: User) -> None:
    eventually(partial(holds, two, "second/lb01"), 15, "second is up")
    before = two.processes().keys()
    done = two.tries("deploy", two.lab("second"))
    assert done.code == 1
    last = done.err.splitlines()[-1]
    assert last.startswith("lvsnet: lab second is already running")
    assert "Traceback" not in done.err
    assert two.processes().keys() == before
    assert holds(two, "second/lb01")
    assert two.does("exec", "second/client", "curl", "-s", "-m", "2", VIP) in NAMES


def test_of_two_deploys_at_one_moment_one_wins(user: User) -> None:
    lab = user.one_node("race")
    both = [user.begin("deploy", "--no-wait", lab) for _ in range(2)]
    said = [one.communicate(timeout=60)[1].decode() for one in both]
    assert sorted(one.returncode for one in both) == [0, 1], said
    (loser,) = (err for err, one in zip(said, both, strict=True) if one.returncode)
    assert "lab race is already running, or just being deployed" in loser
    assert user.does("exec", "lb01", "hostname") == "lb01\n"
    user.does("destroy")
    assert (user.processes(), user.left()) == ({}, [])
