"""`make lab` is `lvsnet tour`: what it shows is true, and it can be had again."""

from __future__ import annotations

import re

from e2e.users import User, holds

BOUND = 8.0
"""Seconds: 3 x advert_int + skew is 3.61 s for priority 100 (RFC 3768), and a slow machine."""


def test_the_tour_balances_fails_over_and_leaves_the_lab_running(warm_user: User) -> None:
    lab = warm_user.lab("tour")
    shown = warm_user.does("tour", lab)
    assert re.findall(r"(nginx0\d) answered (\d+)", shown) == [("nginx01", "25"), ("nginx02", "25")]
    assert re.findall(r"-> 192\.168\.10\.1\d:80 +Route +1 +0 +(\d+)", shown) == ["25", "25"]
    (outage,) = re.findall(r"without an answer for ([\d.]+) s", shown)
    assert 0.5 < float(outage) < BOUND
    assert "lb02 holds" in shown
    assert holds(warm_user, "lb01")

    again = warm_user.tries("tour", lab)
    assert again.code == 1
    assert "lab tour is already running" in again.err
    assert holds(warm_user, "lb01")


def test_a_lab_without_a_service_has_no_tour(warm_user: User) -> None:
    lab = warm_user.home / "bare.yaml"
    lab.write_text(
        "name: bare\n"
        "segments: {lan: 10.0.0.0/24}\n"
        "nodes: {a: {role: client, interfaces: {lan: 10.0.0.1}}}\n"
    )
    done = warm_user.tries("tour", "bare.yaml")
    assert done.code == 1
    assert "needs a client and a web service by TCP" in done.err
    assert warm_user.left() == []
