"""A lab's Record in a file of each of its containers, which can be changed while the lab runs.

Labels cannot, and have no room for the contents of files. Every file has the whole record, so that
a node can be without a container for a while. A node's processes could write to its file, and what
is in it is later done as root outside: so it is signed with a key that is in the labels, which no
container sees. A node whose file is not as it was signed is one that nobody knows any more.
"""

from __future__ import annotations

import hmac
import json
import secrets
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace

from lvsnet.docker import api, archives, labels
from lvsnet.engine.runtime import About, Record
from lvsnet.engine.runtimes.docker_config import OWN
from lvsnet.errors import LvsnetError
from lvsnet.plan import codec
from lvsnet.plan.model import Node

KEY = "lvsnet.key"
"""The label of a deployment's key; containers that containerlab made have none, and no file."""
FILE = "record.json.z"
AT_ONCE = 8
"""Files read at the same time."""


@dataclass(frozen=True)
class Kept:
    """The content of a container's file."""

    node: str
    generation: int
    """Rises each time that the lab's files are written."""
    record: Record
    away: tuple[str, ...]
    """Nodes of the record that have no disk: their next boot is with a new one. If that of this
    container is among them, the container is there for this file only."""


@dataclass(frozen=True)
class Found:
    """A container of a lab, and what is in its file."""

    container: api.Container
    kept: Kept | None
    """None when there is no file, or not as lvsnet wrote it."""

    @property
    def node(self) -> str:
        return self.container.labels.get(labels.NODE, "")

    @property
    def hollow(self) -> bool:
        """Whether the container is no node's any more."""
        return self.kept is not None and self.node in self.kept.away


def new_key() -> str:
    return secrets.token_hex(16)


def encode(one: Kept, key: str) -> bytes:
    """A line with the signature (HMAC-SHA-256, RFC 2104), then JSON, deflated."""
    text = json.dumps(asdict(one), ensure_ascii=False, separators=(",", ":"))
    content = zlib.compress(text.encode())
    return f"{_signature(content, key)}\n".encode() + content


def decode(content: bytes, key: str, node: str) -> Kept | None:
    """What `encode` wrote for this node; None for anything else, as half of it.

    Raises:
        LvsnetError: another version of lvsnet wrote it.
    """
    signature, _, packed = content.partition(b"\n")
    if not hmac.compare_digest(signature, _signature(packed, key).encode()):
        return None
    one = codec.decode(Kept, json.loads(zlib.decompress(packed)), f"{node}: {OWN}/{FILE}")
    return one if one.node == node else None


def archive(one: Kept, key: str, programs: Mapping[str, bytes]) -> bytes:
    """The file, and programs, as a tar archive to be unpacked at the root of a container."""
    executable = {name: (0o755, content) for name, content in programs.items()}
    return archives.packed(OWN, {FILE: (0o600, encode(one, key)), **executable})


def look(containers: Sequence[api.Container]) -> list[Found]:
    """Read the files of a lab's containers, some at once, in their order.

    Raises:
        LvsnetError: the engine does not answer, or another version of lvsnet wrote one.
    """

    def found(one: api.Container) -> Found:
        key = one.labels.get(KEY)
        content = archives.read(one.id, f"{OWN}/{FILE}") if key else None
        if key is None or content is None:
            return Found(one, None)
        return Found(one, decode(content, key, one.labels.get(labels.NODE, "")))

    if not any(KEY in one.labels for one in containers):
        return [Found(one, None) for one in containers]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(found, containers))


def newest(found: Sequence[Found]) -> Kept | None:
    """The file that was written last; None when there are none."""
    files = [one.kept for one in found if one.kept]
    return max(files, key=lambda one: one.generation, default=None)


def record_of(found: Sequence[Found]) -> Record:
    """The record of a lab, from its containers, in whatever order; by labels where no file is.

    Where it was just being changed when that broke off, it is what is there now, and a node that
    was to go and has not gone is in it, the last. Nodes of which nobody knows whether they are as
    their file says are unsettled.

    Raises:
        LvsnetError: there are none, some are missing or are of different deployments, or what
            wrote them was another version of lvsnet.
    """
    last = newest(found)
    if last is None:
        record = labels.record_of([one.container.labels for one in found])
        lost = {one.node for one in found if KEY in one.container.labels}
        return replace(record, unsettled=_in_order(record.plan.nodes, lost))
    plan = last.record.plan
    if len({one.container.labels.get(KEY) for one in found}) > 1:
        raise labels.half(plan.lab, "its containers are of several deployments")
    nodes = {node.name: node for node in plan.nodes}
    doubtful = set(last.record.unsettled)
    for one in found:
        if one.kept is None:
            nodes[one.node] = labels.node_of(one.container.labels)
            doubtful.add(one.node)
        elif not one.hollow:
            # Its own file is an older one where writing them broke off.
            own = one.kept.record
            nodes |= {node.name: node for node in own.plan.nodes if node.name == one.node}
            doubtful |= {one.node} & set(own.unsettled)
    there = {one.node for one in found if not one.hollow}
    known = there | set(last.away) | doubtful
    if missing := [node.name for node in plan.nodes if node.name not in known]:
        raise labels.half(plan.lab, f"there is no container of {labels.shortly(missing)}")
    plan = replace(plan, nodes=tuple(nodes.values()))
    return Record(last.record.about, plan, _in_order(plan.nodes, doubtful))


def about_of(containers: Sequence[api.Container]) -> About:
    """What was said of a lab when it was deployed, or changed.

    Raises:
        LvsnetError: as `look` and `record_of`.
    """
    return _glance(containers).about


def nodes_of(containers: Sequence[api.Container]) -> list[str]:
    """The names of a lab's nodes. Raises as `about_of`."""
    return [node.name for node in _glance(containers).plan.nodes]


def key_of(lab: str, containers: Sequence[api.Container]) -> str:
    """The key of a lab that runs.

    Raises:
        LvsnetError: an earlier version of lvsnet deployed it.
    """
    for one in containers:
        if KEY in one.labels:
            return one.labels[KEY]
    raise LvsnetError(
        f"lab {lab} cannot be changed: an earlier version of lvsnet deployed it; "
        f"`lvsnet destroy {lab}`, then deploy it again"
    )


def _glance(containers: Sequence[api.Container]) -> Record:
    """The record by one file where all is well, since the engine takes some 20 ms for each."""
    there = {one.labels.get(labels.NODE) for one in containers}
    for found in look([one for one in containers if KEY in one.labels][:1]):
        if found.kept and not found.kept.record.unsettled:
            nodes = {node.name for node in found.kept.record.plan.nodes}
            if there | set(found.kept.away) == nodes:
                return found.kept.record
    return record_of(look(containers))


def _signature(text: bytes, key: str) -> str:
    return hmac.new(bytes.fromhex(key), text, "sha256").hexdigest()


def _in_order(nodes: Sequence[Node], names: set[str]) -> tuple[str, ...]:
    return tuple(node.name for node in nodes if node.name in names)
