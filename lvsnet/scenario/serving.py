"""The key ``serve`` of a scenario's traffic: nodes that answer it where they have no server."""

from __future__ import annotations

from collections.abc import Sequence

from lvsnet.endpoint import joined, parted
from lvsnet.lab.suggest import nearest
from lvsnet.lab.topology.values import Text, Told
from lvsnet.observe.conditions import Server, addresses_of
from lvsnet.plan.model import Plan
from lvsnet.traffic import target as written
from lvsnet.traffic.model import ANSWERED, Answerer, Target


def read(
    names: Sequence[Text], target: Target, plan: Plan | None, told: Told
) -> tuple[Answerer, ...]:
    """Who answers at a target: nodes, or ``nginx01:udp/9000`` for another port than the target's.

    What is wrong is told. Without a plan nothing is compared with the lab.
    """
    if names and target.scheme not in ANSWERED:
        first = names[0]
        why = (
            f"{target} is answered by web servers; serve is for tcp://, udp:// and sctp:// targets"
        )
        told.error(first.mark, f"{first.path}: {why}")
        return ()
    found: dict[Answerer, str] = {}
    for one in names:
        try:
            answerer = _answerer(one.text, target)
            if found.get(answerer, one.text) != one.text:
                raise ValueError(f"{answerer} is there twice")
            if plan is not None:
                _check(answerer, target, plan)
        except ValueError as error:
            told.error(one.mark, f"{one.path}: {error}")
            continue
        found[answerer] = one.text
    return tuple(found)


def _answerer(text: str, target: Target) -> Answerer:
    if ":" not in text:
        return Answerer(text, target.scheme, target.port)
    found = written.answerer(text)
    if found.scheme != target.scheme:
        raise ValueError(f"{found} does not answer {target}")
    return found


def _check(one: Answerer, target: Target, plan: Plan) -> None:
    """See that the node is there, its port free, and the one that is asked; else ValueError."""
    nodes = {node.name: node for node in plan.nodes}
    if one.node not in nodes:
        near = nearest(one.node, nodes)
        hint = f"; did you mean {near}?" if near else ""
        raise ValueError(
            f"lab {plan.lab} has no node {one.node}; there is {', '.join(nodes)}{hint}"
        )
    for daemon in nodes[one.node].daemons:
        if one.scheme == "tcp" and one.port in daemon.listens:
            raise ValueError(f"{daemon.name} of {one.node} has tcp port {one.port} already")
    ports = _asked(one, target, plan)
    if ports and one.port not in ports:
        raise ValueError(
            f"{one.node} is asked at port {ports[0]} for {target}, not at {one.port}; write "
            f"{one.node}:{one.scheme}/{ports[0]}"
        )


def _asked(one: Answerer, target: Target, plan: Plan) -> list[int]:
    """The ports at which directors pass on to a node what comes to a target."""
    service = joined(target.host, target.port)
    addresses = addresses_of(Server(node=one.node), plan)
    ends = [
        parted(listed.real_server)
        for listed in plan.listed
        if (listed.protocol, listed.service) == (one.scheme, service)
    ]
    return [int(port) for address, port in ends if address in addresses]
