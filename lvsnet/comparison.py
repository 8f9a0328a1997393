"""A running lab beside its file: what a redeploy would change, and what was changed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_interface

from lvsnet import contents
from lvsnet.contents import Entry
from lvsnet.engine.runtime import Record
from lvsnet.observe import model as observed
from lvsnet.plan.difference import UNFINISHED, Action, Difference, compare, placed, with_rebuilt
from lvsnet.plan.model import File, Node, Plan
from lvsnet.saving import Disks

SHOWN = 1024 * 1024
"""Bytes of a file, longer than what lvsnet put there, that are read so as to be shown."""


@dataclass(frozen=True)
class FileDrift:
    """A file of the plan that is not as lvsnet put it."""

    file: File
    words: str
    """What is the matter, as the rest of a sentence: ``is gone``."""
    now: bytes | None
    """Its contents; None when there are none, or too many to show."""


@dataclass(frozen=True)
class Drift:
    """What of a node is not as lvsnet made it."""

    node: str
    remarks: tuple[str, ...]
    """``is stopped``, ``keepalived is dead``."""
    files: tuple[FileDrift, ...]


@dataclass(frozen=True)
class Comparison:
    """A lab that runs, beside a plan."""

    lab: str
    file: str
    """Whose plan the lab is compared with."""
    fixed: tuple[str, ...]
    """What the file says that no redeploy can do; sentences."""
    difference: Difference
    """What a redeploy would do."""
    drift: tuple[Drift, ...]
    """Nodes that are not as lvsnet made them, in the order of the plan that runs."""

    @property
    def same(self) -> bool:
        """Whether there is nothing to tell."""
        return self.difference.empty and not self.drift and not self.fixed


def compared(place: Disks, record: Record, plan: Plan, file: str) -> Comparison:
    """A running lab beside ``plan``, which is its own or another of the same name.

    Raises:
        LvsnetError: the lab, or a node that runs, does not answer.
    """
    difference = redeployed(place, record, plan)
    fixed = tuple(_fixed(record, plan, difference))
    return Comparison(record.plan.lab, file, fixed, difference, drift(place, record))


def redeployed(place: Disks, record: Record, plan: Plan) -> Difference:
    """What a redeploy would do.

    Raises:
        LvsnetError: the lab does not answer.
    """
    difference = compare(record.plan, plan)
    known = {node.name for node in plan.nodes}
    reasons = dict.fromkeys((name for name in record.unsettled if name in known), UNFINISHED)
    for change in difference.nodes:
        lost = {one.path for one in change.files if one.after is None}
        if change.action is Action.change and lost:
            lab = record.plan.lab
            # Without the plan's file, the image's is there, which only a new disk has.
            images = {one.path for one in place.changes(lab, change.node) if one.kind != "added"}
            for path in sorted(lost & images):
                reasons.setdefault(change.node, f"{path} is removed, and its image has one")
    return with_rebuilt(difference, plan, reasons)


def _fixed(record: Record, plan: Plan, difference: Difference) -> Iterator[str]:
    if record.about.runtime == "containerlab" and not difference.empty:
        yield (
            "containerlab wired it, so no redeploy can change it: only `lvsnet destroy` and "
            "`lvsnet deploy` can"
        )
    before, after = record.plan.memory or "the usual size", plan.memory or "the usual size"
    if before != after and record.about.kernel.startswith("guest"):
        yield (
            f"memory is to be {after} and is {before}: only `lvsnet destroy` and `lvsnet deploy` "
            "change that"
        )


def drift(place: Disks, record: Record) -> tuple[Drift, ...]:
    """What in the nodes is not as lvsnet made it: power, daemons, addresses, files of the plan.

    Raises:
        LvsnetError: the lab, or a node that runs, does not answer.
    """
    plan = record.plan
    seen = {node.name: node for node in place.look(plan.lab).nodes}
    found = (
        _of_node(place, plan.lab, node, seen[node.name]) for node in plan.nodes if node.name in seen
    )
    return tuple(one for one in found if one.remarks or one.files)


def _of_node(place: Disks, lab: str, node: Node, now: observed.Node) -> Drift:
    if not now.running:
        return Drift(node.name, ("is stopped", *_removed(place, lab, node)), ())
    files = {file.path: file for file in node.files}
    found: dict[str, FileDrift] = {}

    def take(entry: Entry) -> None:
        if one := _of_entry(files[entry.path], entry):
            found[entry.path] = one

    limit = max([SHOWN, *(len(file.content.encode()) for file in node.files)])
    gone = contents.visit_behind_links(place, lab, node.name, files, take, limit)
    found |= {path: FileDrift(files[path], "is gone", None) for path in gone}
    in_order = tuple(found[path] for path in files if path in found)
    return Drift(node.name, tuple(_remarks(node, now)), in_order)


def _removed(place: Disks, lab: str, node: Node) -> Iterator[str]:
    """Of a disk that cannot be read: which files of the plan its image has, and it has not."""
    gone = {one.path for one in place.changes(lab, node.name) if one.kind == "removed"}
    for file in node.files:
        if file.path in gone:
            yield f"{contents.quoted(file.path)} is gone"


def _remarks(node: Node, now: observed.Node) -> Iterator[str]:
    for daemon, alive in now.daemons:
        if not alive:
            yield f"{daemon} is dead"
    held = {(one.interface, ip_interface(one.address)) for one in now.addresses}
    for interface, address in placed(node):
        if (interface, ip_interface(address)) not in held:
            yield f"{interface} does not have {address}"


def _of_entry(file: File, entry: Entry) -> FileDrift | None:
    """None when a file is as lvsnet put it."""
    if entry.kind == "big":
        words = f"has changed and is {entry.size} bytes long now, too long to show"
        return FileDrift(file, words, None)
    if entry.content is None:
        other = "is a socket, a pipe or a device now"
        words = "is a directory now" if entry.kind == "directory" else other
        return FileDrift(file, words, None)
    now = entry.content.read(entry.size)
    changes = [] if now == file.content.encode() else ["has changed"]
    if entry.mode != file.mode:
        changes.append(f"has mode {entry.mode:04o}, not {file.mode:04o}")
    return FileDrift(file, " and ".join(changes), now) if changes else None
