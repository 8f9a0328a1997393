"""containerlab topologies: nodes of kind linux and bridge, and the links between them.

What containerlab does with a topology is laid down in its documentation, manual/topo-def-file and
manual/nodes, and in its code, core/ and types/; each rule that is followed here names its place.
lvsnet's own words are used for what it adds: a wire is a link, or a bridge with all its links.
"""

from __future__ import annotations

import re
from pathlib import Path

from lvsnet.errors import LabFileError
from lvsnet.lab import values as single
from lvsnet.lab.document import Document, Table
from lvsnet.lab.suggest import hint
from lvsnet.lab.topology import commands, keys, levels, values
from lvsnet.lab.topology.binds import Room
from lvsnet.lab.topology.levels import BRIDGE, LINUX, Level, Spec
from lvsnet.lab.topology.links import wires
from lvsnet.lab.topology.machines import Surroundings, machine
from lvsnet.lab.topology.model import ExaminedTopology, Machine, Topology
from lvsnet.lab.topology.order import stages
from lvsnet.lab.topology.text import is_topology, read
from lvsnet.lab.topology.values import At, Text, Told
from lvsnet.lab.values import shown

__all__ = ["ExaminedTopology", "Topology", "examine", "is_topology", "read"]

MOST_NODES = 500
"""As in a lab file."""
LONGEST_DELAY = 86400
"""Seconds."""
RESERVED = ("host", "mgmt-net", "macvlan")
"""What a link's end means by these is no node (links/link_brief.go)."""
PREFIX = "lvsnet"
"""How the names of lvsnet's containers begin."""
_NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


def examine(document: Document, path: Path) -> ExaminedTopology:
    """The topology of a document that `read` gave, and what is unwise in it.

    ``path`` is the topology's file, to which the files that it names are relative; they are read.

    Raises:
        LabFileError: with all that is wrong in it, in the order of the file.
    """
    told = Told(faults=list(document.faults))
    topology = None
    if isinstance(document.root, Table):
        topology = _topology(document.root, At(document.root, document.start, ""), path, told)
    elif document.root is not None:
        told.error(document.start, "a topology is a mapping with the keys name and topology")
    if told.faults or topology is None:
        raise LabFileError(told.errors(str(path)))
    return ExaminedTopology(topology, told.warnings(str(path)))


def _topology(root: Table, top: At, path: Path, told: Told) -> Topology | None:
    values.known_keys(root, "", keys.TOP, told)
    name = _name(values.text(values.inner(root, "name", ""), told), top, told)
    _judge_top(root, told)
    at = values.inner(root, "topology", "")
    body = values.table(at, told)
    if at is None:
        told.error(top.mark, "topology: is empty; at least one node of kind linux is needed")
    if body is None:
        return None
    values.known_keys(body, "topology", keys.TOPOLOGY, told)
    all_levels, specs = levels.specs(body, told)
    for level in all_levels:
        values.known_keys(level.table, level.path, keys.NODE, told)
    _judge_nodes(specs, top, told)
    laid, ports = wires(body, specs, told)
    linux = [spec for spec in specs if spec.kind == LINUX]
    staged = {spec.name: commands.read_stages(spec, told) for spec in linux}
    around = Surroundings(
        lab=name,
        folder=path.parent,
        ports=ports,
        stages=_stages(linux, [spec.name for spec in specs if spec.kind == BRIDGE], told),
        room=Room(),
    )
    machines: list[Machine] = []
    for spec in linux:
        machines.append(machine(spec, staged[spec.name], around, told))
    loaded = (module for of_node in staged.values() for module in commands.modules(of_node))
    return Topology(name, tuple(machines), laid, tuple(dict.fromkeys(loaded)))


