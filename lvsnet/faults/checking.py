"""Whether an order names what a lab has, before anything is broken: by its plan alone.

What happens to run in a node, or whether it is on, only the node itself can say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lvsnet.faults.model import (
    BadService,
    Clear,
    Dropped,
    Fault,
    FaultError,
    Frozen,
    Killed,
    LinkDown,
    Mend,
    Netem,
    Order,
    Partition,
    PowerOff,
    Put,
)
from lvsnet.plan.model import Node, Plan

SERVER = "nginx"
NO_SERVERS = ("client", "director")
"""Roles whose nodes serve no pages, unless the lab file says so."""


def check(order: Order, plan: Plan) -> None:
    """See that every node, interface, daemon and service is there.

    Raises:
        FaultError: one is not; the message says what there is.
    """
    resolved(order, plan)


def resolved(order: Order, plan: Plan) -> Order:
    """The order with interfaces by their own names, where it has those of segments.

    Raises:
        FaultError: as `check`.
    """
    if isinstance(order, Clear):
        if order.node:
            _node(order.node, plan)
        return order
    fault = _resolved(order.fault, plan)
    if isinstance(order, Mend):
        _mendable(fault, plan)
        return Mend(fault)
    return Put(fault)


def _resolved(fault: Fault, plan: Plan) -> Fault:
    match fault:
        case Partition(nodes, others):
            for name in (*nodes, *others):
                _node(name, plan)
            if both := set(nodes) & set(others):
                raise FaultError(f"{', '.join(sorted(both))} cannot be parted from itself")
        case LinkDown(node, interface) | Netem(node=node, interface=interface):
            return replace(fault, interface=_interface(_node(node, plan), interface))
        case BadService(node=node):
            _serves(_node(node, plan))
        case Dropped(node=node):
            _has_cables(_node(node, plan))
        case PowerOff(node) | Frozen(node) | Killed(node=node):
            _node(node, plan)
    return fault


def _mendable(fault: Fault, plan: Plan) -> None:
    if not isinstance(fault, Killed):
        return
    node = _node(fault.node, plan)
    names = [daemon.name for daemon in node.daemons]
    if fault.process not in names:
        raise FaultError(
            f"{node.name} has no daemon {fault.process} that could be started again"
            f"{_there_is(fault.process, names)}"
        )


def interface(plan: Plan, node: str, name: str) -> str:
    """The name of a node's interface that is called so, or is its only one in such a segment.

    Raises:
        FaultError: the node is not there, or has none; the message says what there is.
    """
    return _interface(_node(node, plan), name)


def _node(name: str, plan: Plan) -> Node:
    for node in plan.nodes:
        if node.name == name:
            return node
    names = [node.name for node in plan.nodes]
    raise FaultError(f"lab {plan.lab} has no node {name}{_there_is(name, names)}")


def _interface(node: Node, name: str) -> str:
    _has_cables(node)
    if any(one.name == name for one in node.interfaces):
        return name
    there = [one.name for one in node.interfaces if one.segment == name]
    if len(there) == 1:
        return there[0]
    if there:
        raise FaultError(
            f"{node.name} is in segment {name} by {' and '.join(there)}; say which of them"
        )
    names = [f"{one.name} (in {one.segment})" for one in node.interfaces]
    plain = [text for one in node.interfaces for text in (one.name, one.segment)]
    raise FaultError(
        f"{node.name} has no interface {name}; it has {', '.join(names)}{_near(name, plain)}"
    )


def _has_cables(node: Node) -> None:
    if not node.interfaces:
        raise FaultError(f"{node.name} has no interface but lo, and so no cable")


def _serves(node: Node) -> None:
    """An image of the user's own may run anything, and so may a command."""
    if node.image or node.role not in NO_SERVERS:
        return
    argvs = [*(one.argv for one in node.daemons), *node.commands]
    argvs += [one.argv for one in node.afterwards]
    if not any(SERVER in word for argv in argvs for word in argv):
        raise FaultError(f"{node.name} is a {node.role}, and has no {SERVER}")


def _there_is(name: str, names: Sequence[str]) -> str:
    """The end of a message about a name that is not there."""
    if not names:
        return "; it has none"
    return f"; there is {', '.join(names)}{_near(name, names)}"


def _near(name: str, names: Sequence[str]) -> str:
    from lvsnet.lab.suggest import nearest

    near = nearest(name, names) if len(names) > 1 else None
    return f"; did you mean {near}?" if near else ""
