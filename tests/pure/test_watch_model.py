"""What is known of a watched lab, and what keys make of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from watch_samples import (
    DR,
    FAILS_OVER,
    SECOND,
    STOOD,
    TABLES_OF_DR,
    TWO_CABLES,
    VIP,
    clock,
    lab,
    laid,
    line,
    listed,
    machine,
    server,
    table,
    told,
)

from lvsnet.errors import LvsnetError
from lvsnet.faults.model import LinkDown
from lvsnet.watch import orders, showing
from lvsnet.watch.model import MOST_EVENTS, EndedError, Lab
from lvsnet.watch.orders import CABLE, Part, Refused

LB01 = DR.machines[1]


def test_first_state_is_none_of_the_events() -> None:
    one = lab(laid(), STOOD)
    assert one.vrrp == {"lb01": {"VI_1": "master"}, "lb02": {"VI_1": "backup"}}
    assert one.held["lb01"] == [VIP]
    assert not one.events


def test_node_without_power_has_nothing() -> None:
    one = lab(laid(), STOOD, *FAILS_OVER)
    assert one.off == {"lb01"}
    assert "lb01" not in one.vrrp
    assert not one.held.get("lb01")
    assert one.held["lb02"] == [VIP]
    assert [each.text for each in one.events][-1] == f"holds {VIP} on eth1"


def test_node_that_boots_has_dead_daemons_until_they_start() -> None:
    one = lab(laid(), STOOD, *FAILS_OVER, told("node", "lb01", "on", "lb01", "is on"))
    assert one.off == set()
    assert one.dead == {("lb01", "keepalived")}
    one.takes(told("daemon", "lb01", "started", "keepalived", "keepalived runs"), 0)
    assert one.dead == set()


def test_keepalived_that_dies_leaves_its_vip_and_no_state() -> None:
    gone = told("daemon", "lb01", "exited", "keepalived", "keepalived has ended")
    one = lab(laid(), STOOD, gone)
    assert one.held["lb01"] == [VIP]
    assert "lb01" not in one.vrrp


def test_cable_is_cut_by_what_the_kernel_says_or_by_a_fault() -> None:
    one = lab(laid(), STOOD, told("link", "lb01", "down", "eth1", "eth1 is down: no carrier"))
    assert one.is_cut("lb01", "eth1")
    one.takes(told("link", "lb01", "up", "eth1", "eth1 is up"), 0)
    assert not one.is_cut("lb01", "eth1")
    one.takes(line(faults=[{"kind": "link_down", "node": "lb01", "interface": "eth1"}]), 0)
    assert one.faults == (LinkDown("lb01", "eth1"),)
    assert one.is_cut("lb01", "eth1")


def test_what_is_said_five_times_at_once_is_listed_once() -> None:
    says = [
        told("arp", "lb02", "gratuitous", VIP, f"says that {VIP} is at x", at * SECOND // 5)
        for at in range(5)
    ]
    later = told("arp", "lb02", "gratuitous", VIP, f"says that {VIP} is at x", 5 * SECOND)
    assert len(lab(laid(), STOOD, *says, later).events) == 2


def test_as_many_events_are_kept_as_can_be_scrolled_to() -> None:
    one = lab(laid(), STOOD)
    for number in range(MOST_EVENTS + 5):
        one.takes(told("ipvs", "lb01", "weight", "x", f"weight {number}"), 0)
    assert len(one.events) == MOST_EVENTS
    assert one.count == MOST_EVENTS + 5


def test_time_of_a_virtual_clock_is_what_it_says() -> None:
    one = lab(clock(now=5), laid(), TABLES_OF_DR)
    assert one.now(7 * SECOND) == 5


def test_time_of_a_real_clock_goes_on_by_itself() -> None:
    one = Lab()
    assert one.now(0) is None
    one.takes(TABLES_OF_DR, 10)
    assert one.now(10 + SECOND) == 4 * SECOND


def test_redeploy_is_noticed_and_begins_anew() -> None:
    one = lab(laid(), STOOD, *FAILS_OVER, told("lab", "", "changed", "dr", "was changed"))
    assert one.changed
    one.takes(laid(), 0)
    assert not one.stands
    assert one.off == set()
    assert one.events


def test_past_is_not_listed_twice_after_a_redeploy() -> None:
    def past(*events: tuple[int, str, int]) -> str:
        told = [[at, "vrrp", "lb02", "x", "VI_1", text, within] for at, text, within in events]
        return line(initial=[], past=told, now=3 * SECOND)

    before = (SECOND, "enters BACKUP", SECOND - 1)
    one = lab(laid(), past(before))
    one.takes(told("vrrp", "lb02", "master", "VI_1", "enters MASTER", 7 * SECOND + 5), 0)
    master = (7 * SECOND, "enters MASTER", SECOND - 1)
    one.takes(laid(), 0)
    one.takes(past(before, master, (8 * SECOND, "enters FAULT", SECOND - 1)), 0)
    assert [each.text for each in one.events] == ["enters BACKUP", "enters MASTER", "enters FAULT"]


def test_end_says_why() -> None:
    with pytest.raises(EndedError, match="destroyed"):
        lab(line(ended="lab dr was destroyed"))


def test_what_nobody_knows_is_another_version() -> None:
    with pytest.raises(LvsnetError, match="another version"):
        lab(line(weather="fair"))


def test_power_stops_what_is_on_and_starts_what_is_off() -> None:
    assert str(orders.power(lab(laid(), STOOD), LB01)) == "lvsnet stop lb01"
    assert str(orders.power(lab(laid(), STOOD, *FAILS_OVER), LB01)) == "lvsnet start lb01"


def test_only_cable_is_cut_and_mended() -> None:
    assert str(orders.cable(lab(laid(), STOOD), LB01, None)) == "lvsnet fault link down lb01:eth1"
    cut = lab(laid(), STOOD, told("link", "lb01", "down", "eth1", "eth1 is down"))
    assert str(orders.cable(cut, LB01, None)) == "lvsnet fault link up lb01:eth1"


def test_one_of_two_cables_has_to_be_chosen() -> None:
    refused = orders.cable(lab(laid(), STOOD), TWO_CABLES, None)
    assert refused == Refused("lb01 has cables eth1, eth2: choose one with ← and →")
    order = orders.cable(lab(laid(), STOOD), TWO_CABLES, Part(CABLE, "eth2"))
    assert str(order) == "lvsnet fault link down lb01:eth2"


def test_daemon_is_killed_and_revived() -> None:
    assert str(orders.daemon(lab(laid(), STOOD), LB01, None)) == "lvsnet fault kill lb01 keepalived"
    dead = lab(laid(), STOOD, told("daemon", "lb01", "exited", "keepalived", "has ended"))
    assert str(orders.daemon(dead, LB01, None)) == "lvsnet fault revive lb01 keepalived"
    client = machine("client", "client", 10)
    assert orders.daemon(dead, client, None) == Refused("client has no daemons")


def test_node_that_is_off_has_nothing_to_break() -> None:
    off = lab(laid(), STOOD, *FAILS_OVER)
    for give in (orders.cable, orders.daemon):
        assert give(off, LB01, None) == Refused("lb01 is off: s starts it")


def test_keys_say_what_they_would_do() -> None:
    cut = lab(laid(), STOOD, told("link", "lb01", "down", "eth2", "eth2 is down"))
    for interface, what in (("eth1", "cut"), ("eth2", "mend")):
        keys = orders.keys(cut, TWO_CABLES, Part(CABLE, interface))
        assert keys[:2] == [("s", "stop"), ("c", f"{what} {interface}")]
    off = lab(laid(), STOOD, *FAILS_OVER)
    assert orders.keys(off, LB01, None)[:2] == [("s", "start"), ("↑↓", "node")]


@pytest.mark.parametrize(
    ("mode", "speed", "factor", "words"),
    [
        ("held", 1.0, orders.FASTER, "lvsnet clock run --speed 2"),
        ("held", 1.0, orders.SLOWER, "lvsnet clock run --speed 1"),
        ("running", 2.0, orders.FASTER, "lvsnet clock run --speed 4"),
        ("running", 2.0, orders.SLOWER, "lvsnet clock run --speed 1"),
    ],
)
def test_speed(mode: str, speed: float, factor: float, words: str) -> None:
    assert str(orders.pace(lab(clock(mode, speed=speed)).clock, factor)) == words


def test_no_clock_is_faster_than_the_fastest() -> None:
    refused = orders.pace(lab(clock("running", speed=1e6)).clock, orders.FASTER)
    assert isinstance(refused, Refused)


def test_clock_is_advanced_by_what_is_a_duration() -> None:
    held = lab(clock()).clock
    assert str(orders.advance(held, "90s")) == "lvsnet clock advance 90s"
    assert isinstance(orders.advance(held, "soon"), Refused)


def test_real_clock_cannot_be_wound() -> None:
    for order in (orders.hold(None), orders.advance(None, "1s"), orders.pace(None, 2.0)):
        assert isinstance(order, Refused)
        assert "--clock virtual" in order.why


def test_a_mark_says_who_holds_a_vip_where_a_service_has_one() -> None:
    of_vip = table("lb01", server("nginx01", 13))
    of_mark = replace(of_vip.services[0], protocol="fwmark", address="1")
    one = lab(laid(), STOOD, listed(of_vip, replace(of_vip, services=(of_mark,))))
    heads = [str(text) for text in showing.tables(one, "lb01", 80)[0]]
    assert heads[0].startswith(f"lb01 ● tcp {VIP}:80 rr ")
    assert heads[2].rstrip() == "lb01   fwmark 1 rr"
