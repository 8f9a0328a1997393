"""The way of a request through a lab, and what a picture says of a lab that runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from lvsnet.compiled import compile_file
from lvsnet.faults.model import Dropped, Fault, Frozen, Killed, LinkDown, Netem, Partition, PowerOff
from lvsnet.observe import graph
from lvsnet.observe.graph import paths
from lvsnet.observe.graph.scene import Box, Kind, Scene, scene
from lvsnet.observe.model import Address, Node, RealServer, Service, Site
from lvsnet.plan.model import File, Plan, Route
from lvsnet.resources import example_labs

EXAMPLES = example_labs()
VIP = "192.168.10.100"


def plan(lab: str) -> Plan:
    return compile_file(EXAMPLES[lab]).plan


def path(of: Plan, service: str = "") -> paths.Path:
    return path_in(scene(of), service)


def path_in(found: Scene, service: str = "") -> paths.Path:
    return next(one for one in found.paths if service in ("", one.service))


def told(of: paths.Path) -> list[tuple[int, str, list[str]]]:
    """Each step with its ways: ``client front lb01``."""
    return [
        (
            step.number,
            step.kind.value,
            [
                " ".join((way[0].source, *(f"{hop.segment} {hop.target}" for hop in way)))
                for way in step.ways
            ],
        )
        for step in of.steps
    ]


def test_with_direct_routing_the_answer_does_not_pass_the_director() -> None:
    assert told(path(plan("dr"))) == [
        (1, "request", ["client lan lb01"]),
        (2, "request", ["lb01 lan nginx01", "lb01 lan nginx02"]),
        (3, "answer", ["nginx01 lan client", "nginx02 lan client"]),
    ]
    assert path(plan("dr")).notes == ()


def test_with_nat_it_goes_back_through_the_director() -> None:
    assert told(path(plan("nat"))) == [
        (1, "request", ["client front lb01"]),
        (2, "request", ["lb01 back nginx01", "lb01 back nginx02"]),
        (3, "answer", ["nginx01 back lb01", "nginx02 back lb01"]),
        (4, "answer", ["lb01 front client"]),
    ]


def test_a_tunnel_goes_through_the_router_and_so_does_the_answer() -> None:
    assert told(path(plan("tun"))) == [
        (1, "request", ["client front lb01"]),
        (2, "tunnel", ["lb01 front router back nginx01", "lb01 front router back nginx02"]),
        (3, "answer", ["nginx01 back router front client", "nginx02 back router front client"]),
    ]


def test_with_two_networks_it_comes_by_one_and_answers_by_the_other() -> None:
    assert told(path(plan("two-networks"))) == [
        (1, "request", ["client front lb01"]),
        (2, "request", ["lb01 back nginx01", "lb01 back nginx02"]),
        (3, "answer", ["nginx01 front client", "nginx02 front client"]),
    ]


def test_a_director_that_serves_answers_some_itself() -> None:
    found = path(plan("local-director"))
    assert told(found) == [
        (1, "request", ["client lan lb01"]),
        (2, "request", ["lb01 lan lb02"]),
        (2, "request", []),
        (3, "answer", ["lb01 lan client", "lb02 lan client"]),
    ]
    assert found.steps[2].words == "or lb01 answers itself"


def test_services_of_one_lab_go_different_ways() -> None:
    of = plan("ipv6")
    assert [one.service for one in scene(of).paths] == ["web4", "web6", "inside"]
    assert told(path(of, "web6"))[2] == (
        3,
        "answer",
        ["nginx01 front client", "nginx02 front client"],
    )
    assert told(path(of, "inside"))[2:] == [
        (3, "answer", ["nginx03 back lb01", "nginx04 back lb01"]),
        (4, "answer", ["lb01 front client"]),
    ]


def test_an_address_that_moves_is_asked_of_its_holder() -> None:
    """Real servers that share their addresses by VRRP."""
    ways = told(path(plan("source-vrrp")))[1]
    assert ways == (2, "request", ["lb01 lan nginx01", "lb01 lan nginx02"])


def with_routes(of: Plan, node: str, *routes: Route) -> Plan:
    nodes = tuple(replace(one, routes=routes) if one.name == node else one for one in of.nodes)
    return replace(of, nodes=nodes)


def test_a_way_that_is_not_there_is_told() -> None:
    found = path(with_routes(plan("nat"), "nginx02"))
    assert found.notes == ("nginx02 has no way back to client",)
    assert told(found)[2] == (3, "answer", ["nginx01 back lb01"])


def test_nat_that_is_answered_round_the_director_is_told() -> None:
    broken = Path(EXAMPLES["dr"].parent, "broken/05-nat-client-in-subnet/broken.yaml")
    of = compile_file(broken).plan
    nodes = [one.name for one in of.nodes if one.role == "realserver"]
    assert path(of).notes == tuple(
        f"answers of {name} go round lb01, so the client resets them" for name in nodes
    )


def test_what_users_write_in_keepalived_conf_is_read() -> None:
    each_other = EXAMPLES["dr"].parent / "broken/12-each-others-real-servers/broken.yaml"
    of = compile_file(each_other).plan
    assert (of.vrrp, of.services) == ((), ())
    found = path(of)
    assert found.title == f"tcp {VIP}:80"
    assert told(found)[:2] == [
        (1, "request", ["client lan lb01"]),
        (2, "request", ["lb01 lan lb02"]),
    ]
    assert words(scene(of), "lb02", Kind.BACKUP) == [f"VIP  {VIP}"]
    wrong = (File("/etc/keepalived/keepalived.conf", "vrrp_instance VI_1 {\n"),)
    nodes = tuple(replace(one, files=wrong) for one in of.nodes)
    assert scene(replace(of, nodes=nodes)).paths == ()


def test_rules_of_ipvsadm_are_read_where_the_lab_file_has_no_service() -> None:
    of = plan("source-vrrp")
    found = told(path(replace(of, services=())))
    assert found == told(path(of))
    assert found[1][1] == "request"


def test_a_vip_on_another_segment_is_not_reached() -> None:
    of = plan("nat")
    moved = tuple(
        replace(one, priorities=(("nginx01", 200), *one.priorities)) if n == 0 else one
        for n, one in enumerate(of.vrrp)
    )
    service = replace(of.services[0], directors=("nginx01",))
    found = path(replace(of, vrrp=moved, services=(service,)))
    assert found.notes == (f"no client has a way to {VIP}",)


def test_a_lab_without_a_client_has_nobody_who_asks() -> None:
    of = plan("dr")
    alone = replace(of, nodes=tuple(one for one in of.nodes if one.role != "client"))
    assert path(alone).notes == ("the lab has no client",)


def test_a_loop_of_routes_ends() -> None:
    of = plan("tun")
    back = with_routes(of, "router", Route("172.16.10.13/32", "192.168.10.11"))
    looped = with_routes(back, "lb01", Route("172.16.10.13/32", "192.168.10.1"))
    assert "lb01 has no way to nginx01" in path(looped).notes


def test_many_asked_ports_do_not_make_the_title_long() -> None:
    service = replace(plan("dr").services[0], asked=tuple(f"tcp {VIP}:{n}" for n in range(8)))
    found = path(replace(plan("dr"), services=(service,)))
    assert found.title == f"web: tcp {VIP}:0, tcp {VIP}:1, tcp {VIP}:2 and 5 more"


def seen(
    name: str, role: str, *addresses: str, running: bool = True, weights: Sequence[int] = ()
) -> Node:
    real = [
        RealServer(f"192.168.10.{13 + n}:80", "dr", weight, 0, 0)
        for n, weight in enumerate(weights)
    ]
    table = (Service("tcp", f"{VIP}:80", "rr", tuple(real)),) if weights else ()
    held = tuple(Address("eth1", one) for one in addresses)
    daemon = {"director": "keepalived", "realserver": "nginx"}.get(role)
    daemons = ((daemon, running),) if daemon else ()
    return Node(name, role, running, held, daemons, table)


def site(*nodes: Node) -> Site:
    usual = (
        seen("client", "client", "192.168.10.10/24"),
        seen("lb01", "director", "192.168.10.11/24", f"{VIP}/32", weights=(1, 1)),
        seen("lb02", "director", "192.168.10.12/24", weights=(1, 1)),
        seen("nginx01", "realserver", "192.168.10.13/24"),
        seen("nginx02", "realserver", "192.168.10.14/24"),
    )
    other = {one.name: one for one in nodes}
    return Site(tuple(other.get(one.name, one) for one in usual), (VIP,))


def box(found: Scene, name: str) -> Box:
    return next(one for one in found.boxes if one.name == name)


def words(found: Scene, name: str, *kinds: Kind) -> list[str]:
    return [one.text for one in box(found, name).lines if one.kind in kinds]


def test_a_vip_is_shown_where_it_is_now() -> None:
    of = plan("dr")
    moved = site(
        seen("lb01", "director", running=False),
        seen("lb02", "director", "192.168.10.12/24", f"{VIP}/32", weights=(1, 1)),
    )
    found = scene(of, moved, [PowerOff("lb01")])
    assert box(found, "lb01").off
    assert words(found, "lb01", Kind.HELD) == []
    assert words(found, "lb02", Kind.HELD) == [f"VIP  {VIP}"]
    assert words(scene(of), "lb01", Kind.HELD) == [f"VIP  {VIP}"]
    assert told(path_in(found))[0] == (1, "request", ["client lan lb02"])


def test_a_vip_that_two_hold_is_shown_at_both() -> None:
    found = scene(plan("dr"), both())
    for name in ("lb01", "lb02"):
        assert words(found, name, Kind.HELD) == [f"VIP  {VIP}"]
    assert found.notes == (f"{VIP} is on lb01 and lb02",)
    (instance,) = plan("dr").vrrp
    two = replace(instance, addresses=(VIP, "192.168.10.101"))
    found = scene(replace(plan("dr"), vrrp=(two,)), both("192.168.10.101/32"))
    assert found.notes == (f"{VIP}, 192.168.10.101 are on lb01 and lb02",)


def both(*more: str) -> Site:
    """Both directors have the VIP."""
    return site(
        *(
            seen(name, "director", f"192.168.10.{n}/24", f"{VIP}/32", *more, weights=(1, 1))
            for name, n in (("lb01", 11), ("lb02", 12))
        )
    )


def test_what_is_wrong_is_told_in_every_form_and_below_the_steps() -> None:
    of, faults = plan("dr"), [Partition(("lb01",), ("lb02",))]
    for draw in (graph.svg, graph.html, graph.mermaid, graph.dot):
        for service in ("web", ""):
            text = draw(of, both(), service, faults)
            assert f"{VIP} is on lb01 and lb02" in text
            assert "partition lb01 from lb02" in text
    lines = re.findall(
        r'<text .* y="([\d.]+)".* font-size="12.5"', graph.svg(of, both(), "web", faults)
    )
    heights = [float(one) for one in lines]
    assert len(heights) == 7  # "now", the service, three steps and both notes
    assert [round(after - before) for before, after in pairwise(heights[2:])] == [20] * 4


def test_a_cut_link_carries_nothing() -> None:
    found = scene(plan("dr"), site(), [LinkDown("nginx01", "eth1")])
    assert told(path_in(found))[1:] == [
        (2, "request", ["lb01 lan nginx02"]),
        (3, "answer", ["nginx02 lan client"]),
    ]
    cut_off = scene(plan("dr"), site(), [LinkDown("client", "eth1")])
    assert path_in(cut_off).notes == (f"no client has a way to {VIP}",)


def test_a_vip_that_nobody_holds_has_no_path() -> None:
    off = site(*(seen(name, "director", running=False) for name in ("lb01", "lb02")))
    found = scene(plan("dr"), off)
    assert path_in(found).steps == ()
    assert path_in(found).notes == (f"nobody holds {VIP}",)


def test_real_servers_that_get_nothing_are_out() -> None:
    for weights in ((0, 1), (0,)):
        holder = seen("lb01", "director", "192.168.10.11/24", f"{VIP}/32", weights=weights)
        found = scene(plan("dr"), site(holder))
        assert words(found, "nginx01", Kind.OUT) == ["out of web"]
        named = ["out of web"] if weights == (0,) else []
        assert words(found, "nginx02", Kind.OUT) == named
    assert path_in(found).notes == ("no real server is left",)


def test_faults_are_shown_where_they_are() -> None:
    faults: list[Fault] = [
        LinkDown("nginx01", "eth1"),
        Frozen("lb02"),
        Dropped("lb01", "vrrp"),
        Netem("lb01", "eth1", delay_us=10000),
        Killed("client", "tcpdump"),
        Killed("nginx02", "nginx"),
        Partition(("lb01",), ("lb02",)),
    ]
    dead = replace(seen("nginx02", "realserver", "192.168.10.14/24"), daemons=(("nginx", False),))
    found = scene(plan("dr"), site(dead), faults)
    assert words(found, "nginx01", Kind.FAULT) == ["eth1: link down"]
    assert words(found, "lb02", Kind.FAULT) == ["frozen"]
    assert words(found, "lb01", Kind.FAULT) == ["drop vrrp", "netem eth1 delay=10ms"]
    assert words(found, "client", Kind.FAULT) == ["kill tcpdump"]
    assert words(found, "nginx02", Kind.DEAD, Kind.FAULT) == ["nginx: dead"]
    assert found.notes == ("partition lb01 from lb02",)
    assert [one.node for one in found.links if one.cut] == ["nginx01"]
