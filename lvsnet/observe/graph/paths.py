"""The way of a request to a service and of its answer, step by step.

The director decides where the request goes; the answer goes by the real server's own routes, so
with NAT it passes the director only where they lead there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lvsnet.endpoint import parted
from lvsnet.observe.graph.ways import Hop, Network
from lvsnet.plan.model import Plan, RealServer, Service


class Kind(StrEnum):
    """What travels in a step."""

    REQUEST = "request"
    TUNNEL = "tunnel"
    """A request in another packet."""
    ANSWER = "answer"


@dataclass(frozen=True)
class Step:
    number: int
    kind: Kind
    ways: tuple[tuple[Hop, ...], ...]
    """One from each place where it begins to each where it ends; none inside a node."""
    words: str


@dataclass(frozen=True)
class Path:
    service: str
    title: str
    """``web: tcp 192.168.10.100:80``"""
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    """What is wrong with it, in words."""


_ON = {
    "dr": "{director} sends it on, unchanged, to a real server's MAC address",
    "nat": "{director} puts a real server's address in the place of the VIP",
    "tun": "{director} wraps it in a packet to a real server",
}


def path(plan: Plan, service: Service, network: Network, out: Sequence[str] = ()) -> Path:
    """The path of a service; ``out`` are the endpoints that its director does not choose now."""
    title = ", ".join(service.asked[:3])
    if not any(one.endswith(f" {service.name}") for one in service.asked):
        title = f"{service.name}: {title}"
    if len(service.asked) > 3:
        title += f" and {len(service.asked) - 3} more"
    vip = service.vips[0] if service.vips else ""
    director = network.holder(vip) if vip else ""
    if director not in service.directors:
        return Path(service.name, title, (), (f"nobody holds {vip}" if vip else "it has no VIP",))
    client = _client(plan, network, vip)
    if client == "":
        return Path(service.name, title, (), (_without_client(plan, network, vip),))
    return _path(service, network, _Ends(client, vip, director), title, out)


@dataclass(frozen=True)
class _Ends:
    client: str
    vip: str
    director: str


def _path(service: Service, network: Network, ends: _Ends, title: str, out: Sequence[str]) -> Path:
    to_vip = network.way(ends.client, ends.vip)
    asked = next((one.partition(" ")[2] for one in service.asked if ends.vip in one), ends.vip)
    steps = [Step(1, Kind.REQUEST, (to_vip,), f"{ends.client} asks {asked}")]
    version = 6 if ":" in ends.vip else 4
    back_to = network.address(ends.client, version, to_vip[0].segment)
    usual = [one for one in service.real_servers if not one.sorry and one.weight > 0]
    chosen = [one for one in usual if one.endpoint not in out]
    chosen = chosen or [one for one in service.real_servers if one.sorry]
    notes = [] if chosen else ["no real server is left"]
    steps += _onward(chosen, network, ends.director)
    answers = list(_answers(chosen, network, ends, back_to, notes))
    return Path(service.name, title, (*steps, *_joined(answers)), tuple(dict.fromkeys(notes)))


def _onward(chosen: Sequence[RealServer], network: Network, director: str) -> Iterator[Step]:
    for method in dict.fromkeys(one.method for one in chosen):
        ways = [
            network.way(director, parted(one.endpoint)[0])
            for one in chosen
            if one.method == method and _node(one, network) != director
        ]
        kind = Kind.TUNNEL if method == "tun" else Kind.REQUEST
        found = tuple(way for way in ways if way)
        if found:
            yield Step(2, kind, found, _ON[method].format(director=director))
    if any(_node(one, network) == director for one in chosen):
        yield Step(2, Kind.REQUEST, (), f"or {director} answers itself")


def _answers(
    chosen: Sequence[RealServer], network: Network, ends: _Ends, back_to: str, notes: list[str]
) -> Iterator[Step]:
    for one in chosen:
        node = _node(one, network)
        if not node:
            notes.append(f"nobody has {parted(one.endpoint)[0]}")
            continue
        if node != ends.director and not network.way(ends.director, parted(one.endpoint)[0]):
            notes.append(f"{ends.director} has no way to {node}")
        way = network.way(node, back_to)
        if not way:
            notes.append(f"{node} has no way back to {ends.client}")
            continue
        turn = next((n for n, hop in enumerate(way, 1) if hop.target == ends.director), 0)
        if one.method == "nat" and node != ends.director and turn:
            back = f"the real servers answer by way of their gateway, {ends.director}"
            yield Step(3, Kind.ANSWER, (way[:turn],), back)
            words = f"{ends.director} puts the VIP back in its place"
            yield Step(4, Kind.ANSWER, (way[turn:],), words)
            continue
        if one.method == "nat" and node != ends.director:
            notes.append(f"answers of {node} go round {ends.director}, so the client resets them")
        words = "the real servers answer the client themselves"
        yield Step(3, Kind.ANSWER, (way,), words)


def _joined(steps: Sequence[Step]) -> Iterator[Step]:
    """Steps of one number and with the same words as one, with each way once."""
    for number, words in sorted({(one.number, one.words) for one in steps}):
        same = [one for one in steps if (one.number, one.words) == (number, words)]
        ways = dict.fromkeys(way for one in same for way in one.ways)
        yield Step(number, same[0].kind, tuple(ways), words)


def _node(one: RealServer, network: Network) -> str:
    """The machine that answers for a real server now; empty when none does."""
    return network.holder(parted(one.endpoint)[0])


def _client(plan: Plan, network: Network, vip: str) -> str:
    """The first client that has a way to a VIP; any other machine where there are no clients."""
    return next((name for name in _clients(plan) if network.way(name, vip)), "")


def _clients(plan: Plan) -> list[str]:
    clients = [node.name for node in plan.nodes if node.role == "client"]
    return clients or [node.name for node in plan.nodes if node.role in ("host", "router")]


def _without_client(plan: Plan, network: Network, vip: str) -> str:
    """Why nobody asks for a VIP."""
    if not any(network.own.values()):
        return "addresses are known once the lab runs"
    return f"no client has a way to {vip}" if _clients(plan) else "the lab has no client"
