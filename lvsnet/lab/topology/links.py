"""Links: wires between two machines, and the ports of a bridge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lvsnet.lab.document import Mark, Table
from lvsnet.lab.suggest import hint
from lvsnet.lab.topology import keys, values
from lvsnet.lab.topology.levels import BRIDGE, Spec
from lvsnet.lab.topology.model import Port, Wire
from lvsnet.lab.topology.values import At, Text, Told
from lvsnet.lab.values import shown

MTU = 9500
"""Where a link names none (DefaultLinkMTU, constants/constants.go)."""
LONGEST_NAME = 15
"""Bytes of an interface's name: IFNAMSIZ of <linux/if.h>, less the ending zero."""
MOST_PORTS = 100
"""Of one node, as in a lab file."""
_NAME = re.compile(r"[^\s/:\0]+")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}")


@dataclass(frozen=True)
class End:
    node: str
    interface: str
    mac: str
    mark: Mark
    path: str


@dataclass(frozen=True)
class Link:
    ends: tuple[End, End]
    mtu: int


def wires(
    topology: Table, specs: Sequence[Spec], told: Told
) -> tuple[tuple[Wire, ...], dict[str, tuple[Port, ...]]]:
    """The wires, bridges without links among them, and each machine's ports by its name."""
    kinds = {spec.name: spec.kind for spec in specs}
    links = list(_links(topology, told))
    _tell_ends(links, kinds, told)
    bridges = {name: [MTU] for name, kind in kinds.items() if kind == BRIDGE}
    for link in links:
        for name in {end.node for end in link.ends} & bridges.keys():
            bridges[name].append(link.mtu)
    found = [Wire(name, name, min(mtus[1:] or mtus)) for name, mtus in bridges.items()]
    ports: dict[str, list[Port]] = {}
    for number, link in enumerate(links, start=1):
        machines = [end for end in link.ends if end.node not in bridges]
        bridge = next((end.node for end in link.ends if end.node in bridges), "")
        name = bridge or "--".join(f"{end.node}:{end.interface}" for end in link.ends)
        if not bridge:
            found.append(Wire(name, f"link{number}", link.mtu))
        for end in machines:
            port = Port(end.interface, name, end.mac, link.mtu)
            ports.setdefault(end.node, []).append(port)
    _tell_amounts(specs, ports, told)
    return tuple(found), {name: tuple(of_node) for name, of_node in ports.items()}


def _links(topology: Table, told: Told) -> Iterator[Link]:
    at = values.inner(topology, "links", "topology")
    for item in values.listing(at, told):
        table = values.table(item, told)
        if table is None:
            continue
        written = values.text(values.inner(table, "type", item.path), told)
        kind = written.text.strip().lower() if written and written.text.strip() else "brief"
        if kind in keys.LINKS_REFUSED:
            told.error(item.mark, f"{item.path}: type {kind}: {keys.LINKS_REFUSED[kind]}")
        elif kind not in keys.LINKS_RUN and written is not None:
            known = (*keys.LINKS_RUN[:2], *keys.LINKS_REFUSED)
            told.error(
                written.mark, f"{written.path}: no type {shown(kind)} of link{hint(kind, known)}"
            )
        elif (link := _link(item, table, told)) is not None:
            yield link


def _link(item: At, table: Table, told: Told) -> Link | None:
    values.known_keys(table, item.path, keys.LINK_OF_BRIEF, told)
    mtu = values.number(values.inner(table, "mtu", item.path), 68, 65535, told)
    _tell_addresses(table, item.path, told)
    both = values.inner(table, "endpoints", item.path)
    if both is None:
        told.missing("endpoints", item.mark, item.path)
        return None
    written = values.listing(both, told)
    if written and len(written) != 2:
        told.error(both.mark, f"{both.path}: a link has two ends, not {len(written)}")
        return None
    ends = [_end(one, told) for one in written]
    if len(ends) != 2 or ends[0] is None or ends[1] is None:
        return None
    return Link((ends[0], ends[1]), mtu if mtu is not None else MTU)


