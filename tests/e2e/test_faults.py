"""Faults that are put into a running lab, seen from its nodes, and taken back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from e2e.sites import TAKEOVER, heard, listen, moves
from e2e.users import VIP, User

RIP = {"nginx01": "192.168.10.13", "nginx02": "192.168.10.14"}


@pytest.fixture(scope="module")
def lab(warm_held: User) -> User:
    warm_held.does("deploy", warm_held.lab("dr"))
    return warm_held


@pytest.fixture
def site(lab: User) -> Iterator[User]:
    """A site without faults, whose first director holds the VIP."""
    moves(lab, VIP, "lb01", 30)
    yield lab
    lab.does("fault", "clear")


def standing(user: User) -> list[str]:
    return user.does("fault").splitlines()


def breaks(user: User, order: str) -> None:
    user.does("fault", *order.split())


def refused(user: User, order: str, code: int) -> str:
    done = user.tries("fault", *order.split())
    assert (done.code, done.out) == (code, b""), done
    assert "Traceback" not in done.err
    return done.err


def pings(user: User, node: str, address: str) -> bool:
    return user.tries("exec", node, "ping", "-q", "-c1", "-W1", address).code == 0


def gets(user: User, node: str, address: str) -> str:
    """The page, or nothing."""
    return user.tries("exec", node, "curl", "-s", "-m", "2", address).out.decode().strip()


def flags(user: User, node: str) -> set[str]:
    shown = user.does("exec", node, "ip", "link", "show", "eth1")
    match = re.search(r"<(.*?)>", shown)
    assert match, shown
    return set(match[1].split(","))


def test_a_cable_that_is_pulled_out_and_plugged_in(site: User) -> None:
    breaks(site, "link down lb01:lan")
    assert standing(site) == ["link down lb01:eth1"]
    assert "NO-CARRIER" in flags(site, "lb01")
    moves(site, VIP, "lb02")
    breaks(site, "link down lb01:eth1")  # as it is already
    assert standing(site) == ["link down lb01:eth1"]
    breaks(site, "link up lb01:lan")
    assert standing(site) == []
    assert "LOWER_UP" in flags(site, "lb01")
    moves(site, VIP, "lb01", 20)


def test_parted_directors_both_hold_the_vip(site: User) -> None:
    breaks(site, "partition lb01 from lb02")
    breaks(site, "partition client,lb01 from nginx01")
    site.comes(f"vip {VIP} on 2 nodes", TAKEOVER)
    assert not pings(site, "lb01", "192.168.10.12")
    assert not pings(site, "client", RIP["nginx01"])
    assert pings(site, "client", RIP["nginx02"])
    assert pings(site, "lb02", RIP["nginx01"])
    assert "LOWER_UP" in flags(site, "lb01")
    # From the other side, and in another order, it is the same.
    breaks(site, "heal nginx01 from lb01,client")
    assert pings(site, "client", RIP["nginx01"])
    assert standing(site) == ["partition lb01 from lb02"]
    breaks(site, "heal")
    assert standing(site) == []
    moves(site, VIP, "lb01")


def test_adverts_that_are_lost_on_their_way_out(site: User) -> None:
    breaks(site, "drop lb01 vrrp out")
    site.comes(f"vip {VIP} on 2 nodes", TAKEOVER)
    assert pings(site, "lb01", "192.168.10.12")
    # Replaced: what the other one sends does not come in, so the first one thinks it is alone.
    breaks(site, "drop lb01 vrrp in")
    assert standing(site) == ["drop lb01 vrrp in"]
    site.comes(f"vip {VIP} on one node", TAKEOVER)
    breaks(site, "pass lb01 vrrp")
    moves(site, VIP, "lb01")


@pytest.mark.parametrize(
    ("node", "direction"), [("client", ""), ("client", "in"), ("nginx01", "out")]
)
def test_a_port_whose_packets_are_lost(site: User, node: str, direction: str) -> None:
    breaks(site, f"drop {node} tcp/80 {direction}")
    assert gets(site, "client", RIP["nginx01"]) == ""
    assert pings(site, "client", RIP["nginx01"])
    assert (gets(site, "client", RIP["nginx02"]) == "nginx02") == (node == "nginx01")
    breaks(site, f"pass {node} tcp/80")
    assert gets(site, "client", RIP["nginx01"]) == "nginx01"


def test_icmp_and_arp(site: User) -> None:
    breaks(site, "drop client icmp in")
    assert not pings(site, "client", RIP["nginx01"])
    assert gets(site, "client", RIP["nginx01"]) == "nginx01"
    breaks(site, "pass client icmp")
    breaks(site, "drop client arp")
    assert pings(site, "client", RIP["nginx01"])  # which it knows
    site.does("exec", "client", "ip", "neigh", "flush", "all")
    assert not pings(site, "client", RIP["nginx01"])


def test_a_frozen_node(site: User) -> None:
    breaks(site, "freeze lb01")
    done = site.tries("exec", "lb01", "true", deadline=30)
    assert done.code == 1
    assert "lb01 is frozen" in done.err
    assert "`lvsnet fault thaw lb01`" in done.err
    assert "lb01 is frozen" in refused(site, "kill lb01 keepalived", 1)
    # Its kernel goes on: it answers, and keeps the VIP that the other one takes.
    assert pings(site, "client", "192.168.10.11")
    site.comes(f"vip {VIP} on 2 nodes", TAKEOVER)
    (row,) = [one for one in site.does("inspect").splitlines() if one.startswith("lb01 ")]
    assert row.split()[2] == "frozen"
    breaks(site, "thaw lb01")
    assert site.does("exec", "lb01", "echo", "back") == "back\n"
    moves(site, VIP, "lb01")


def test_a_killed_daemon_does_not_say_goodbye(site: User) -> None:
    listen(site, "lb02", "-v -i eth1 vrrp")
    site.passes(2)
    breaks(site, "kill lb01 keepalived")
    assert site.tries("exec", "lb01", "pgrep", "keepalived").code == 1
    site.comes(f"vip {VIP} on 2 nodes", TAKEOVER)  # nobody takes it away from the first
    said = [line for line in heard(site, "lb02", 0) if "192.168.10.11" in line]
    priorities = {found[1] for line in said if (found := re.search(r"prio (\d+)", line))}
    assert priorities == {"150"}, said  # never 0, by which a master says goodbye
    assert standing(site) == ["kill lb01 keepalived"]
    breaks(site, "revive lb01 keepalived")
    assert standing(site) == []
    moves(site, VIP, "lb01", 20)


def test_another_process_that_is_killed_is_not_a_fault_that_stands(site: User) -> None:
    site.does("exec", "client", "sh", "-c", "sleep 7654 >/dev/null 2>&1 &")
    breaks(site, "kill client sleep")
    assert site.tries("exec", "client", "pgrep", "-f", "7654").code == 1
    assert standing(site) == []
    assert "client runs no process sleep; " in refused(site, "kill client sleep", 1)
    assert "it runs keepalived" in refused(site, "kill lb01 nginx", 1)


def test_faults_of_cables_outlive_a_reboot_and_those_inside_do_not(site: User) -> None:
    for order in ("link down nginx01:eth1", "drop nginx01 icmp", "kill nginx01 nginx"):
        breaks(site, order)
    breaks(site, "stop nginx01")
    cables = ["link down nginx01:eth1", "drop nginx01 icmp"]
    assert standing(site) == ["stop nginx01", *cables]
    breaks(site, "stop nginx01")
    assert "nginx01 does not run" in refused(site, "freeze nginx01", 1)
    breaks(site, "start nginx01")
    assert standing(site) == cables
    assert "NO-CARRIER" in flags(site, "nginx01")
    breaks(site, "link up nginx01:eth1")
    assert not pings(site, "client", RIP["nginx01"])
    assert gets(site, "client", RIP["nginx01"]) == "nginx01"
    # By the command of that name, too; and what is done to the cable meanwhile counts.
    site.does("stop", "nginx01")
    assert standing(site)[0] == "stop nginx01"
    breaks(site, "link down nginx01:eth1")
    breaks(site, "pass nginx01 icmp")
    site.does("start", "nginx01")
    assert standing(site) == ["link down nginx01:eth1"]
    assert "NO-CARRIER" in flags(site, "nginx01")


def test_a_frozen_node_loses_its_power(site: User) -> None:
    breaks(site, "freeze nginx02")
    site.does("restart", "nginx02")
    assert standing(site) == []
    assert gets(site, "client", RIP["nginx02"]) == "nginx02"


def test_clear_takes_all_back(site: User) -> None:
    for order in (
        "stop nginx01",
        "freeze lb02",
        "kill lb01 keepalived",
        "link down nginx02:eth1",
        "partition client from nginx02",
        "drop client udp/53",
    ):
        breaks(site, order)
    breaks(site, "clear client")
    left = ["stop nginx01", "freeze lb02", "kill lb01 keepalived", "link down nginx02:eth1"]
    assert standing(site) == left
    breaks(site, "clear")
    assert standing(site) == []
    moves(site, VIP, "lb01", 20)
    for node, address in RIP.items():
        assert gets(site, "client", address) == node
    breaks(site, "clear")


def test_what_cannot_be_taken_back_does_not_keep_the_rest_from_it(site: User) -> None:
    breaks(site, "kill nginx01 nginx")
    site.does("exec", "nginx01", "mv", "/etc/nginx/nginx.conf", "/etc/nginx/away")
    breaks(site, "link down nginx02:eth1")
    said = refused(site, "clear", 1)
    assert "revive nginx01 nginx: nginx01: nginx ended at once" in said
    assert standing(site) == ["kill nginx01 nginx"]
    site.does("exec", "nginx01", "mv", "/etc/nginx/away", "/etc/nginx/nginx.conf")


def test_inspect_lists_faults(site: User) -> None:
    breaks(site, "link down lb01:lan")
    assert site.does("inspect").splitlines()[-1] == "fault link down lb01:eth1"
    (shown,) = json.loads(site.does("inspect", "-f", "json"))["labs"]
    fault = {
        "fault": "link down lb01:eth1",
        "mended_by": "link up lb01:eth1",
        "kind": "link_down",
        "node": "lb01",
        "interface": "eth1",
    }
    assert shown["faults"] == [fault]
    assert json.loads(site.does("fault", "-f", "json"))["faults"] == [fault]
    assert json.loads(site.does("fault", "link", "up", "lb01:lan", "-f", "json"))["faults"] == []


@pytest.mark.parametrize(
    ("order", "code", "words"),
    [
        ("link down lb01:eth9", 2, "lb01 has no interface eth9; it has eth1 (in lan)"),
        ("freeze lb03", 2, "lab dr has no node lb03; there is client, lb01"),
        ("partition lb01 lb02", 2, "expected 'from'"),
        ("netem lb01:eth1 delay=20", 2, "a duration with its unit"),
        ("service fail client", 2, "client is a client, and has no nginx"),
        ("revive lb01 nginx", 2, "lb01 has no daemon nginx that could be started again"),
        ("thaw lb01", 1, "thaw lb01: there is nothing to take back; no fault is on"),
        ("start lb01", 1, "start lb01: there is nothing to take back; no fault is on"),
        ("heal", 1, "heal: there is nothing to take back; no fault is on"),
    ],
)
def test_wrong_orders(lab: User, order: str, code: int, words: str) -> None:
    assert words in refused(lab, order, code)
    assert standing(lab) == []


def test_a_lab_in_which_faults_stand_can_be_changed(site: User) -> None:
    file = site.home / "dr.yaml"
    for order in ("link down nginx02:eth1", "drop nginx02 icmp", "drop client icmp"):
        breaks(site, order)
    text = file.read_text()
    without = re.sub(r"  nginx02: .*\n", "", text).replace(", nginx02]", "]")
    assert "nginx02" not in without
    file.write_text(without)
    site.does("redeploy", str(file))
    assert standing(site) == ["drop client icmp"]
    assert not pings(site, "client", RIP["nginx01"])
    # What comes back by that name is in order.
    file.write_text(text)
    site.does("redeploy", str(file))
    assert standing(site) == ["drop client icmp"]
    assert pings(site, "lb01", RIP["nginx02"])
