"""The labels of a lab's containers, in which Docker keeps the lab's Record.

So a lab is found again, and can be stopped, started and destroyed, after lvsnet itself crashed:
there is no file of it. Values are text of at most some 10 KB: JSON, deflated, in base64.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from lvsnet.engine.runtime import About, Record, is_volatile
from lvsnet.errors import LvsnetError
from lvsnet.plan import codec
from lvsnet.plan.model import Node, Plan

LAB = "lvsnet.lab"
NODE = "lvsnet.node"
ROLE = "lvsnet.role"
PLAN = "lvsnet.plan"
NODE_SPEC = "lvsnet.node.spec"
LAB_SPEC = "lvsnet.lab.spec"

VOLATILE = ("/run/", "/tmp/", "/var/run/", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf")
"""What a container does not keep over `docker stop` and `docker start`: tmpfs, and the files that
the engine writes anew. Directories have a final slash."""


@dataclass(frozen=True)
class _LabSpec:
    about: About
    plan: Plan
    """Without its nodes."""
    order: tuple[str, ...]
    """Names of the nodes."""


def node_labels(record: Record, node: Node) -> dict[str, str]:
    """The labels of one of the record's nodes."""
    return {**of_lab(record), **of_node(node)}


def of_lab(record: Record) -> dict[str, str]:
    """What all nodes of a lab have in common."""
    spec = _LabSpec(
        record.about, replace(record.plan, nodes=()), tuple(node.name for node in record.plan.nodes)
    )
    return {
        LAB: record.plan.lab,
        PLAN: codec.digest(record.plan),
        LAB_SPEC: _packed(asdict(spec)),
    }


def of_node(node: Node) -> dict[str, str]:
    """What is a node's own.

    Files that outlive a reboot are there without their content: they lie on the node's disk.
    """
    files = tuple(
        file if is_volatile(file.path, VOLATILE) else replace(file, content="")
        for file in node.files
    )
    return {
        NODE: node.name,
        ROLE: node.role,
        NODE_SPEC: _packed(asdict(replace(node, files=files))),
    }


def record_of(containers: Sequence[Mapping[str, str]]) -> Record:
    """The record of a lab, from the labels of its containers, in whatever order.

    Files that outlive a reboot have no content.

    Raises:
        LvsnetError: there are none, some are missing or are of different deployments, or what
            wrote them was another version of lvsnet.
    """
    if not containers:
        raise LvsnetError("no container has the labels of this lab")
    lab = containers[0].get(LAB, "")
    if len({one.get(PLAN) for one in containers}) > 1:
        raise half(lab, "its containers are of several deployments")
    spec = _common(containers)
    nodes = {one[NODE]: node_of(one) for one in containers if NODE in one and NODE_SPEC in one}
    if missing := [name for name in spec.order if name not in nodes]:
        raise half(lab, f"there is no container of {shortly(missing)}")
    return Record(spec.about, replace(spec.plan, nodes=tuple(nodes[name] for name in spec.order)))


def node_of(container: Mapping[str, str]) -> Node:
    """A container's node; files that outlive a reboot have no content.

    Raises:
        LvsnetError: what wrote its labels was another version of lvsnet.
    """
    return codec.decode(Node, _unpacked(container.get(NODE_SPEC, ""), NODE_SPEC), NODE_SPEC)


def about_of(containers: Sequence[Mapping[str, str]]) -> About:
    """What was said of a lab when it was deployed, from any of its containers' labels.

    Raises:
        LvsnetError: as `record_of`, but some containers may be missing.
    """
    return _common(containers).about


def _common(containers: Sequence[Mapping[str, str]]) -> _LabSpec:
    lines = [one[LAB_SPEC] for one in containers if LAB_SPEC in one]
    if not lines:
        lab = containers[0].get(LAB, "") if containers else ""
        raise half(lab, f"its containers have no label {LAB_SPEC}")
    return codec.decode(_LabSpec, _unpacked(lines[0], LAB_SPEC), LAB_SPEC)


def _packed(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def _unpacked(text: str, where: str) -> object:
    try:
        value: object = json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
    except (binascii.Error, zlib.error, ValueError) as error:
        raise LvsnetError(f"label {where}: {error}; lvsnet has not written it") from error
    return value


def half(lab: str, why: str) -> LvsnetError:
    """The error that a lab of which something is missing gives."""
    return LvsnetError(f"lab {lab} is only half there: {why}; `lvsnet destroy {lab}` takes it away")


def shortly(names: Iterable[str]) -> str:
    """At most eight of the names, for a message."""
    listed = list(names)
    return ", ".join(listed[:8]) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
