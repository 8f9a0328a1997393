"""What redeploy finds out: two plans of a lab, and that following their difference leads across."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import compiled, replaced

from lvsnet.plan.difference import (
    Action,
    Deed,
    Difference,
    NodeChange,
    compare,
    placed,
    reads,
    told,
    with_rebuilt,
)
from lvsnet.plan.model import (
    Address,
    Command,
    Daemon,
    File,
    Interface,
    Node,
    Plan,
    Process,
    Route,
    Segment,
)

SITE = """\
name: site
segments: {lan: 192.0.2.0/24}
nodes:
  client: {role: client, interfaces: {lan: 192.0.2.10}}
  lb01: {role: director, interfaces: {lan: 192.0.2.11}}
  lb02: {role: director, interfaces: {lan: 192.0.2.12}}
  rs1: {role: realserver, interfaces: {lan: 192.0.2.13}}
vrrp:
  VI_1:
    {segment: lan, virtual_router_id: 33, addresses: [192.0.2.100], priority: {lb01: 9, lb02: 8}}
services:
  web: {address: 192.0.2.100, port: 80, method: dr, scheduler: rr, real_servers: [rs1]}
"""
RS1 = "  rs1: {role: realserver, interfaces: {lan: 192.0.2.13}}\n"
CLIENT = "  client: {role: client, interfaces: {lan: 192.0.2.10}"
KEEPALIVED = "/etc/keepalived/keepalived.conf"


def difference(*changes: tuple[str, str]) -> Difference:
    return compare(compiled(SITE), compiled(replaced(SITE, *changes)))


def by_name(found: Difference) -> dict[str, NodeChange]:
    return {change.node: change for change in found.nodes}


def reloads(change: NodeChange) -> list[str]:
    return [one.name for one in change.daemons if one.deed is Deed.reload]


def test_another_priority_reloads_both_keepaliveds_and_touches_nothing_else() -> None:
    found = by_name(difference(("lb01: 9, lb02: 8", "lb01: 8, lb02: 9")))
    assert list(found) == ["lb01", "lb02"]
    for change in found.values():
        assert change.action is Action.change
        assert [one.path for one in change.files] == [KEEPALIVED]
        assert reloads(change) == ["keepalived"]
    assert told(found["lb01"]) == (
        f"lb01 is changed: {KEEPALIVED} changes; keepalived reads its configuration again"
    )


def test_a_real_server_is_created_and_the_directors_hear_of_it() -> None:
    rs2 = RS1.replace("rs1", "rs2").replace(".13", ".14")
    found = by_name(difference((RS1, RS1 + rs2), ("[rs1]", "[rs1, rs2]")))
    assert {name: change.action for name, change in found.items()} == {
        "client": Action.change,
        "lb01": Action.change,
        "lb02": Action.change,
        "rs1": Action.change,
        "rs2": Action.create,
    }
    assert [one.path for one in found["rs1"].files] == ["/etc/hosts"]
    assert not found["rs1"].daemons
    assert reloads(found["lb02"]) == ["keepalived"]


def test_a_node_that_is_gone_comes_last() -> None:
    found = difference((CLIENT + "}\n", ""))
    assert found.nodes[-1] == NodeChange("client", Action.remove, (), ())


def test_a_vip_more_is_an_address_on_the_real_servers() -> None:
    more = (
        "  web2: {address: 192.0.2.101, port: 80, method: dr, scheduler: rr, real_servers: [rs1]}\n"
    )
    found = compare(
        compiled(SITE),
        compiled(replaced(SITE + more, ("[192.0.2.100]", "[192.0.2.100, 192.0.2.101]"))),
    )
    assert "address 192.0.2.101/32 on lo is added" in by_name(found)["rs1"].reasons


@pytest.mark.parametrize(
    ("more", "action", "reason"),
    [
        (", sysctls: {net.ipv4.tcp_syncookies: 0}", Action.change, "sysctl net.ipv4.tcp_syncookie"),
        (
            ", routes: [{to: 10.0.0.0/8, via: 192.0.2.1}]",
            Action.change,
            "route to 10.0.0.0/8 via 192.0.2.1 is added",
        ),
        (", daemons: {d: sleep 9}", Action.change, "d is started"),
        (", exec: ['true']", Action.rebuild, "its commands change"),
        (", env: {A: b}", Action.rebuild, "its environment changes"),
        (", privileged: true", Action.rebuild, "its privileges change"),
        (", image: x", Action.rebuild, "its image changes"),
        (", capabilities: [CAP_SYS_TIME]", Action.rebuild, "its capabilities change"),
    ],
)
def test_what_is_written_of_a_node(more: str, action: Action, reason: str) -> None:
    change = by_name(difference((CLIENT, CLIENT + more)))["client"]
    assert change.action is action
    assert any(one.startswith(reason) for one in change.reasons), change.reasons


def test_a_sysctl_that_is_no_longer_set_needs_a_new_kernel_namespace() -> None:
    more = CLIENT + ", sysctls: {net.ipv4.tcp_syncookies: 0}"
    back = compare(compiled(replaced(SITE, (CLIENT, more))), compiled(SITE))
    (change,) = back.nodes
    assert change.action is Action.rebuild
    assert "sysctl net.ipv4.tcp_syncookies is no longer set" in change.reasons


def test_a_file_that_a_command_may_have_read_rebuilds_its_node() -> None:
    def client(text: str) -> str:
        more = f", exec: ['sh /x'], files: {{/x: {text}, /etc/keepalived/x: {text}}}"
        return replaced(SITE, (CLIENT, CLIENT + more))

    (change,) = compare(compiled(client("one")), compiled(client("two"))).nodes
    assert change.action is Action.rebuild
    assert "/x changes, and a command may have read it" in change.reasons


def test_a_daemon_of_the_users_is_restarted_for_any_file_of_the_users() -> None:
    def client(text: str) -> str:
        more = f", daemons: {{d: sh /x}}, files: {{/x: {text}}}"
        return replaced(SITE, (CLIENT, CLIENT + more))

    (change,) = compare(compiled(client("one")), compiled(client("two"))).nodes
    assert [(one.name, one.deed) for one in change.daemons] == [("d", Deed.restart)]


def test_keepalived_is_restarted_for_what_a_reload_does_not_take() -> None:
    """Thresholds, which it does not compare with those it had, and a sync daemon that is gone."""

    def deeds(before: str, after: str) -> set[Deed]:
        changes = compare(compiled(before), compiled(after)).nodes
        return {one.deed for each in changes for one in each.daemons if one.name == "keepalived"}

    full = replaced(SITE, ("[rs1]", "[{node: rs1, uthreshold: 9}]"))
    synced = SITE + "sync_daemon: {segment: lan}\n"
    heavy = replaced(SITE, ("[rs1]", "[{node: rs1, weight: 9}]"))
    assert deeds(SITE, full) == deeds(full, SITE) == deeds(synced, SITE) == {Deed.restart}
    assert deeds(SITE, heavy) == {Deed.reload}


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [("/d", "/d/a", "/d is a directory and was a file"), ("/d/a", "/d", "/d is a file and was a")],
)
def test_a_file_in_the_place_of_a_directory_rebuilds_its_node(
    before: str, after: str, reason: str
) -> None:
    def client(path: str) -> str:
        return replaced(SITE, (CLIENT, f"{CLIENT}, files: {{{path}: x}}"))

    (change,) = compare(compiled(client(before)), compiled(client(after))).nodes
    assert change.action is Action.rebuild
    assert change.reasons[0].startswith(reason)


def test_a_daemon_that_reads_other_files_reads_them_now() -> None:
    plan = compiled(SITE)
    nodes = [
        replace(node, daemons=tuple(replace(one, reads=("/etc/",)) for one in node.daemons))
        for node in plan.nodes
    ]
    found = by_name(compare(plan, replace(plan, nodes=tuple(nodes))))
    assert {name: reloads(change) for name, change in found.items()} == {
        "lb01": ["keepalived"],
        "lb02": ["keepalived"],
        "rs1": ["nginx"],
    }


def test_another_mtu_rebuilds_the_segment_and_who_is_in_it() -> None:
    found = difference(("lan: 192.0.2.0/24", "lan: {subnet: 192.0.2.0/24, mtu: 1400}"))
    assert found.segments == ("segment lan is made anew: its MTU is 1400, not 1500",)
    assert {change.action for change in found.nodes} == {Action.rebuild}


def test_further_nodes_can_be_rebuilt_for_reasons_that_no_plan_tells() -> None:
    plan = compiled(replaced(SITE, ("lb01: 9, lb02: 8", "lb01: 8, lb02: 9")))
    found = with_rebuilt(compare(compiled(SITE), plan), plan, {"lb02": "why", "client": "why"})
    assert [(one.node, one.action) for one in found.nodes] == [
        ("client", Action.rebuild),
        ("lb01", Action.change),
        ("lb02", Action.rebuild),
    ]
    assert not found.nodes[2].daemons


# A model of a running lab, and plans of all kinds.


@dataclass
class Running:
    """A node: what it was made of, what it has, and what its daemons have read."""

    container: tuple[object, ...]
    files: dict[str, File]
    addresses: set[tuple[str, str]]
    routes: set[Route]
    sysctls: dict[str, str]
    daemons: dict[str, tuple[tuple[str, ...], frozenset[File]]]


def booted(node: Node) -> Running:
    files = {file.path: file for file in node.files}
    return Running(
        container=container(node),
        files=files,
        addresses=set(placed(node)),
        routes=set(node.routes),
        sysctls=dict(node.sysctls),
        daemons={daemon.name: began(daemon, node.files) for daemon in node.daemons},
    )


def container(node: Node) -> tuple[object, ...]:
    wires = {(one.name, one.segment, one.port, one.mac, one.mtu) for one in node.interfaces}
    return (
        frozenset(wires), node.role, node.image, node.privileged, node.capabilities,
        node.environment, node.commands, node.afterwards, node.process, node.tmpfs, node.directory,
    )  # fmt: skip


def began(daemon: Daemon, files: Iterable[File]) -> tuple[tuple[str, ...], frozenset[File]]:
    return daemon.argv, frozenset(file for file in files if reads(daemon, file.path))


def changed(running: Running, change: NodeChange, after: Node) -> Running:
    files = dict(running.files)
    for one in change.files:
        assert files.get(one.path) == one.before
        files.pop(one.path, None)
        if one.after is not None:
            files[one.path] = one.after
    new = {daemon.name: daemon for daemon in after.daemons}
    daemons = dict(running.daemons)
    for each in change.daemons:
        if each.deed is Deed.stop:
            del daemons[each.name]
            continue
        assert (each.deed is Deed.start) == (each.name not in daemons)
        argv, loaded = began(new[each.name], files.values())
        if each.deed is Deed.reload:
            assert new[each.name].reload
            argv = daemons[each.name][0]
        daemons[each.name] = (argv, loaded)
    return Running(
        running.container, files, set(placed(after)), set(after.routes),
        running.sysctls | dict(after.sysctls), daemons,
    )  # fmt: skip


NAMES = st.sampled_from("abc")
PATHS = st.sampled_from(["/a", "/b", "/d/a", "/d/b", "/d"])
FILES = st.lists(
    st.builds(File, PATHS, st.sampled_from("xy"), st.sampled_from([0o644, 0o755])),
    unique_by=lambda file: file.path,
    max_size=3,
).map(tuple)
DAEMONS = st.lists(
    st.builds(
        Daemon,
        NAMES,
        st.sampled_from([("x",), ("y",)]),
        st.integers(1, 2),
        reads=st.lists(st.sampled_from(["/a", "/b", "/d/"]), unique=True, max_size=2).map(tuple),
        reload=st.sampled_from(["", "HUP"]),
    ),
    unique_by=lambda daemon: daemon.name,
    max_size=2,
).map(tuple)
INTERFACES = st.lists(
    st.builds(
        Interface,
        st.sampled_from(["eth1", "eth2"]),
        st.sampled_from(["s", "t"]),
        st.just("p"),
        st.just("m"),
        st.lists(st.sampled_from(["1/24", "2/24"]), unique=True).map(tuple),
        st.just(1500),
    ),
    unique_by=lambda interface: interface.name,
    max_size=2,
).map(tuple)
NODES = st.builds(
    Node,
    name=NAMES,
    role=st.sampled_from(["host", "router"]),
    interfaces=INTERFACES,
    addresses=st.lists(st.builds(Address, st.just("lo"), NAMES), unique=True).map(tuple),
    routes=st.lists(st.builds(Route, NAMES, NAMES), unique=True, max_size=2).map(tuple),
    sysctls=st.dictionaries(NAMES, st.sampled_from("01"), max_size=2).map(
        lambda found: tuple(found.items())
    ),
    files=FILES,
    daemons=DAEMONS,
    commands=st.sampled_from([(), (), (("x",),)]),
    environment=st.just(()),
    capabilities=st.just(()),
    privileged=st.booleans(),
    image=st.sampled_from(["", "i"]),
    afterwards=st.sampled_from([(), (), (Command(("x",), 1),)]),
    process=st.sampled_from([(), (Process((), (), "", 1),)]),
)
SEGMENTS = st.lists(
    st.builds(Segment, st.sampled_from(["s", "t"]), st.just("b"), st.sampled_from([1400, 1500])),
    unique_by=lambda segment: segment.name,
).map(tuple)
PLANS = st.builds(
    Plan,
    lab=st.just("lab"),
    segments=SEGMENTS,
    nodes=st.lists(NODES, unique_by=lambda node: node.name, max_size=3).map(tuple),
    kernel=st.just(()),
    held=st.just(()),
    listed=st.just(()),
)


def nearby(plan: Plan, other: Plan, taken: list[bool]) -> Plan:
    """The plan with some parts of its nodes as in another one: most changes are small."""
    others = {node.name: node for node in other.nodes}
    fields = ("files", "daemons", "addresses", "routes", "sysctls", "interfaces", "commands")
    nodes = []
    for node in plan.nodes:
        source = others.get(node.name, node)
        parts = {
            name: getattr(source, name) for name, yes in zip(fields, taken, strict=True) if yes
        }
        nodes.append(replace(node, **parts))
    return replace(plan, nodes=tuple(nodes), segments=other.segments)


@settings(max_examples=40)
@given(PLANS)
def test_a_plan_does_not_differ_from_itself(plan: Plan) -> None:
    assert compare(plan, plan) == Difference((), ())
    assert compare(plan, plan).empty


@settings(max_examples=60)
@given(PLANS, PLANS, st.lists(st.booleans(), min_size=7, max_size=7), st.booleans())
def test_following_a_difference_leads_to_the_new_plan(
    old: Plan, other: Plan, taken: list[bool], near: bool
) -> None:
    new = nearby(old, other, taken) if near else other
    before = {node.name: node for node in old.nodes}
    after = {node.name: node for node in new.nodes}
    site = {name: booted(node) for name, node in before.items()}
    rebuilt = set()
    for change in compare(old, new).nodes:
        if change.action is Action.remove:
            del site[change.node]
        elif change.action is Action.change:
            site[change.node] = changed(site[change.node], change, after[change.node])
        else:
            assert (change.action is Action.create) == (change.node not in before)
            site[change.node] = booted(after[change.node])
            rebuilt.add(change.node)
    assert site == {name: booted(node) for name, node in after.items()}
    remade = {segment.name for segment in set(new.segments) - set(old.segments)}
    remade &= {segment.name for segment in old.segments}
    for name in after.keys() & before.keys() - rebuilt:
        assert not remade & {one.segment for one in after[name].interfaces}


@settings(max_examples=40)
@given(PLANS, PLANS)
def test_what_differs_is_told(old: Plan, new: Plan) -> None:
    for change in compare(old, new).nodes:
        assert change.reasons or change.files or change.action in (Action.create, Action.remove)
        assert change.node in told(change)
