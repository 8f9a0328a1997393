"""What the linter's rules say does happen: keepalived and IPVS are given the rules' own examples.

Of those in tests/pure/lint that no lab of labs/broken shows. All run in one guest, each machine in
a network namespace of its own (lint_box.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from e2e import lint_box
from e2e.lint_box import Seen, Site
from e2e.users import User

EXAMPLES = Path(__file__).parents[1] / "pure/lint"
VIP, OTHER, INSIDE = "192.168.10.100", "192.168.10.101", "172.16.10.1"
FIRST, SECOND = lint_box.RIPS
DOWN = "ip link set eth2 down"
FAULT = f"ip link set {lint_box.TRACKED} down"
"""The neighbour's link stays up."""

Found = Mapping[str, Mapping[str, Seen]]

TWO_MASTERS = ("version-differs", "multicast-group-differs", "unicast-not-mutual")
ENDS = ("router-id-missing", "router-id-twice", "interface-missing")
LATE = ("takeover-slow", "advert-int-range")
LEFT_OUT = {
    "auth-incomplete": "",
    "auth-type-unknown": "",
    "auth-version-3": "version 3",
    "keepalived-unicast-peers": "",
}
"""What keepalived leaves out, a neighbour without it does not miss; what such a one has."""
TABLES = {
    "keepalived-forwarding-method": ("-m", "-g"),
    "protocol-missing": ("-A -u", "-A -t"),
    "scheduler-missing": ("-s wlc$", "-s rr$"),
    "scheduler-unknown": ("-s wlc$", "-s rr$"),
    "scheduler-flag": ("-s rr$", "-s sh -b sh-port$"),
    "ops-not-udp": ("-s rr$", "-s rr -o$"),
    "port-zero": ("-p 360$", "-p 300$"),
    "virtual-server-empty": (r"\A\Z", "-A"),
    "real-server-address": (r"\A\Z", "-A"),
    "real-server-family": (r"\A\Z", "-A"),
    "real-server-twice": (r"\A.*\n-a .*\n\Z", r"\A.*\n-a .*\n-a .*\n\Z"),
    "thresholds": (r"\A-A .*\n\Z", r"\A-A .*\n-a .*\n\Z"),
    "dr-port": (r":80 -g", r":8080 -m"),
    "tun-port": (r"-a .*:80 -i", r"-a .*:80 -i"),
    "vip-held-by-nobody": (r"-A -t 192\.168\.10\.110:80", f"-A -t {re.escape(VIP)}:80"),
}
"""Rule -> what IPVS's table has by the wrong example, and by the right one."""
SAID = {
    "priority-range": ("   Priority = 100$", "   Priority = 254$"),
    "priority-default": ("   Priority = 100$", "   Priority = 150$"),
    "nopreempt-owner": ("Preempt = enabled$", "Preempt = disabled$"),
    "preempt-delay-master": ("preempt delay will not work", "Preempt delay = 60 secs$"),
    "preempt-delay-nopreempt": ("preempt_delay is incompatible", "Preempt delay = 60 secs$"),
    "advert-int-fraction": ("Advert interval = 1 sec$", "Advert interval = 500 milli-sec$"),
    "state-unknown": ("Wantstate = BACKUP$", ""),
    "strict-ignored": ("preempt_delay is incompatible", ""),
    "keyword-twice": ("   Gratuitous ARP delay = 6$", "   Gratuitous ARP delay = 5$"),
    "delay-loop-default": ("Delay loop = 60000000 us$", "Delay loop = 2000000 us$"),
    "hysteresis-quorum": ("hysteresis 2 >= quorum 2; setting hysteresis to 1$", ""),
    "quorum-weights": ("reducing quorum to 2$", ""),
    "sorry-server-order": ("Adding sorry server", "Enabling sorry server"),
    "check-incomplete": ("no urls specified - ignoring", "Activating healthchecker for"),
    "track-interface-own": ("Ignoring track_interface eth1", ""),
    "keepalived-track-weight": ("ignoring tracked script", "Changing effective priority"),
    "track-weight-sync-group": ("ignoring tracked script", "Changing effective priority"),
    "unicast-peer-self": ("equal priority advert .* with our IP address", ""),
    "ha-suspend-fwmark": ("clearing ha_suspend", ""),
    "keepalived-duplicate": ("vrrp instance VI_1 already defined", r"\(VI_2\) Entering MASTER"),
    "vrrp-without-effect": ("vmac_xmit_base is only valid with a vmac", "creating VMAC interface"),
    "keepalived-unknown-name": ("track script chck not found, ignoring", ""),
    "keepalived-unused": ("script chk is not used", "Script `chk` now returning"),
    "ipv6-link-local-first": ("first IPv6 VIP address should be link local", ""),
    "auth-ah-master": ("state master is incompatible with AH", ""),
    "keepalived-unknown-keyword": ("Unknown keyword 'garp_master_dealy'", ""),
    "keepalived-value": ("invalid number '5s'", ""),
    "keepalived-include": ("Config files missing", ""),
    "keepalived-deprecated": ("lvs_sync_daemon_interface .* is deprecated", ""),
}
"""Rule -> what keepalived says, of what it does or of what it has read: of the wrong example and
not of the right one, and the other way about."""
LACKING = {
    "virtual-server-missing": f"-A -t {VIP}:443 ",
    "virtual-server-differs": "-s rr",
    "real-servers-differ": f"-r {SECOND}:80 ",
}
"""What the second director's table has not, in the wrong example."""
SHARES = {
    # Of a table of 256 the last one, which is first, has its 100 places, the other the rest.
    "sh-weights": ((117, 183, 10), (100, 200, 10)),
    # 100 and 1 become 50 and, as none is to be without, 1 of some 30.
    "mh-weights": ((10, 290, 5), (100, 200, 5)),
    "weight-unused": ((150, 150, 0), (225, 75, 0)),
}
"""Rule -> connections to the second and to the first real server, and how many more or fewer."""


