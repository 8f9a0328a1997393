"""A site with two directors balances and fails over, in every place whose kernel has IPVS."""

from __future__ import annotations

import json
from collections import Counter

from conformance.sites import Site
from e2e.users import VIP, eventually

TABLE = "ipvsadm -Ln --exact"


def requests(site: Site, number: int) -> Counter[str]:
    """Who answered requests from the client to the VIP; ``no answer`` for one that failed."""
    loop = f"for i in $(seq {number}); do curl -s -m 2 {VIP} || echo no answer; done"
    return Counter(site.does("client", "sh", "-c", loop).splitlines())


def holders(site: Site) -> list[str]:
    (shown,) = json.loads(site.user.does("inspect", site.lab, "-f", "json"))["labs"]
    found: list[str] = shown["vips"][VIP]
    return found


def test_requests_are_shared_by_the_kernels_ipvs(balanced: Site) -> None:
    assert holders(balanced) == ["lb01"]
    before = requests(balanced, 20)
    assert before == {"nginx01": 10, "nginx02": 10}
    table = balanced.does("lb01", *TABLE.split())
    assert table.count("Route   1      0          10") == 2, table


def test_a_real_server_that_dies_leaves_the_table_and_comes_back(balanced: Site) -> None:
    balanced.does("nginx01", "nginx", "-s", "stop")
    eventually(lambda: "10.13:80" not in balanced.does("lb01", *TABLE.split()), 15, "it leaves")
    assert requests(balanced, 4) == {"nginx02": 4}
    balanced.does("nginx01", "sh", "-c", "nginx 2>/dev/null")  # it keeps what it is given open
    eventually(lambda: "10.13:80" in balanced.does("lb01", *TABLE.split()), 15, "it comes back")


def test_the_backup_takes_over_from_a_director_without_power_and_gives_back(
    balanced: Site,
) -> None:
    balanced.user.does("stop", f"{balanced.lab}/lb01")
    eventually(lambda: holders(balanced) == ["lb02"], 15, lambda: holders(balanced))
    assert "no answer" not in requests(balanced, 6)
    balanced.user.does("start", f"{balanced.lab}/lb01")
    eventually(lambda: holders(balanced) == ["lb01"], 20, lambda: holders(balanced))
    eventually(
        lambda: balanced.does("lb01", *TABLE.split()).count("Route") == 2, 15, "both are listed"
    )
    assert "no answer" not in requests(balanced, 6)


def test_keepalived_says_what_it_does(balanced: Site) -> None:
    assert "Keepalived" in balanced.user.does("logs", f"{balanced.lab}/lb02")
