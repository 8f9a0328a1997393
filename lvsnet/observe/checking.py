"""Whether a condition names what a lab has, before anybody waits for it: by its plan alone.

What a configuration of the user's own makes at run time is not in the plan. So an address that
the plan does not have is refused only where nothing of the user's could bring it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lvsnet.endpoint import joined, parted
from lvsnet.observe.conditions import (
    FWMARK,
    Condition,
    ConditionError,
    Connections,
    InTable,
    Server,
    ServiceName,
    Succeeds,
    Term,
    VipHolders,
    VipOn,
    addresses_of,
)
from lvsnet.plan.model import OFF_WIRE, Node, Plan

DIRECTOR = "director"
NO_DIRECTORS = ("client", "realserver")
"""Roles whose nodes have no virtual services where the lab has directors."""
HOSTS = "/etc/hosts"
"""Has every node's addresses in it, so it says nothing of what a node serves."""


def check(condition: Condition, plan: Plan) -> None:
    """See that every node, VIP, real server and service is there.

    Raises:
        ConditionError: one is not; the message says what there is.
    """
    for term in condition.terms:
        _check(term, plan)


def _check(term: Term, plan: Plan) -> None:
    match term:
        case VipOn(address, node):
            _vip(address, plan)
            _node(node, plan)
        case VipHolders(address, count):
            _vip(address, plan)
            if count > len(plan.nodes):
                raise ConditionError(f"{term}: lab {plan.lab} has {len(plan.nodes)} nodes only")
        case InTable(server, _, director, service) | Connections(
            _, _, _, director, server, service
        ):
            _director(director, plan)
            if service is not None:
                _service(service, director, plan)
            if server is not None:
                _server(server, director, plan)
        case Succeeds(node, _):
            _node(node, plan)


def _node(name: str, plan: Plan) -> Node:
    for node in plan.nodes:
        if node.name == name:
            return node
    names = [node.name for node in plan.nodes]
    raise ConditionError(f"lab {plan.lab} has no node {name}{_there_is(name, names)}")


def _director(name: str, plan: Plan) -> None:
    node = _node(name, plan)
    directors = [one.name for one in plan.nodes if one.role == DIRECTOR]
    if directors and node.role in NO_DIRECTORS:
        raise ConditionError(
            f"{name} is a {node.role}, and has no virtual services{_there_is(name, directors)}"
        )


def _vip(address: str, plan: Plan) -> None:
    known = _unique(
        [
            *(one.address for one in plan.held),
            *(parted(one.service)[0] for one in plan.listed),
            *(
                one.address.partition("/")[0]
                for node in plan.nodes
                for one in node.addresses
                if one.interface not in OFF_WIRE
            ),
        ]
    )
    fixed = {
        one.partition("/")[0]
        for node in plan.nodes
        for interface in node.interfaces
        for one in interface.addresses
    }
    if address in known or address in fixed or _brought(plan.nodes, address):
        return
    raise ConditionError(f"lab {plan.lab} has no VIP {address}{_there_is(address, known)}")


def _service(service: ServiceName, director: str, plan: Plan) -> None:
    known = [one for one in plan.listed if one.node == director]
    if service.protocol == FWMARK or any(
        one.service == service.address and service.protocol in ("", one.protocol) for one in known
    ):
        return
    host, port = parted(service.address)
    texts = (service.address, f"{host} {port}")
    of_another_protocol = any(one.service == service.address for one in known)
    if not of_another_protocol and _brought([_node(director, plan)], *texts):
        return
    names = _unique(f"{one.protocol} {one.service}" for one in known)
    raise ConditionError(
        f"{director} has no virtual service {service}{_there_is(str(service), names)}"
    )


def _server(server: Server, director: str, plan: Plan) -> None:
    if server.node:
        _node(server.node, plan)
    addresses = addresses_of(server, plan)
    if not addresses:
        raise ConditionError(f"{server.node} has no address by which a director could know it")
    known = {one.real_server for one in plan.listed if one.node == director}
    for one in known:
        host, port = parted(one)
        if host in addresses and server.port in (None, int(port)):
            return
    port = "" if server.port is None else str(server.port)
    texts = [f"{one}{mark}{port}" for one in addresses for mark in (":", " ") if port]
    if _brought([_node(director, plan)], *(texts or addresses)):
        return
    names = sorted(joined(_name(host, plan), port) for host, port in (parted(one) for one in known))
    raise ConditionError(
        f"{server} is no real server of {director}{_there_is(str(server), _unique(names))}"
    )


def _name(address: str, plan: Plan) -> str:
    """The node that has an address, or the address."""
    for node in plan.nodes:
        if address in addresses_of(Server(node=node.name), plan):
            return node.name
    return address


def _brought(nodes: Iterable[Node], *texts: str) -> bool:
    """Whether one of the texts is in what the user gave these nodes, or anything may be.

    A daemon whose configuration is tested before it starts is one with a file of the user's own,
    which may include others that the plan does not have.
    """
    patterns = [re.compile(rf"(?<![\w.:]){re.escape(one)}(?![\w.]*[\w:])") for one in texts]
    return any(
        any(daemon.tests for daemon in node.daemons)
        or any(pattern.search(text) for text in _texts(node) for pattern in patterns)
        for node in nodes
    )


def _texts(node: Node) -> Iterator[str]:
    yield from (file.content for file in node.files if file.path != HOSTS)
    yield from (" ".join(argv) for argv in node.commands)
    yield from (" ".join(one.argv) for one in node.afterwards)
    yield from (" ".join(one.argv) for one in node.daemons)


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _there_is(name: str, names: Sequence[str]) -> str:
    """The end of a message about a name that is not there."""
    from lvsnet.lab.suggest import nearest

    if not names:
        return "; it has none"
    near = nearest(name, names) if len(names) > 1 else None
    hint = f"; did you mean {near}?" if near else ""
    return f"; there is {', '.join(names)}{hint}"
