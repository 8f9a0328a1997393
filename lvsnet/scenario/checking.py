"""Whether the parts of a scenario name what a lab has, before anybody runs it: by its plan alone.

Faults and conditions have their own checks (`lvsnet.faults.checking`, `lvsnet.observe.checking`);
here is what only scenarios have, and what joins the steps of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from lvsnet.errors import LvsnetError
from lvsnet.faults import checking as faults
from lvsnet.lab.suggest import nearest
from lvsnet.observe import checking as conditions
from lvsnet.observe.conditions import (
    Condition,
    Connections,
    InTable,
    Succeeds,
    VipHolders,
    VipOn,
)
from lvsnet.plan.model import Node, Plan
from lvsnet.scenario.model import (
    Even,
    Expectation,
    Holds,
    Links,
    Measured,
    Run,
    Single,
    States,
)
from lvsnet.traffic.model import Load, Target

HOSTS = "/etc/hosts"
CLIENT = "client"
WITHOUT_IPVS = (CLIENT, "realserver")
"""Roles whose nodes have no IPVS table where no node of the lab needs one."""
IPVS_MODULE = "ip_vs"


def expectation(one: Expectation, plan: Plan) -> None:
    """See that all that it names is there, and that it can be seen at all.

    Raises:
        LvsnetError: the message says what there is.
    """
    match one:
        case Holds(condition):
            _condition(condition, plan)
        case States(director=director, service=service):
            _condition(Condition((Connections("active", "==", 0, director, None, service),)), plan)
        case Measured(server=server) if server:
            _answers(server, plan)
        case Even(weights=weights):
            for name, _weight in weights:
                _answers(name, plan)
        case Run(node=node, command=command):
            conditions.check(Condition((Succeeds(node, command),)), plan)
        case Links():
            resolved(one, plan)


def resolved(one: Expectation, plan: Plan) -> Expectation:
    """The same, with interfaces by their own names, where it has those of segments.

    Raises:
        LvsnetError: there is no such interface; the message says what there is.
    """
    if not isinstance(one, Links):
        return one
    return replace(
        one,
        links=tuple(
            replace(link, interface=faults.interface(plan, link.node, link.interface))
            for link in one.links
        ),
    )


def watch(one: Single | Holds, plan: Plan) -> None:
    """As `expectation`, for what is always watched."""
    if isinstance(one, Holds):
        _condition(one.condition, plan)
    elif one.address:
        conditions.check(Condition((VipHolders(one.address, 0),)), plan)


def load(one: Load, plan: Plan) -> None:
    """See that its clients are there, and somebody at its target.

    Raises:
        LvsnetError: the message says what there is.
    """
    from lvsnet.traffic import checking

    checking.check(one, plan)
    _target(one.target, one.clients, plan)


def loads_of(name: str, loads: Mapping[str, Load]) -> tuple[Load, ...]:
    """The loads that a name stands for, of those that were begun before; all for an empty one.

    Raises:
        LvsnetError: there is none.
    """
    if not loads:
        raise LvsnetError("no traffic was begun before it: a step 'traffic' is needed")
    if name and name not in loads:
        near = nearest(name, loads)
        hint = f"; did you mean {near}?" if near and len(loads) > 1 else ""
        raise LvsnetError(
            f"no traffic of the name {name} was begun before it; there is {', '.join(loads)}{hint}"
        )
    return (loads[name],) if name else tuple(loads.values())


def only_client(plan: Plan) -> str | None:
    """The node that requests come from when nobody says; None where there are several, or none."""
    clients = [node.name for node in plan.nodes if node.role == CLIENT]
    return clients[0] if len(clients) == 1 else None


def addresses(one: Expectation | Single, loads: Iterable[Load]) -> frozenset[str]:
    """The addresses that it is about, as far as it says."""
    match one:
        case Holds(condition):
            return frozenset(
                term.address for term in condition.terms if isinstance(term, VipOn | VipHolders)
            )
        case Single(address):
            return frozenset((address,)) if address else frozenset()
        case Measured() | Even():
            return frozenset(load.target.host for load in loads)
        case _:
            return frozenset()


def _condition(condition: Condition, plan: Plan) -> None:
    conditions.check(condition, plan)
    if IPVS_MODULE in plan.kernel:
        return
    for term in condition.terms:
        if isinstance(term, InTable | Connections):
            role = next((node.role for node in plan.nodes if node.name == term.director), "")
            if role in WITHOUT_IPVS:
                raise LvsnetError(
                    f"{term.director} is a {role}, and lab {plan.lab} has no IPVS: "
                    "neither directors nor services"
                )


def _target(target: Target, clients: Iterable[str], plan: Plan) -> None:
    if re.search(r"[A-Za-z]", target.host) and ":" not in target.host:
        for node in plan.nodes:
            if node.name in clients and target.host not in _names(node):
                near = nearest(target.host, _names(node))
                hint = f"; did you mean {near}?" if near else ""
                raise LvsnetError(f"{node.name} knows no host {target.host}{hint}")
        return
    if target.host.startswith("127.") or target.host == "::1":
        return
    conditions.check(Condition((VipHolders(target.host, 0),)), plan)


def _names(node: Node) -> list[str]:
    """The names that a node can turn into addresses."""
    found = ["localhost", node.name]
    for file in node.files:
        if file.path == HOSTS:
            lines = (line.partition("#")[0].split() for line in file.content.splitlines())
            found += [name for line in lines for name in line[1:]]
    return list(dict.fromkeys(found))


def _answers(name: str, plan: Plan) -> None:
    """Whether anything in a plan could answer by a name.

    A real server of lvsnet's own says its node's name; what an image of the user's says is not
    known here.
    """
    names = [node.name for node in plan.nodes]
    if name in names or any(node.image for node in plan.nodes):
        return
    pattern = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    for node in plan.nodes:
        said = (
            *(file.content for file in node.files if file.path != HOSTS),
            *(" ".join(argv) for argv in node.commands),
            *(" ".join(one.argv) for one in node.afterwards),
            *(" ".join(one.argv) for one in node.daemons),
        )
        if any(pattern.search(text) for text in said):
            return
    servers = [node.name for node in plan.nodes if node.role == "realserver"]
    near = nearest(name, servers)
    hint = f"; did you mean {near}?" if near else ""
    there = f"; there is {', '.join(servers)}" if servers else ""
    raise LvsnetError(f"no real server of lab {plan.lab} answers as {name}{there}{hint}")
