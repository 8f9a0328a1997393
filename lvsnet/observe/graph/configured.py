"""What users' own keepalived.conf files and IPVS rules say of VIPs and services.

A lab file that brings such files need not say it a second time, and a containerlab topology cannot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_interface

from lvsnet.endpoint import joined
from lvsnet.errors import LabFileError
from lvsnet.keepalived.including import in_mapping
from lvsnet.lint import from_ipvsadm, reading
from lvsnet.lint.from_conf import machine
from lvsnet.lint.model import Place
from lvsnet.lint.servers import VirtualServer
from lvsnet.lint.site import Machine
from lvsnet.lint.written import Written
from lvsnet.plan.ipvsadm import RULES_PATH
from lvsnet.plan.keepalived import PATH
from lvsnet.plan.model import Node, Plan, RealServer, Service, VrrpInstance


def completed(plan: Plan) -> Plan:
    """The plan with those VIPs and services that it does not have yet."""
    machines = [found for node in plan.nodes if _by_hand(node) for found in _machine(node)]
    if not machines:
        return plan
    with_vips = replace(plan, vrrp=(*plan.vrrp, *_instances(plan, machines)))
    return replace(with_vips, services=(*plan.services, *_services(plan, machines)))


def _by_hand(node: Node) -> bool:
    """Whether its files may say what the plan does not: lvsnet's own ones bring nothing new."""
    paths = {file.path for file in node.files}
    generated = any(one.name == "keepalived" and not one.tests for one in node.daemons)
    return (PATH in paths and not generated) or RULES_PATH in paths


def _machine(node: Node) -> Iterator[Machine]:
    """None of one whose configuration cannot be read."""
    contents = {file.path: file.content for file in node.files}
    statements: tuple[Written, ...] = ()
    try:
        if PATH in contents:
            scripts = [file.path for file in node.files if file.mode & 0o111]
            statements = reading.read(PATH, in_mapping(contents, scripts), node.name).statements
    except LabFileError:
        return
    lines = contents.get(RULES_PATH, "").splitlines()
    found = machine(node.name, PATH, statements)
    rules = [(line, Place(RULES_PATH, number)) for number, line in enumerate(lines, 1)]
    yield from_ipvsadm.added(found, rules)


def _instances(plan: Plan, machines: list[Machine]) -> Iterator[VrrpInstance]:
    known = {address for one in plan.vrrp for address in one.addresses}
    wires = {(node.name, one.name): one.segment for node in plan.nodes for one in node.interfaces}
    found: dict[tuple[str, str, tuple[str, ...]], list[tuple[str, int]]] = {}
    for one in machines:
        for instance in one.instances:
            addresses = [str(vip.address) for vip in (*instance.vips, *instance.excluded)]
            interface = instance.interface.value if instance.interface else ""
            segment = wires.get((one.name, interface), "")
            new = tuple(address for address in addresses if address not in known)
            if segment and new:
                key = (instance.name, segment, new)
                found.setdefault(key, []).append((one.name, instance.priority))
    for (name, segment, new), priorities in found.items():
        order = tuple(sorted(priorities, key=lambda pair: -pair[1]))
        yield VrrpInstance(name, segment, new, order)


def _services(plan: Plan, machines: list[Machine]) -> Iterator[Service]:
    known = {line for service in plan.services for line in service.asked}
    own = {
        str(ip_interface(address).ip): node.name
        for node in plan.nodes
        for one in node.interfaces
        for address in one.addresses
    }
    found: dict[str, Service] = {}
    for one in machines:
        for server in one.servers:
            asked = _asked(server)
            if asked == "" or asked in known:
                continue
            if asked in found:
                before = found[asked]
                directors = dict.fromkeys((*before.directors, one.name))
                found[asked] = replace(before, directors=tuple(directors))
                continue
            name = asked.partition(" ")[2]
            real = tuple(_real_servers(server, own))
            found[asked] = Service(name, (asked,), (str(server.address),), (one.name,), real)
    yield from found.values()


def _asked(server: VirtualServer) -> str:
    """Empty of a firewall mark or a group, which does not say what clients ask."""
    if server.address is None:
        return ""
    protocol = server.protocol.value if server.protocol else "UDP"
    return f"{protocol.lower()} {joined(server.address, server.port)}"


def _real_servers(server: VirtualServer, own: dict[str, str]) -> Iterator[RealServer]:
    sorry = () if server.sorry is None else (server.sorry,)
    for one in (*server.real_servers, *sorry):
        if one.address is not None:
            node = own.get(str(one.address))
            yield RealServer(
                () if node is None else (node,),
                joined(one.address, one.port),
                one.kind.lower() if one.kind in ("DR", "NAT", "TUN") else "nat",
                one.weight,
                one is server.sorry,
            )
