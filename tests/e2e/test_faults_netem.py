"""Cables that are slow, long or bad, as tc(8) shows them and as packets meet them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from e2e.users import User
from lvsnet.resources import example_labs

LB01 = "192.168.10.11"
PLACE = "lb01:eth1"


@pytest.fixture(scope="module")
def lab(warm_held: User) -> User:
    warm_held.does("deploy", str(example_labs()["dr"]))
    return warm_held


@pytest.fixture
def site(lab: User) -> Iterator[User]:
    yield lab
    lab.does("fault", "clear")


def netem(user: User, words: str, place: str = PLACE) -> None:
    user.does("fault", "netem", place, *words.split())


def shown(user: User, node: str = "lb01") -> str:
    """The qdisc of a node's eth1 as tc shows it: what it does, with one space between words."""
    text = user.does("exec", node, "tc", "qdisc", "show", "dev", "eth1")
    kind, _, words = text.removeprefix("qdisc ").partition(" refcnt 2")
    return " ".join([kind.split()[0], *re.sub(r" seed \d+", "", words).split()])


def milliseconds(user: User) -> float:
    """How long an echo takes to lb01 and back, once the neighbours know each other."""
    said = user.does("exec", "client", "ping", "-q", "-c3", "-i0.2", LB01)
    match = re.search(r"= ([\d.]+)/", said)
    assert match, said
    return float(match[1])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("delay=20ms", "limit 1000 delay 20ms"),
        ("delay=1500us jitter=250us", "limit 1000 delay 1.5ms 250us"),
        ("delay=2s", "limit 1000 delay 2s"),
        ("loss=1%", "limit 1000 loss 1%"),
        ("loss=0.05% duplicate=2% corrupt=12.5%", "limit 1000 loss 0.05% duplicate 2%"),
        ("delay=10ms reorder=25%", "limit 1000 delay 10ms reorder 25% gap 1"),
        ("rate=100Mbit limit=50", "limit 50 rate 100Mbit"),
        ("rate=40Gbit", "limit 1000 rate 40Gbit"),
    ],
)
def test_tc_shows_in_the_node_what_was_asked_for(site: User, words: str, told: str) -> None:
    netem(site, words)
    if "corrupt" in words:
        told += " corrupt 12.5%"
    assert shown(site) == f"netem {told}"


def test_another_impairment_takes_the_place_of_the_first(site: User) -> None:
    netem(site, "delay=20ms jitter=1ms loss=5% corrupt=1% reorder=3% rate=1Mbit limit=9")
    netem(site, "duplicate=1%")
    assert shown(site) == "netem limit 1000 duplicate 1%"
    assert site.does("fault").splitlines() == [f"netem {PLACE} duplicate=1%"]


def test_nothing_is_left_of_one_that_is_taken_back(site: User) -> None:
    netem(site, "delay=20ms both")
    site.does("fault", "netem", PLACE, "off")
    assert shown(site) == "noqueue"
    assert milliseconds(site) < 1


@pytest.mark.parametrize(("direction", "late"), [("", 20), ("in", 20), ("both", 40)])
def test_packets_are_late_in_the_direction_that_was_asked_for(
    site: User, direction: str, late: float
) -> None:
    netem(site, f"delay=20ms {direction}")
    assert shown(site) == ("noqueue" if direction == "in" else "netem limit 1000 delay 20ms")
    assert milliseconds(site) == pytest.approx(late, abs=0.5)


def test_one_direction_is_freed_when_only_the_other_is_asked_for(site: User) -> None:
    netem(site, "delay=20ms both")
    netem(site, "delay=30ms in")
    assert shown(site) == "noqueue"
    assert milliseconds(site) == pytest.approx(30, abs=0.5)


def test_a_rate_is_kept(site: User) -> None:
    # 1,442 bytes with their header of Ethernet at 1 Mbit/s: 11.5 ms.
    netem(site, "rate=1Mbit")
    said = site.does("exec", "client", "ping", "-q", "-c2", "-s1400", LB01)
    match = re.search(r"= ([\d.]+)/", said)
    assert match
    assert float(match[1]) == pytest.approx(11.5, abs=0.5)


def test_a_cable_is_as_bad_after_a_reboot(site: User) -> None:
    netem(site, "delay=20ms both")
    site.does("stop", "lb01")
    site.does("start", "lb01")
    assert shown(site) == "netem limit 1000 delay 20ms"
    assert milliseconds(site) == pytest.approx(40, abs=0.5)


def test_a_node_that_is_off_boots_with_a_cable_that_was_made_bad_meanwhile(site: User) -> None:
    site.does("stop", "nginx01")
    netem(site, "loss=100%", "nginx01:eth1")
    site.does("start", "nginx01")
    assert shown(site, "nginx01") == "netem limit 1000 loss 100%"
    site.does("fault", "netem", "nginx01:eth1", "off")
    assert shown(site, "nginx01") == "noqueue"


def test_a_qdisc_of_the_users_own_stays(site: User) -> None:
    own = ("tc", "qdisc", "add", "dev", "eth1", "root", "tbf")
    site.does("exec", "lb01", *own, "rate", "1mbit", "burst", "10kb", "latency", "50ms")
    try:
        done = site.tries("fault", "netem", PLACE, "delay=20ms", "both")
        assert (done.code, done.err.count("\n")) == (1, 1)
        assert "lb01:eth1 has a queueing discipline of its own, tbf" in done.err
        assert "tc qdisc del dev eth1 root" in done.err
        assert shown(site).startswith("tbf ")
        assert milliseconds(site) < 2, "the other direction is not impaired either"
        assert site.does("fault") == ""
    finally:
        site.does("exec", "lb01", "tc", "qdisc", "del", "dev", "eth1", "root")


@pytest.mark.parametrize("words", ["reorder=5%", "jitter=5ms"])
def test_what_netem_would_not_do_is_refused(site: User, words: str) -> None:
    done = site.tries("fault", "netem", PLACE, words)
    assert done.code in (1, 2)
    assert "delay" in done.err
    assert "Traceback" not in done.err
    assert shown(site) == "noqueue"