def example(rule: str, which: str) -> dict[str, str]:
    """The machines' configurations of a rule's wrong or right example."""
    text = (EXAMPLES / f"{rule}.txt").read_text()
    _, *parts = re.split(r"^==== (wrong|right): (\S+)\n", text, flags=re.MULTILINE)
    found = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return {name: conf for each, name, conf in found if each == which}


def changed(rule: str, which: str, old: str, new: str) -> dict[str, str]:
    """An example with something else in it."""
    found = example(rule, which)
    assert any(old in conf for conf in found.values())
    return {name: conf.replace(old, new) for name, conf in found.items()}


def tracking(rule: str, which: str, router_id: int) -> dict[str, str]:
    """An example whose virtual routers of an id track one more interface, and swap their machines
    where the first one has a sync group that the second has not."""
    line = f"virtual_router_id {router_id}"
    found = changed(rule, which, line, f"{line}\ntrack_interface {{\n{lint_box.TRACKED}\n}}")
    if rule == "sync-groups-differ":
        other = {"100": "150", "150": "100"}
        found = {
            after: re.sub(r"(?<=priority )\d+", lambda seen: other[seen[0]], found[before])
            for after, before in zip(found, reversed(found), strict=True)
        }
    return found


def partner(more: str) -> str:
    """A neighbour with the examples' virtual router, of a lower priority."""
    return (
        "vrrp_instance VI_1 {\nstate BACKUP\ninterface eth1\nvirtual_router_id 33\npriority 50\n"
        f"advert_int 1\n{more}\nvirtual_ipaddress {{\n{VIP}/24\n}}\n}}\n"
    )