def _name(name: Text | None, top: At, told: Told) -> str:
    if name is None or not name.text:
        told.missing("name", top.mark, "")
        return ""
    if "__git" in name.text:
        why = "lvsnet does not look for a Git repository; write a name without __git...__"
        told.error(name.mark, f"{name.path}: {why}")
        return ""
    proposal = re.sub(r"[^a-z0-9]+", "-", name.text.lower()).strip("-")
    if not re.fullmatch(single.NAME, name.text) and re.fullmatch(single.NAME, proposal):
        why = f"a lab of lvsnet is called in small letters, digits and '-'; write {proposal}"
        told.error(name.mark, f"{name.path}: {shown(name.text)}: {why}")
        return proposal
    return values.valid(name, single.name, told) or ""


def _judge_top(root: Table, told: Told) -> None:
    prefix = values.text(values.inner(root, "prefix", ""), told)
    if prefix is not None and prefix.text != PREFIX:
        why = f"containers of lvsnet are called {PREFIX}-LAB-NODE, whatever the prefix"
        told.warning(prefix.mark, "topology-prefix", f"{prefix.path}: {why}")
    at = values.inner(root, "mgmt", "")
    management = values.keys(at, told)
    values.known_keys(management, "mgmt", keys.MANAGEMENT, told)
    if at is not None and management.entries.keys() - {"skip-when-unused"}:
        why = "lvsnet has no management network; the nodes' first interfaces are those of the links"
        told.warning(root.entries["mgmt"].key, "topology-management", f"mgmt: {why}")


def _judge_nodes(specs: list[Spec], top: At, told: Told) -> None:
    if all(spec.kind == BRIDGE for spec in specs):
        told.error(top.mark, "topology.nodes: at least one node of kind linux is needed")
    if len(specs) > MOST_NODES:
        told.error(top.mark, f"topology.nodes: {len(specs)} are too many; at most {MOST_NODES}")
    for spec in specs:
        if spec.kind not in (LINUX, BRIDGE):
            _tell_kind(spec, told)
        elif spec.kind == BRIDGE:
            _judge_bridge(spec, told)
        if "|" not in spec.name and not _NODE_NAME.fullmatch(spec.name):
            why = "a node's name has letters, digits and any of '_.-', at most 63 characters"
            told.error(spec.mark, f"topology.nodes: {shown(spec.name)}: {why}")
        if spec.name in RESERVED or spec.name == "localhost":
            told.error(spec.mark, f"topology.nodes: a node cannot be called {spec.name}")


def _tell_kind(spec: Spec, told: Told) -> None:
    at = values.inner(spec.levels[-1].table, "kind", spec.path)
    mark, path = (at.mark, at.path) if at else (spec.mark, spec.path)
    if not spec.kind:
        told.missing("kind", mark, path)
    elif spec.kind in keys.KINDS_REFUSED:
        told.error(mark, f"{path}: kind {spec.kind}: {keys.KINDS_REFUSED[spec.kind]}")
    else:
        end = hint(spec.kind, (LINUX, BRIDGE))
        told.error(mark, f"{path}: lvsnet does not run nodes of kind {shown(spec.kind)}{end}")


def _judge_bridge(spec: Spec, told: Told) -> None:
    own: Level = spec.levels[-1]
    mode = values.text(values.inner(own.table, "network-mode", own.path), told)
    if "|" in spec.name or (mode is not None and mode.text.startswith("container:")):
        why = "a bridge within a node is made by `ip link add NAME type bridge` in the node's exec"
        told.error(spec.mark, f"{spec.path}: {why}")
    for key, entry in own.table.entries.items():
        if key in keys.NODE and key not in keys.OF_BRIDGES:
            told.error(entry.key, f"{own.path}: a node of kind bridge has no {key}")


def _stages(linux: list[Spec], bridges: list[str], told: Told) -> dict[str, int]:
    delays = {
        spec.name: values.number(levels.value(spec, "startup-delay"), 0, LONGEST_DELAY, told) or 0
        for spec in linux
    }
    waits = {spec.name: commands.waits(spec, told) for spec in linux}
    return stages(waits, delays, bridges, told)