def _end(at: At, told: Told) -> End | None:
    """``n1:eth1``, or a mapping with ``node``, ``interface`` and, perhaps, ``mac``."""
    if isinstance(at.value, Table):
        values.known_keys(at.value, at.path, keys.ENDPOINT, told)
        _tell_addresses(at.value, at.path, told)
        parts = [
            values.text(values.inner(at.value, key, at.path), told)
            for key in ("node", "interface", "mac")
        ]
        for key, part in zip(("node", "interface"), parts, strict=False):
            if part is None or not part.text:
                told.missing(key, at.mark, at.path)
                return None
        node, interface, mac = parts
    else:
        whole = values.text(at, told)
        if whole is None:
            return None
        name, colon, rest = whole.text.partition(":")
        if not colon or not name or not rest:
            told.error(at.mark, f"{at.path}: expected NODE:INTERFACE, not {shown(whole.text)}")
            return None
        if name.lower() in keys.LINKS_REFUSED and name.lower() in ("host", "macvlan", "mgmt-net"):
            told.error(at.mark, f"{at.path}: {name}: {keys.LINKS_REFUSED[name.lower()]}")
            return None
        node, interface, mac = Text(name, at.mark, at.path), Text(rest, at.mark, at.path), None
    if node is None or interface is None or not _is_name(interface, told):
        return None
    return End(node.text, interface.text, _mac(mac, told), at.mark, at.path)


def _is_name(interface: Text, told: Told) -> bool:
    """What the kernel takes for an interface (dev_valid_name(), net/core/dev.c)."""
    name = interface.text
    if len(name.encode()) > LONGEST_NAME:
        why = f"{shown(name)} is too long for an interface: at most {LONGEST_NAME} bytes"
        told.error(interface.mark, f"{interface.path}: {why}")
        return False
    if not _NAME.fullmatch(name) or name in (".", "..") or not name.isprintable():
        told.error(interface.mark, f"{interface.path}: {shown(name)} cannot be an interface's name")
        return False
    if name == "lo":
        told.error(interface.mark, f"{interface.path}: every node has its lo already")
        return False
    return True


def _mac(mac: Text | None, told: Told) -> str:
    if mac is None or not mac.text:
        return ""
    address = mac.text.lower().replace("-", ":")
    if not _MAC.fullmatch(mac.text):
        wrong = f"{shown(mac.text)} is not a MAC address, such as 02:00:00:00:00:01"
    elif int(address[:2], 16) & 1 or not int(address.replace(":", ""), 16):
        wrong = f"{address} is a multicast address, or none; an interface's is unicast"
    else:
        return address
    told.error(mac.mark, f"{mac.path}: {wrong}")
    return ""


def _tell_addresses(table: Table, path: str, told: Told) -> None:
    for key in ("ipv4", "ipv6"):
        if (at := values.inner(table, key, path)) is not None:
            told.warning(
                at.mark,
                "topology-link-address",
                f"{at.path}: on nodes of kind linux containerlab sets no address, and neither "
                "does lvsnet; `ip address add` in exec does",
            )


def _tell_ends(links: Sequence[Link], kinds: dict[str, str], told: Told) -> None:
    """Nodes that are not there, interfaces that are there twice, and bridges that are joined."""
    first: dict[tuple[str, str], End] = {}
    for link in links:
        for end in link.ends:
            if end.node not in kinds:
                why = f"no node {shown(end.node)}{hint(end.node, kinds)}"
                told.error(end.mark, f"{end.path}: {why}")
            other = first.setdefault((end.node, end.interface), end)
            if other is not end:
                why = f"{end.node}:{end.interface} has a link already, on line {other.mark.line}"
                told.error(end.mark, f"{end.path}: {why}")
        if all(kinds.get(end.node) == BRIDGE for end in link.ends):
            end = link.ends[0]
            told.error(end.mark, f"{end.path}: both ends are bridges; make one bridge of the two")


def _tell_amounts(specs: Sequence[Spec], ports: dict[str, list[Port]], told: Told) -> None:
    for spec in specs:
        if len(found := ports.get(spec.name, [])) > MOST_PORTS:
            why = f"{len(found)} links are too many; at most {MOST_PORTS}"
            told.error(spec.mark, f"{spec.path}: {why}")