def sites() -> dict[str, Site]:
    found: dict[str, Site] = {}

    def add(rule: str, which: str, machines: dict[str, str] | None = None, **then: str) -> None:
        machines = machines or example(rule, which)
        found[f"{rule}.{which}"] = Site(machines=machines, then=then, clients=False)

    def clients(rule: str) -> None:
        for which in ("wrong", "right"):
            machines = example(rule, which)
            found[f"{rule}.{which}"] = Site(machines=machines, then={}, clients=True)

    for rule in ("priorities-equal", "owner-twice", "master-twice", "strict-unicast"):
        add(rule, "wrong")
    for which in ("wrong", "right"):
        for rule in (*TWO_MASTERS, *ENDS, *LATE, *TABLES, *SAID, "sync-group-priority"):
            add(rule, which)
        for rule in ("vip-families-mixed", "sync-daemon-instance", "script-user-default"):
            add(rule, which)
        for rule, more in LEFT_OUT.items():
            add(rule, which, {**example(rule, which), "lb02": partner(more)})
        for rule in ("real-server-unchecked", "sorry-unused", "tracking-differs"):
            add(rule, which)
        add("script-shell", which, changed("script-shell", which, "nginx", "keepalived"))
        slow = changed("script-timeout", which, "/usr/bin/pgrep -x nginx", "/usr/bin/sleep 9")
        add("script-timeout", which, slow)
        add("sync-group-empty", which, lb01=DOWN)
        add("sync-group-twice", which, lb01=DOWN)
        add("sync-groups-differ", which, tracking("sync-groups-differ", which, 34), lb01=FAULT)
        add("nat-gateway-apart", which, tracking("nat-gateway-apart", which, 33), lb01=FAULT)
        with_sorry = f"lb_kind DR\nsorry_server {OTHER} 80"
        hysteresis = changed("hysteresis-weights", which, "lb_kind DR", with_sorry)
        add("hysteresis-weights", which, hysteresis)
        add("vips-differ", which, lb01=f"kill $(cat /run/vips-differ.{which}.lb01.p)")
        tracks = "virtual_router_id 34\ntrack_interface {\neth2\n}"
        twice = changed("vip-twice", which, "virtual_router_id 34", tracks)
        add("vip-twice", which, twice, lb01=DOWN)
    for rule in LACKING:
        add(rule, "wrong", lb01=f"kill $(cat /run/{rule}.wrong.lb01.p)")
    for rule in (*SHARES, "weights-zero", "inhibit-hash", "inhibit-persistence"):
        clients(rule)
    clients("udp-check-no-reply")
    version_3 = changed("vip-missing", "wrong", "advert_int 1", "advert_int 1\nversion 3")
    add("vip-missing", "wrong", version_3)
    other_tail = changed("auth-pass-length", "wrong", "priority 150", "priority 50")["lb01"]
    (password,) = re.findall(r"auth_pass (\S+)", other_tail)
    other_tail = other_tail.replace(password, f"{password[:8]}another")
    add("auth-pass-length", "wrong", {**example("auth-pass-length", "wrong"), "lb02": other_tail})
    first, last = example("virtual-server-twice", "wrong")["lb01"].split("}\nvirtual_server", 1)
    twice = {"lb01": f"{first}}}\nvirtual_server{last.replace('lb_algo rr', 'lb_algo lc')}"}
    add("virtual-server-twice", "wrong", twice)
    return found


@pytest.fixture(scope="module")
def found(warm_held: User) -> Found:
    file = warm_held.home / "box.yaml"
    file.write_text(
        "name: truths\nmemory: 1G\nsegments: {lan: 10.99.0.0/24}\n"
        "nodes: {box: {role: host, interfaces: {lan: 10.99.0.1}, privileged: true}}\n"
    )
    warm_held.does("deploy", str(file))
    program = Path(lint_box.__file__).read_text()
    wanted = sites()
    # Many rules' right examples are the same.
    first = {json.dumps(site): name for name, site in reversed(wanted.items())}
    given = {name: wanted[name] for name in first.values()}
    text = warm_held.does("exec", "box", "python3", "-c", program, stdin=json.dumps(given).encode())
    result: Found = json.loads(text)
    return {name: result[first[json.dumps(site)]] for name, site in wanted.items()}


def holders(found: Found, site: str, vip: str = VIP, time: int = 0) -> list[str]:
    """The machines that have a VIP, after an election; with ``time`` 1 after what came then."""
    return [name for name, one in found[site].items() if vip in one["vips"][time]]


def said(found: Found, site: str, pattern: str) -> bool:
    logs = (one["log"] for one in found[site].values())
    return any(re.search(pattern, log, re.MULTILINE) for log in logs)


def table(found: Found, site: str, time: int = 0) -> str:
    return found[site]["lb01"]["tables"][time]


@pytest.mark.parametrize("rule", TWO_MASTERS)
def test_both_machines_hold_the_vip(found: Found, rule: str) -> None:
    assert holders(found, f"{rule}.wrong") == ["lb01", "lb02"]
    assert holders(found, f"{rule}.right") == ["lb01"]


@pytest.mark.parametrize("rule", ENDS)
def test_keepalived_ends(found: Found, rule: str) -> None:
    assert found[f"{rule}.wrong"]["lb01"]["code"] == 2
    assert found[f"{rule}.right"]["lb01"]["code"] is None


def test_an_instance_without_addresses_ends_it_with_version_3(found: Found) -> None:
    assert found["vip-missing.wrong"]["lb01"]["code"] == 2


@pytest.mark.parametrize("rule", LATE)
def test_nobody_has_the_vip_after_nine_seconds(found: Found, rule: str) -> None:
    assert holders(found, f"{rule}.wrong") == []
    assert holders(found, f"{rule}.right") == ["lb01"]


@pytest.mark.parametrize("rule", LEFT_OUT)
def test_a_neighbour_does_not_miss_what_is_left_out(found: Found, rule: str) -> None:
    assert holders(found, f"{rule}.wrong") == ["lb01"]
    also = ["lb01"] if rule == "auth-version-3" else ["lb01", "lb02"]
    assert holders(found, f"{rule}.right") == also


