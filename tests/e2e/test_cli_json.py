"""Programs that use lvsnet read one JSON document, or one object a line, and its exit code."""

from __future__ import annotations

import json

from e2e.users import User

NODES = ["client", "lb01", "lb02", "nginx01", "nginx02"]


def test_a_lab_from_deploy_to_destroy(warm_user: User) -> None:
    lab = warm_user.lab("read")
    deployed = json.loads(warm_user.does("deploy", "--no-wait", "-f", "json", lab))
    assert deployed.pop("seconds") > 0
    assert deployed.pop("reason")
    assert deployed.pop("kernel").startswith("guest ")
    assert deployed.pop("user") >= 0
    assert (deployed.pop("clock"), deployed.pop("seed")) == ("real", None)
    assert deployed == {"lab": "read", "file": lab, "runtime": "crun", "nodes": NODES}

    (listed,) = json.loads(warm_user.does("inspect", "--format", "json"))["labs"]
    assert [one["name"] for one in listed["nodes"]] == NODES

    stopped = json.loads(warm_user.does("stop", "-f", "json", "nginx01", "read/client"))
    both = [{"lab": "read", "node": "nginx01"}, {"lab": "read", "node": "client"}]
    assert stopped == {"stopped": both}
    again = warm_user.tries("stop", "-f", "json", "client", "lb02")
    assert (again.code, json.loads(again.text)) == (
        1,
        {"stopped": [{"lab": "read", "node": "lb02"}]},
    )
    assert again.err == "lvsnet: client does not run; `lvsnet start client` starts it\n"
    assert json.loads(warm_user.does("start", "-f", "json", "lb02"))["started"]
    restarted = warm_user.tries("restart", "-f", "json", "lb01", "nginx01", "client")
    assert [one["node"] for one in json.loads(restarted.text)["restarted"]] == [
        "lb01",
        "nginx01",
        "client",
    ]
    assert "lb01: power cut" in restarted.err
    assert "nginx01: power cut" not in restarted.err

    plain = warm_user.does("logs", "lb01").splitlines()
    lines = [
        json.loads(line) for line in warm_user.does("logs", "--format", "json", "lb01").splitlines()
    ]
    assert [one["line"] for one in lines[: len(plain)]] == plain
    assert {(one["lab"], one["node"]) for one in lines} == {("read", "lb01")}

    assert json.loads(warm_user.does("destroy", "-f", "json")) == {"destroyed": ["read"]}
    assert json.loads(warm_user.does("destroy", "--all", "-f", "json")) == {"destroyed": []}


def test_an_unknown_node_gets_one_line_with_those_that_there_are(warm_user: User) -> None:
    warm_user.does("deploy", "--no-wait", warm_user.lab("known"))
    told = f"lvsnet: lab known has no node lb1; it has {', '.join(NODES)}; did you mean lb01?\n"
    for command in (
        ("exec", "lb1", "true"),
        ("logs", "lb1"),
        ("logs", "--format", "json", "lb1"),
        ("stop", "lb1"),
        ("start", "lb1", "lb02"),
        ("restart", "known/lb1"),
    ):
        done = warm_user.tries(*command)
        assert (done.code, done.text, done.err) == (1, "", told), command


def test_the_tour_is_an_object_for_each_step(warm_user: User) -> None:
    steps = [
        json.loads(one)
        for one in warm_user.does("tour", "-f", "json", warm_user.lab("seen")).splitlines()
    ]
    assert [one["step"] for one in steps] == [
        "requests",
        "table",
        "stop",
        "takeover",
        "start",
        "return",
    ]
    by_step = {one["step"]: one for one in steps}
    assert by_step["requests"]["answers"] == {"nginx01": 25, "nginx02": 25}
    assert by_step["stop"]["node"] == by_step["return"]["node"] != by_step["takeover"]["node"]
    assert by_step["takeover"]["outage"] > 0
