"""What one plan of a lab differs in from another, and what that takes on a running lab.

Pure; the engine follows it, often inside a guest, and `lvsnet diff` shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import PurePosixPath

from lvsnet.plan.model import Daemon, File, Interface, Node, Plan

UNFINISHED = "a redeploy that did not end had begun to change it"
"""Why a node is rebuilt that nobody knows any more."""


class Action(StrEnum):
    """What becomes of a node."""

    create = "create"
    remove = "remove"
    rebuild = "rebuild"
    """Removed and created anew: its disk and its kernel's tables begin afresh."""
    change = "change"
    """It goes on running; files, addresses, routes, sysctls and daemons are changed in it."""


class Deed(StrEnum):
    """What becomes of a daemon of a node that goes on running."""

    start = "start"
    stop = "stop"
    restart = "restart"
    reload = "reload"
    """It gets the signal that makes it read its files again."""


@dataclass(frozen=True)
class FileChange:
    """A file of a node; None where there is none."""

    before: File | None
    after: File | None

    @property
    def path(self) -> str:
        there = self.after or self.before
        return there.path if there else ""


@dataclass(frozen=True)
class DaemonChange:
    name: str
    deed: Deed


@dataclass(frozen=True)
class NodeChange:
    node: str
    action: Action
    reasons: tuple[str, ...]
    """What changes, in words, as ``route to default via 10.0.0.1 is added``; why it is rebuilt.

    Of one that is changed, without its files.
    """
    files: tuple[FileChange, ...]
    """By path; of a node that is created or removed none."""
    daemons: tuple[DaemonChange, ...] = ()
    """Of one that is changed, those that do not just go on; those that stop come first."""


@dataclass(frozen=True)
class Difference:
    """Empty when nothing is to be done."""

    segments: tuple[str, ...]
    """What changes about the segments, in words."""
    nodes: tuple[NodeChange, ...]
    """Those that do not go on as they are, in the order of the new plan, the removed ones last."""

    @property
    def empty(self) -> bool:
        return not self.segments and not self.nodes


_VERBS: Mapping[Deed, str] = {
    Deed.start: "is started",
    Deed.stop: "is stopped",
    Deed.restart: "is restarted",
    Deed.reload: "reads its configuration again",
}
_FILE_VERBS = {(False, True): "is added", (True, True): "changes", (True, False): "is removed"}


def compare(old: Plan, new: Plan) -> Difference:
    """What has to happen to a lab that was made from ``old`` to be as one made from ``new``.

    A node is rebuilt for what a container cannot change while it runs, and where nobody knows
    what was before: a sysctl that is no longer set, a file that a command may have read.
    """
    before = {node.name: node for node in old.nodes}
    segments, remade = _segments(old, new)
    changes = []
    for node in new.nodes:
        if node.name not in before:
            changes.append(NodeChange(node.name, Action.create, (), ()))
        elif change := _node(before[node.name], node, remade):
            changes.append(change)
    left = {node.name for node in new.nodes}
    changes += [NodeChange(name, Action.remove, (), ()) for name in before if name not in left]
    return Difference(segments, tuple(changes))


def with_rebuilt(difference: Difference, plan: Plan, reasons: Mapping[str, str]) -> Difference:
    """The difference where further nodes of ``plan``, the new one, are rebuilt: node -> why."""
    known = {change.node: change for change in difference.nodes}
    for name, reason in reasons.items():
        change = known.get(name, NodeChange(name, Action.change, (), ()))
        if change.action is Action.change:
            change = replace(change, action=Action.rebuild, reasons=(reason,), daemons=())
        known[name] = change
    order = {node.name: number for number, node in enumerate(plan.nodes)}
    nodes = sorted(known.values(), key=lambda change: order.get(change.node, len(order)))
    return replace(difference, nodes=tuple(nodes))


def told(change: NodeChange) -> str:
    """A node's change in one line: ``lb01 is changed: /etc/hosts changes; ...``."""
    verbs = {
        Action.create: "is created",
        Action.remove: "is removed",
        Action.rebuild: "is rebuilt",
        Action.change: "is changed",
    }
    reasons = list(change.reasons)
    if change.action is Action.change:
        reasons = [*map(_told_file, change.files), *reasons]
    return ": ".join(filter(None, (f"{change.node} {verbs[change.action]}", "; ".join(reasons))))


def placed(node: Node) -> tuple[tuple[str, str], ...]:
    """(Interface, address with prefix length) of all that a node is given, in order."""
    return (
        *((one.name, address) for one in node.interfaces for address in one.addresses),
        *((one.interface, one.address) for one in node.addresses),
    )


def reads(daemon: Daemon, path: str) -> bool:
    """Whether a daemon reads the file ``path``."""
    return any(path.startswith(one) if one.endswith("/") else path == one for one in daemon.reads)


def _segments(old: Plan, new: Plan) -> tuple[tuple[str, ...], set[str]]:
    """What changes, in words, and the segments whose bridge is made anew."""
    before = {segment.name: segment for segment in old.segments}
    after = {segment.name: segment for segment in new.segments}
    words = [f"segment {name} is added" for name in after if name not in before]
    words += [f"segment {name} is removed" for name in before if name not in after]
    remade = {name for name in after if name in before and before[name] != after[name]}
    for name in after:
        if name in remade:
            sizes = (before[name].mtu, after[name].mtu)
            why = f": its MTU is {sizes[1]}, not {sizes[0]}" if sizes[0] != sizes[1] else ""
            words.append(f"segment {name} is made anew{why}")
    return tuple(words), remade