@pytest.mark.parametrize("rule", TABLES)
def test_the_table_is_another_one(found: Found, rule: str) -> None:
    for which, pattern in zip(("wrong", "right"), TABLES[rule], strict=True):
        seen = table(found, f"{rule}.{which}")
        assert re.search(pattern, seen, re.MULTILINE), seen


@pytest.mark.parametrize("rule", SAID)
def test_keepalived_says_so(found: Found, rule: str) -> None:
    wrong, right = SAID[rule]
    assert said(found, f"{rule}.wrong", wrong)
    if rule != "state-unknown":
        assert not said(found, f"{rule}.right", wrong)
    if right:
        assert said(found, f"{rule}.right", right)
        assert not said(found, f"{rule}.wrong", right)


@pytest.mark.parametrize("rule", ["priorities-equal", "owner-twice"])
def test_of_equals_one_has_the_vip(found: Found, rule: str) -> None:
    """Whoever was first; which one that is nobody has said."""
    assert len(holders(found, f"{rule}.wrong")) == 1


def test_one_of_two_that_are_written_as_master_does_not_become_it(found: Found) -> None:
    assert holders(found, "master-twice.wrong") == ["lb01"]


def test_of_a_password_eight_characters_count(found: Found) -> None:
    assert holders(found, "auth-pass-length.wrong") == ["lb01"]


def test_strict_mode_takes_unicast_peers_in_this_version(found: Found) -> None:
    assert found["strict-unicast.wrong"]["lb01"]["code"] is None
    assert holders(found, "strict-unicast.wrong") == ["lb01"]


def test_addresses_of_another_family_are_left_out(found: Found) -> None:
    assert found["vip-families-mixed.wrong"]["lb01"]["vips"][0] == [VIP]
    assert len(found["vip-families-mixed.right"]["lb01"]["vips"][0]) == 2


def test_a_vip_of_two_instances_goes_with_the_first_that_leaves_master(found: Found) -> None:
    assert holders(found, "vip-twice.wrong") == ["lb01"]
    assert holders(found, "vip-twice.wrong", time=1) == []
    assert holders(found, "vip-twice.right", time=1) == ["lb01"]


def test_a_vip_that_the_next_master_does_not_list_is_on_no_machine(found: Found) -> None:
    assert said(found, "vips-differ.wrong", "expected 1 VIPs but received 2")
    for which, has_other in (("wrong", []), ("right", ["lb02"])):
        site = f"vips-differ.{which}"
        assert holders(found, site, OTHER) == ["lb01"]
        assert (holders(found, site, VIP, 1), holders(found, site, OTHER, 1)) == (
            ["lb02"],
            has_other,
        )


def test_a_sync_group_without_members_moves_nothing_together(found: Found) -> None:
    assert holders(found, "sync-group-empty.wrong", time=1) == ["lb01"]
    assert holders(found, "sync-group-empty.right", time=1) == []


def test_an_instance_is_in_the_first_of_two_sync_groups(found: Found) -> None:
    for vip in (VIP, INSIDE):
        assert holders(found, "sync-group-twice.wrong", vip, 1) == []
    assert holders(found, "sync-group-twice.wrong", OTHER, 1) == ["lb01"]


def test_where_sync_groups_differ_a_vip_is_on_no_machine(found: Found) -> None:
    """The second machine would take it with the other one only, which the first one keeps."""
    for which, outside, inside in (("wrong", ["lb01"], []), ("right", ["lb02"], ["lb02"])):
        site = f"sync-groups-differ.{which}"
        assert holders(found, site, VIP) == holders(found, site, INSIDE) == ["lb01"]
        assert holders(found, site, VIP, 1) == outside
        assert holders(found, site, INSIDE, 1) == inside


def test_without_a_sync_group_the_gateway_stays_behind(found: Found) -> None:
    assert holders(found, "nat-gateway-apart.wrong", time=1) == ["lb02"]
    assert holders(found, "nat-gateway-apart.wrong", INSIDE, 1) == ["lb01"]
    for vip in (VIP, INSIDE):
        assert holders(found, "nat-gateway-apart.right", vip, 1) == ["lb02"]


@pytest.mark.parametrize("rule", LACKING)
def test_after_a_takeover_something_is_missing(found: Found, rule: str) -> None:
    site = found[f"{rule}.wrong"]
    assert holders(found, f"{rule}.wrong", time=1) == ["lb02"]
    assert LACKING[rule] in site["lb01"]["tables"][0]
    assert LACKING[rule] not in site["lb02"]["tables"][0]


