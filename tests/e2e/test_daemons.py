"""Daemons die, and leave behind what they leave behind on a real machine."""

from __future__ import annotations

import json

import pytest

from e2e.users import VIP, User, holds, requests, table

NGINX01, NGINX02 = "192.168.10.13", "192.168.10.14"


@pytest.fixture(scope="module")
def site(warm_held: User) -> User:
    warm_held.does("deploy", warm_held.lab("daemons"))
    return warm_held


def daemons(site: User, node: str) -> dict[str, bool]:
    shown = json.loads(site.does("inspect", "--format", "json"))
    found = next(one for one in shown["labs"][0]["nodes"] if one["name"] == node)
    return dict(found["daemons"])


def test_a_stopped_nginx_leaves_the_table_and_comes_back(site: User) -> None:
    site.does("exec", "nginx01", "nginx", "-s", "stop")
    # Check every 2 s, one retry 1 s later.
    site.comes("real_server nginx01 out of lb01", 5)
    assert set(table(site, "lb01")) == {NGINX02}
    assert requests(site, 6) == ["nginx02"] * 6
    site.does("exec", "nginx01", "nginx")
    site.comes("real_server nginx01 in lb01", 5)
    assert set(table(site, "lb01")) == {NGINX01, NGINX02}
    assert sorted(requests(site, 4)) == ["nginx01", "nginx01", "nginx02", "nginx02"]


def test_a_killed_keepalived_leaves_vip_and_rules_behind(site: User) -> None:
    assert daemons(site, "lb01") == {"keepalived": True}
    # Stopped first: its children hear of their parent's death and would end in good order.
    for signal in ("STOP", "KILL"):
        site.does("exec", "lb01", "pkill", f"-{signal}", "-x", "keepalived")
    assert daemons(site, "lb01") == {"keepalived": False}
    assert "keepalived (dead)" in site.does("inspect")
    site.comes(f"vip {VIP} on lb02", 5)
    assert holds(site, "lb01")
    assert set(table(site, "lb01")) == {NGINX01, NGINX02}
    assert f"VIP {VIP} is on lb01 and lb02" in site.does("inspect")
