"""Reports of real runs: what they show is what the kernel, the daemons and the client said."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.users import SEED, VIP, User
from lvsnet.report import curves, html, reading
from lvsnet.report.model import Curve, Run

TOP = Path(__file__).parents[2]
SECOND = 1_000_000_000
DIES = f"{TOP}/labs/dr.yaml::director-dies"
CURVES = [f"{TOP}/docs/inactconn-{method}.yaml" for method in ("dr", "nat")]
REAL_SERVERS = ("192.168.10.13:80", "192.168.10.14:80")


@pytest.fixture(scope="module")
def reported(resident: User) -> Path:
    """The directory of a report: a director dies, and the runs that docs/inactconn.md shows."""
    done = resident.tries("test", DIES, *CURVES, "--seed", str(SEED), "-j", "1", "--report", "out")
    assert done.code == 0, done
    assert done.err.endswith("report: out/index.html\n")
    assert resident.left() == []
    return resident.home / "out"


@pytest.fixture(scope="module")
def runs(reported: Path) -> tuple[Run, ...]:
    return reading.runs((reported / "results.json").read_bytes(), "results.json")


def before(curve: Curve, at: int) -> int:
    """Where a curve's value at a time is."""
    return bisect_right(curve.at, at) - 1


def counted(run: Run, node: str, at: int) -> dict[str, tuple[int, int, int]]:
    """Real server -> weight, ActiveConn, InActConn of a director at a time."""
    return {
        one.real_server: (one.weight[n], one.active[n], one.inactive[n])
        for one in run.samples
        if one.node == node and (n := before(one, at)) >= 0
    }


def test_there_is_a_page_for_each_run(reported: Path, runs: tuple[Run, ...]) -> None:
    assert {one.name for one in reported.iterdir()} == {
        "dr-director-dies.html", "dr-dr.html", "nat-nat.html", "index.html", "results.json",
    }  # fmt: skip
    assert [run.state for run in runs] == ["passed"] * 3
    assert (reported / "dr-director-dies.html").read_text() == html.page(runs[:1])


def test_who_held_the_vip_is_told_from_the_begin_to_the_end(runs: tuple[Run, ...]) -> None:
    run = runs[0]
    held = [one for one in (*run.initial, *run.events) if one.kind == "vip"]
    assert [(one.node, one.what, one.subject) for one in held] == [
        ("lb01", "gained", VIP),
        ("lb01", "lost", VIP),
        ("lb02", "gained", VIP),
        ("lb02", "lost", VIP),
        ("lb01", "gained", VIP),
    ]
    assert held[0].at == 0
    at_first = {(one.node, one.what) for one in run.initial if one.kind == "vrrp"}
    assert at_first == {("lb01", "master"), ("lb02", "backup")}
    listed = {(one.node, one.subject) for one in run.initial if one.kind == "ipvs"}
    assert listed == {(node, server) for node in ("lb01", "lb02") for server in REAL_SERVERS}


def test_the_table_of_a_director_without_power_is_gone(runs: tuple[Run, ...]) -> None:
    run = runs[0]
    (off,) = (one.at for one in run.events if (one.kind, one.what) == ("node", "off"))
    active = counted(run, "lb01", off - 1)
    assert [weight for weight, *_ in active.values()] == [1, 1]
    assert sum(inactive for *_, inactive in active.values()) > 30
    assert set(counted(run, "lb01", off + SECOND // 5).values()) == {(-1, 0, 0)}
    # At the end lb02 has what it was sent while it was the master.
    ended = counted(run, "lb02", run.ended - run.begun)
    taken = held_by(run, "lb02")
    (load,) = run.loads
    assert load.requests is not None
    sent = [
        at
        for at, failure in zip(load.requests.at, load.requests.failure, strict=True)
        if failure < 0 and taken[0] <= at < taken[1]
    ]
    assert abs(sum(inactive for *_, inactive in ended.values()) - len(sent)) <= 1


def held_by(run: Run, node: str) -> list[int]:
    """When a node gained and lost the VIP."""
    return [one.at for one in run.events if (one.kind, one.node) == ("vip", node)]


def test_requests_and_their_summary_agree(runs: tuple[Run, ...]) -> None:
    (load,) = runs[0].loads
    assert load.requests is not None
    assert len(load.requests.at) == load.summary.requests == 200
    lost = sum(failure >= 0 for failure in load.requests.failure)
    assert lost == load.summary.lost > 0
    assert set(load.requests.servers) == {"nginx01", "nginx02"}
    (outage,) = load.summary.outages
    assert outage.lost == lost


def test_the_packets_tell_who_took_over_and_when(runs: tuple[Run, ...]) -> None:
    run = runs[0]
    assert run.missing == ()
    adverts = [one for one in run.packets if one.kind == "vrrp"]
    assert [one.node for one in adverts] == ["lb01", "lb02", "lb01"]
    announced = [one for one in run.packets if one.kind == "arp-gratuitous"]
    assert [one.node for one in announced] == ["lb02", "lb01"]
    for packet, gained in zip(
        announced, (held_by(run, "lb02")[0], held_by(run, "lb01")[1]), strict=True
    ):
        assert abs(packet.at - gained) < SECOND // 100
    assert any(one.kind == "arp-request" and VIP in one.text for one in run.packets)


def test_the_files_of_each_node_are_there(runs: tuple[Run, ...]) -> None:
    run = runs[0]
    assert list(run.roles) == ["client", "lb01", "lb02", "nginx01", "nginx02"]
    assert "virtual_router_id 33" in run.files["lb01"]["/etc/keepalived/keepalived.conf"]
    assert run.names["192.168.10.13"] == "nginx01"


@pytest.mark.parametrize("number", [1, 2], ids=["dr", "nat"])
def test_closed_connections_stay_for_two_minutes(runs: tuple[Run, ...], number: int) -> None:
    """As docs/inactconn.md says and its picture shows, with DR and NAT alike."""
    run = runs[number]
    (panel,) = curves.panels([run])
    inactive = value_at(panel.inactive)
    shown = next(one for one in run.steps if "ipvsadm -Ln" in one.text)
    # The step has seen 25 of each real server in ipvsadm's output.
    values = counted(run, "lb01", shown.ended + SECOND // 5).values()
    assert [inactive for _, _, inactive in values] == [25, 25]
    assert inactive(100) == 50
    assert inactive(1 + 126) <= 6  # the burst's are gone, those of the steady load are there
    steady = next(one for one in run.loads if one.name == "steady").summary
    begun = steady.begun / SECOND
    assert 118 <= inactive(begun + 150) <= 128
    assert inactive((run.ended - run.begun) / SECOND) == 0
    assert max(count for _at, count in panel.active) <= 5


def value_at(points: tuple[curves.Point, ...]) -> Callable[[float], int]:
    times = [at for at, _ in points]
    return lambda seconds: points[bisect_right(times, round(seconds * SECOND)) - 1][1]


def test_the_docs_picture_is_of_these_runs(resident: User, runs: tuple[Run, ...]) -> None:
    resident.does("report", "out/results.json", "-o", "curves.svg")
    assert (resident.home / "curves.svg").read_text() == curves.svg(runs)
    drawn = (TOP / "docs/inactconn.svg").read_text()
    for run in runs[1:]:
        assert f"docs/inactconn-{run.scenario}.yaml::{run.scenario}, lb01" in drawn