def test_nobody_has_the_address_of_a_virtual_server_that_no_instance_has(found: Found) -> None:
    assert holders(found, "vip-held-by-nobody.wrong", "192.168.10.110") == []
    assert holders(found, "vip-held-by-nobody.right") == ["lb01"]


def test_a_sync_group_is_on_one_machine_whatever_the_priorities(found: Found) -> None:
    for which in ("wrong", "right"):
        site = f"sync-group-priority.{which}"
        assert len(holders(found, site)) == 1
        assert holders(found, site) == holders(found, site, INSIDE)


def test_scripts_without_a_user_are_not_run(found: Found) -> None:
    """The script fails, and the VIP is held all the same."""
    assert said(found, "script-user-default.wrong", "vrrp script chk - removing")
    assert holders(found, "script-user-default.wrong") == ["lb01"]
    assert holders(found, "script-user-default.right") == []


def test_words_of_a_shell_are_arguments(found: Found) -> None:
    """What the first half of the command looks for is there."""
    assert holders(found, "script-shell.wrong") == []
    assert holders(found, "script-shell.right") == ["lb01"]


def test_a_run_that_takes_longer_than_the_interval_costs_others(found: Found) -> None:
    assert said(found, "script-timeout.wrong", "Track script chk .* skipping run")
    assert not said(found, "script-timeout.right", "skipping run")


def test_who_tracks_nothing_takes_the_vip_without_a_service(found: Found) -> None:
    assert holders(found, "tracking-differs.wrong") == ["lb02"]
    assert holders(found, "tracking-differs.right") == []


def test_no_sync_daemon_runs_for_an_instance_that_is_not_there(found: Found) -> None:
    assert not found["sync-daemon-instance.wrong"]["lb01"]["syncs"]
    assert found["sync-daemon-instance.right"]["lb01"]["syncs"]


def test_of_two_virtual_servers_one_is_there_with_the_real_servers_of_both(found: Found) -> None:
    service, *servers = table(found, "virtual-server-twice.wrong").splitlines()
    assert service == f"-A -t {VIP}:80 -s rr"
    assert [line.split()[4] for line in servers] == [f"{FIRST}:80", f"{SECOND}:80"]


@pytest.mark.parametrize("rule", ["real-server-unchecked", "sorry-unused"])
def test_dead_real_servers_stay_in_the_table(found: Found, rule: str) -> None:
    assert table(found, f"{rule}.wrong", 1) == table(found, f"{rule}.wrong", 0)
    assert FIRST not in table(found, f"{rule}.right", 1)


def test_a_quorum_above_all_weights_is_never_gained(found: Found) -> None:
    assert re.findall(r"-r (\S+):80", table(found, "hysteresis-weights.wrong")) == [OTHER]
    assert re.findall(r"-r (\S+):80", table(found, "hysteresis-weights.right")) == [FIRST, SECOND]


@pytest.mark.parametrize("rule", SHARES)
def test_shares_are_not_those_of_the_weights(found: Found, rule: str) -> None:
    for which, (second, first, about) in zip(("wrong", "right"), SHARES[rule], strict=True):
        shares = found[f"{rule}.{which}"]["lb01"]["open"][0]
        assert abs(shares[SECOND] - second) <= about, shares
        assert abs(shares[FIRST] - first) <= about, shares


def test_weights_of_zero_get_no_connections(found: Found) -> None:
    assert found["weights-zero.wrong"]["lb01"]["open"][0] == {FIRST: 0, SECOND: 0}
    assert found["weights-zero.right"]["lb01"]["open"][0] == {FIRST: 0, SECOND: 300}


def test_clients_of_a_dead_real_server_are_refused_or_still_sent_there(found: Found) -> None:
    """Each client has one connection before it dies, and begins another one then."""
    for rule in ("inhibit-hash", "inhibit-persistence"):
        before, after = found[f"{rule}.wrong"]["lb01"]["open"]
        kept = {"inhibit-hash": 0, "inhibit-persistence": before[SECOND]}[rule]
        assert before[SECOND] > 100
        assert after == {FIRST: before[FIRST], SECOND: kept}
        assert found[f"{rule}.right"]["lb01"]["open"][1] == {FIRST: 300, SECOND: 0}


def test_without_require_reply_silence_passes(found: Found) -> None:
    assert FIRST in table(found, "udp-check-no-reply.wrong", 1)
    assert FIRST not in table(found, "udp-check-no-reply.right", 1)
