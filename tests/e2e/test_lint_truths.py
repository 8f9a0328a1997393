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
from e2e.lint_box import Seen
from e2e.lint_sites import (
    ENDS,
    FIRST,
    INSIDE,
    IPVSADM,
    LACKING,
    LATE,
    LEFT_OUT,
    OTHER,
    SAID,
    SECOND,
    SHARES,
    TABLES,
    TWO_MASTERS,
    VIP,
    example,
    sites,
)
from e2e.users import User
from lvsnet.rules.table import RULES

Found = Mapping[str, Mapping[str, Seen]]

UNSEEN = (
    "router-names-equal",
    "advert-int-differs-v3",
    "nopreempt-one-side",
    "unicast-source-missing",
    "ip-vs-not-loaded",
    "check-slow",
    "smtp-check-host",
    "check-protocol",
    "real-server-is-vip",
    "nat-gateway-fixed",
    "sync-daemon-one-side",
    "value-as-without",
    "allow-unknown",
    "lab-file",
)
"""Rules that nothing shows. The last two are lvsnet's own."""


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


def test_an_address_is_there_once_however_often_it_is_written(found: Found) -> None:
    for which, times in (("wrong", 1), ("right", 2)):
        held = found[f"vip-repeated.{which}"]["lb01"]["vips"][0]
        assert (held.count(VIP), held.count(OTHER)) == (times, 1)


def test_what_is_tracked_without_saying_how_is_well(found: Found) -> None:
    assert said(found, "tracked-incomplete.wrong", "track process web not found, ignoring")
    assert holders(found, "tracked-incomplete.wrong") == ["lb01"]
    assert holders(found, "tracked-incomplete.right") == []


def test_of_groups_of_virtual_servers_the_rest_is_there(found: Found) -> None:
    seen = table(found, "server-group-entries.wrong").splitlines()
    assert [line for line in seen if line.startswith("-A")] == [f"-A -t {OTHER}:80 -s rr"]


def test_no_reply_is_as_long_as_more_than_the_most(found: Found) -> None:
    assert FIRST not in table(found, "reply-length.wrong", 1)
    assert FIRST in table(found, "reply-length.right", 1)


def test_ipvsadm_refuses_what_is_no_line_of_its_own(found: Found) -> None:
    assert table(found, "ipvsadm-line.wrong", 1) == f"-A -t {VIP}:80 -s rr\n"
    written = example("ipvsadm-line", "right")[IPVSADM]
    assert (
        len(table(found, "ipvsadm-line.right", 1).splitlines()) == len(written.splitlines()) == 10
    )


def test_all_other_rules_are_tried_or_shown() -> None:
    tried = {name.rpartition(".")[0] for name in sites()}
    shown = {name for name, rule in RULES.items() if rule.shown_by}
    assert set(RULES) - tried - shown == set(UNSEEN)
