"""In which order machines are made where nobody holds all of them back."""

from __future__ import annotations

from lvsnet.export.order import daemons, in_order
from lvsnet.plan.model import Daemon, Node


def node(name: str, role: str, *stages: int) -> Node:
    run = tuple(Daemon(f"d{stage}", ("d",), stage) for stage in stages)
    return Node(name, role, (), (), (), (), (), run, (), (), (), False, "")


def order(*nodes: Node) -> list[list[str]]:
    return [[one.name for one in group] for group in in_order(nodes)]


def test_real_servers_answer_before_directors_balance_and_clients_come_last() -> None:
    assert order(
        node("client", "client"),
        node("lb01", "director", 2),
        node("lb02", "director", 2),
        node("nginx01", "realserver", 1),
    ) == [["nginx01"], ["lb01", "lb02"], ["client"]]


def test_keepalived_on_a_real_server_does_not_put_it_behind_the_directors() -> None:
    servers = [node("nginx01", "realserver", 1, 2), node("nginx02", "realserver", 1)]
    directors = [node("lb01", "director", 1, 2), node("lb02", "director", 2)]
    assert order(*directors, *servers) == [["nginx02"], ["nginx01"], ["lb01"], ["lb02"]]


def test_routers_and_machines_without_daemons_come_first() -> None:
    assert order(
        node("web", "realserver", 1),
        node("monitor", "host"),
        node("gw", "router"),
        node("client", "client", 1),
    ) == [["gw"], ["monitor"], ["web"], ["client"]]


def test_daemons_of_lower_stages_come_first() -> None:
    assert [one.name for one in daemons(node("a", "host", 2, 1, 3))] == ["d1", "d2", "d3"]
