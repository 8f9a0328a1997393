"""inspect and logs show what the nodes show."""

from __future__ import annotations

import json
import re
import signal

import pytest

from e2e.users import VIP, User, kill, reads

NODES = ["client", "lb01", "lb02", "nginx01", "nginx02"]


@pytest.fixture(scope="module")
def site(warm_resident: User) -> User:
    warm_resident.does("deploy", warm_resident.lab("looking"))
    return warm_resident


def test_the_json_agrees_with_the_nodes(site: User) -> None:
    (lab,) = json.loads(site.does("inspect", "--format", "json"))["labs"]
    assert lab["lab"] == "looking"
    assert lab["file"] == str(site.home / "looking.yaml")
    assert lab["runtime"] == "crun"
    assert lab["kernel"] == f"guest {site.does('exec', 'lb01', 'uname', '-r').strip()}"
    assert lab["reason"]
    assert lab["vips"] == {VIP: ["lb01"]}
    assert [node["name"] for node in lab["nodes"]] == NODES
    for node in lab["nodes"]:
        said = site.does("exec", node["name"], "ip", "-4", "-o", "addr")
        shown = {(one["interface"], one["address"]) for one in node["addresses"]}
        seen = set(re.findall(r"^\d+: (\S+)\s+inet (\S+)", said, re.MULTILINE))
        assert shown == seen - {("lo", "127.0.0.1/8")}
        assert node["running"] is True


def test_the_table_agrees_with_the_json(site: User) -> None:
    table = site.does("inspect")
    (lab,) = json.loads(site.does("inspect", "looking", "-f", "json"))["labs"]
    assert lab["kernel"] in table
    assert lab["reason"] in table
    assert f"VIP {VIP} is on lb01\n" in table
    for node in lab["nodes"]:
        assert re.search(rf"^{node['name']} +{node['role']} +running ", table, re.MULTILINE)
        for one in node["addresses"]:
            assert f"{one['interface']} {one['address']}" in table


def test_a_picture_shows_what_is_so_now(site: User) -> None:
    site.does("stop", "nginx02")
    drawn = site.does("graph", "looking", "-f", "dot")
    site.does("start", "nginx02")
    assert re.search(rf"<B>lb01</B>.*<B>VIP &#160;{VIP}  150</B>", drawn)
    assert not re.search(rf"<B>lb02</B>.*<B>VIP &#160;{VIP}", drawn)
    assert "<B>nginx02</B>  off" in drawn
    assert "<B>nginx01</B>  realserver" in drawn
    of_file = site.does("graph", str(site.home / "looking.yaml"), "-f", "dot")
    assert "<B>nginx02</B>  realserver" in of_file


def test_a_lab_that_does_not_run_cannot_be_looked_at(site: User) -> None:
    done = site.tries("inspect", "other")
    assert (done.code, done.err) == (1, "lvsnet: lab other does not run; there is looking\n")


def test_logs_have_what_the_daemon_said(site: User) -> None:
    log = site.does("logs", "lb01")
    assert "Entering MASTER STATE" in log
    assert site.does("logs", "looking/lb01").startswith(log)
    assert site.does("logs", "client") == ""


def test_following_goes_on_until_ctrl_c(site: User) -> None:
    follower = site.begin("logs", "-f", "lb02")
    try:
        reads(follower, b"Starting Keepalived")
        site.does("exec", "lb02", "sh", "-c", "kill -HUP $(cat /run/keepalived.pid)")
        reads(follower, b"Reloading")
        follower.send_signal(signal.SIGINT)
        assert follower.communicate(timeout=10)[1] == b""
        assert follower.returncode == 130
    finally:
        kill(follower)


def test_no_wait_returns_before_the_vip_is_there(warm_user: User) -> None:
    warm_user.does("deploy", "--no-wait", warm_user.lab("hasty"))
    (lab,) = json.loads(warm_user.does("inspect", "-f", "json"))["labs"]
    assert lab["vips"] == {VIP: []}
    assert all(alive for node in lab["nodes"] for _, alive in node["daemons"])
    assert f"VIP {VIP} is on no node" in warm_user.does("inspect")


def test_without_labs_there_is_nothing_to_see(warm_user: User) -> None:
    done = warm_user.tries("inspect")
    assert (done.code, done.out, done.err) == (0, b"", "no lab runs\n")
    assert json.loads(warm_user.does("inspect", "-f", "json")) == {"labs": []}