def _node(before: Node, after: Node, remade: set[str]) -> NodeChange | None:
    """None when it goes on as it is."""
    files = tuple(_files(before, after))
    if why := list(_why_rebuilt(before, after, remade, files)):
        return NodeChange(after.name, Action.rebuild, tuple(why), files)
    daemons = tuple(_daemons(before, after, {change.path for change in files}))
    words = (
        *_set_changes(_address_words(before), _address_words(after)),
        *_set_changes(_route_words(before), _route_words(after)),
        *_sysctl_changes(before, after),
        *(f"{one.name} {_VERBS[one.deed]}" for one in daemons),
    )
    if not words and not files:
        return None
    return NodeChange(after.name, Action.change, words, files, daemons)


def _files(before: Node, after: Node) -> Iterator[FileChange]:
    old = {file.path: file for file in before.files}
    new = {file.path: file for file in after.files}
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            yield FileChange(old.get(path), new.get(path))


def _why_rebuilt(
    before: Node, after: Node, remade: set[str], files: Iterable[FileChange]
) -> Iterator[str]:
    parts: Mapping[str, tuple[object, object]] = {
        "image changes": (before.image, after.image),
        "role changes": (before.role, after.role),
        "privileges change": (before.privileged, after.privileged),
        "capabilities change": (before.capabilities, after.capabilities),
        "environment changes": (before.environment, after.environment),
        "tmpfs changes": (before.tmpfs, after.tmpfs),
        "working directory changes": (before.directory, after.directory),
        "tunnels' UDP ports change": (before.unwrapping, after.unwrapping),
        "process changes": (before.process, after.process),
    }
    yield from (f"its {what}" for what, (old, new) in parts.items() if old != new)
    yield from _wires(before, after, remade)
    yield from _set_changes(_device_words(before), _device_words(after))
    if (before.commands, before.afterwards) != (after.commands, after.afterwards):
        yield "its commands change"
    kept = dict(after.sysctls)
    yield from (f"sysctl {key} is no longer set" for key, _ in before.sysctls if key not in kept)
    yield from _why_for_files(before, after, files)


def _wires(before: Node, after: Node, remade: set[str]) -> Iterator[str]:
    old = {one.name: _wire(one) for one in before.interfaces}
    new = {one.name: _wire(one) for one in after.interfaces}
    yield from (f"interface {name} is added" for name in new if name not in old)
    yield from (f"interface {name} is removed" for name in old if name not in new)
    for one in after.interfaces:
        if one.name in old and (old[one.name] != new[one.name] or one.segment in remade):
            yield f"interface {one.name} is wired anew"


def _wire(interface: Interface) -> tuple[object, ...]:
    return interface.segment, interface.port, interface.mac, interface.mtu


def _why_for_files(before: Node, after: Node, files: Iterable[FileChange]) -> Iterator[str]:
    commanded = bool(after.commands or after.afterwards)
    old = {file.path for file in before.files}
    for change in files:
        if commanded and not any(reads(daemon, change.path) for daemon in after.daemons):
            yield f"{_told_file(change)}, and a command may have read it"
        if change.after is None or change.before is not None:
            continue
        inner = [path for path in old if path.startswith(f"{change.path}/")]
        outer = [str(up) for up in PurePosixPath(change.path).parents if str(up) in old]
        if inner:
            yield f"{change.path} is a file and was a directory"
        elif outer:
            yield f"{outer[0]} is a directory and was a file"


def _told_file(change: FileChange) -> str:
    return f"{change.path} {_FILE_VERBS[change.before is not None, change.after is not None]}"


def _daemons(before: Node, after: Node, changed: set[str]) -> Iterator[DaemonChange]:
    old = {daemon.name: daemon for daemon in before.daemons}
    new = {daemon.name: daemon for daemon in after.daemons}
    yield from (DaemonChange(name, Deed.stop) for name in old if name not in new)
    for daemon in after.daemons:
        was = old.get(daemon.name)
        if was is None:
            yield DaemonChange(daemon.name, Deed.start)
        elif (was.argv, was.pid_file, was.fixed) != (daemon.argv, daemon.pid_file, daemon.fixed):
            yield DaemonChange(daemon.name, Deed.restart)
        elif set(was.reads) != set(daemon.reads) or any(reads(daemon, path) for path in changed):
            yield DaemonChange(daemon.name, Deed.reload if daemon.reload else Deed.restart)


def _device_words(node: Node) -> list[str]:
    return [f"interface {device.name}, {device.kind}," for device in node.devices]


def _address_words(node: Node) -> list[str]:
    return [f"address {address} on {interface}" for interface, address in placed(node)]


def _route_words(node: Node) -> list[str]:
    return [str(route) for route in node.routes]


def _set_changes(old: list[str], new: list[str]) -> Iterator[str]:
    yield from (f"{one} is added" for one in new if one not in old)
    yield from (f"{one} is removed" for one in old if one not in new)


def _sysctl_changes(before: Node, after: Node) -> Iterator[str]:
    old = dict(before.sysctls)
    for key, value in after.sysctls:
        if old.get(key) != value:
            yield f"sysctl {key} is {value}" + (f", not {old[key]}" if key in old else "")
