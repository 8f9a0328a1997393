"""A site with two directors balances and fails over, in every place whose kernel has IPVS.

Only here does the set meet the kernel of a test machine by all means of a place (`inside`), so its
site is also asked what else a kernel may answer otherwise. Starting a command in such a machine
takes seconds: what is waited for is waited for inside the nodes.
"""

from __future__ import annotations

import json
from collections import Counter

from conformance import sites
from conformance.places import may_privilege
from conformance.sites import Site
from e2e.users import VIP
from lvsnet.engine import capabilities

TABLE = "ipvsadm -Ln --exact"
VIP_IS_HERE = f"ip -o addr show eth1 | grep -q 'inet {VIP}/32'"
BOTH_ARE_LISTED = f"[ $({TABLE} | grep -c Route) = 2 ]"


def requests(site: Site, number: int) -> Counter[str]:
    """Who answered requests from the client to the VIP; ``no answer`` for one that failed."""
    # One program for all, but a connection for each.
    each = ("-m", "2", "-H", "Connection: close", f"http://{VIP}/?[1-{number}]")
    done = site.quick.tries("exec", f"{site.lab}/client", "curl", "-s", *each)
    answers = done.text.splitlines()
    return Counter([*answers, *["no answer"] * (number - len(answers))])


def holders(site: Site) -> list[str]:
    (shown,) = json.loads(site.quick.does("inspect", site.lab, "-f", "json"))["labs"]
    found: list[str] = shown["vips"][VIP]
    return found


def comes(site: Site, node: str, condition: str, within: int) -> None:
    """Wait until a shell's condition is met in a node; fails when it is not in time."""
    loop = f"until {condition}; do sleep 0.1; done"
    done = site.quick.tries("exec", f"{site.lab}/{node}", "timeout", str(within), "sh", "-c", loop)
    assert done.code == 0, f"not within {within} s on {node}: {condition}: {done}"


def test_requests_are_shared_by_the_kernels_ipvs(balanced: Site) -> None:
    assert holders(balanced) == ["lb01"]
    before = requests(balanced, 20)
    assert before == {"nginx01": 10, "nginx02": 10}
    table = balanced.does("lb01", *TABLE.split())
    assert table.count("Route   1      0          10") == 2, table
    said = balanced.quick.does("ipvs", f"{balanced.lab}/lb01", "--connections", "-f", "json")
    (seen,) = json.loads(said)["tables"]
    (service,) = seen["services"]
    assert {one["node"]: one["inactive"] for one in service["real_servers"]} == before, said
    assert seen["connections"]["count"] == 20, said


def test_a_real_server_that_dies_leaves_the_table_and_comes_back(balanced: Site) -> None:
    there = f"{TABLE} | grep -q 10.13:80"
    balanced.does("nginx01", "nginx", "-s", "stop")
    comes(balanced, "lb01", f"! {there}", 15)
    assert requests(balanced, 4) == {"nginx02": 4}
    balanced.does("nginx01", "sh", "-c", "nginx 2>/dev/null")  # it keeps what it is given open
    comes(balanced, "lb01", there, 15)


def test_the_backup_takes_over_from_a_director_without_power_and_gives_back(
    balanced: Site,
) -> None:
    change = "echo kept > /root/disk; echo lost > /run/memory; ip addr add 192.0.2.9/32 dev eth1"
    balanced.does("lb01", "sh", "-c", change)
    balanced.quick.does("stop", f"{balanced.lab}/lb01")
    comes(balanced, "lb02", VIP_IS_HERE, 15)
    assert holders(balanced) == ["lb02"]
    assert "no answer" not in requests(balanced, 6)
    off = balanced.quick.tries("exec", f"{balanced.lab}/lb01", "true")
    assert (off.code, off.err) == (1, "lvsnet: lb01 does not run; `lvsnet start lb01` starts it\n")
    balanced.quick.does("start", f"{balanced.lab}/lb01")
    comes(balanced, "lb01", f"{VIP_IS_HERE} && {BOTH_ARE_LISTED}", 20)
    comes(balanced, "lb02", f"! {VIP_IS_HERE}", 15)
    assert "no answer" not in requests(balanced, 6)
    # It lost its power, and nothing of its disk.
    look = "cat /root/disk; [ ! -e /run/memory ] && echo none; ip -o addr show eth1"
    disk, memory, *addresses = balanced.does("lb01", "sh", "-c", look).splitlines()
    assert (disk, memory) == ("kept", "none")
    assert not [one for one in addresses if "192.0.2.9" in one]


def test_keepalived_says_what_it_does(balanced: Site) -> None:
    assert "Keepalived" in balanced.quick.does("logs", f"{balanced.lab}/lb02")


def test_nodes_have_their_rights_and_no_others(balanced: Site) -> None:
    status = "cat /proc/self/status"
    ordinary = {*capabilities.DEFAULT, "CAP_NET_ADMIN", "CAP_NET_RAW"}
    links = "ip link add name d0 type veth && ip link del d0 && ! mount -t tmpfs x /mnt"
    said = balanced.does("nginx02", "sh", "-c", f"{status} && {links} 2>/dev/null")
    assert capabilities.bounding(said) == ordinary
    if may_privilege(balanced.place):
        said = balanced.does("client", "sh", "-c", f"{status} && mount -t tmpfs x /mnt")
        # Not every engine knows the kernel's newest ones.
        more = {"CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_RESOURCE"}
        assert capabilities.bounding(said) >= more


def test_all_of_it_ends_when_it_is_destroyed_and_nothing_is_left(balanced: Site) -> None:
    """The last one: the site is gone afterwards."""
    user, place, lab = balanced.user, balanced.place, balanced.lab
    assert sites.traces(user, place, lab)
    sites.destroy_under_shell_and_logs(user, lab, "nginx01")
    assert sites.traces(user, place, lab) == []
