"""Making a running lab what another plan of it says, while what does not change goes on.

Nothing is touched before it is known that it can be: what the runtime or a daemon's own program
refuses leaves the lab as it was. From then on the lab's record names the nodes that are being
changed, so that the next attempt builds these anew when this one fails or is killed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from lvsnet.engine import daemons, deploy, files, namespaces, network, noting
from lvsnet.engine.runtime import Record, Runtime, is_volatile
from lvsnet.errors import LvsnetError
from lvsnet.host import leftovers
from lvsnet.plan.difference import (
    UNFINISHED,
    Action,
    Difference,
    FileChange,
    NodeChange,
    compare,
    told,
    with_rebuilt,
)
from lvsnet.plan.model import Node, Plan
from lvsnet.progress import Report


@dataclass(frozen=True)
class _Work:
    """What a reconfiguration does to which nodes of a lab."""

    before: Mapping[str, Node]
    after: Mapping[str, Node]
    inits: Mapping[str, int]
    """Node -> process id of its init, of those that run before anything begins."""
    in_place: tuple[NodeChange, ...]
    fresh: tuple[str, ...]
    """Nodes that boot, in the order of the new plan."""
    gone: tuple[str, ...]
    """Nodes whose container is removed, to come back or not."""
    asleep: tuple[str, ...]
    """Nodes that change and are off: without a disk, their next start makes them anew."""

    @property
    def touched(self) -> tuple[str, ...]:
        changed = (change.node for change in self.in_place)
        return tuple(dict.fromkeys((*changed, *self.fresh, *self.gone)))


def reconfigure(record: Record, runtime: Runtime, report: Report) -> bool:
    """Make the running lab of that name what ``record`` says; whether anything was to be done.

    Raises:
        LvsnetError: what cannot be had, or what a daemon's program says of its configuration: the
            lab goes on as it was. Or the step that failed: then the nodes that were to change are
            in the record that the runtime keeps, and the next call builds them anew.
    """
    lab = record.plan.lab
    old, new = runtime.record(lab), replace(record, unsettled=())
    difference = examined(old, new.plan, runtime)
    if difference.empty and not old.unsettled:
        report(f"{lab}: nothing has changed")
        if old != new:
            runtime.keep(new)
        return False
    work = _work(old, new.plan, difference, runtime.inits(lab))
    if refused := runtime.refusals([work.after[name] for name in (*work.fresh, *work.asleep)]):
        raise LvsnetError("\n".join(refused))
    for words in difference.segments:
        report(words)
    for change in difference.nodes:
        late = "; it is off: this is done when it is started"
        report(told(change) + (late if change.node in work.asleep else ""))
    _prepare(old, new, work, runtime, report)
    changed = deploy.shortly(list(work.touched)) or "its segments"
    noting.note(new.plan, runtime, "lab", "", "changed", lab, f"lab {lab} is changed: {changed}")
    try:
        _follow(old.plan, new, work, runtime, report)
    except LvsnetError as error:
        raise LvsnetError(
            f"{error}\nlab {lab} is only half changed; `lvsnet redeploy {lab}` builds "
            f"{deploy.shortly(list(work.touched))} anew, from the file as it is then"
        ) from error
    runtime.keep(new)
    if leftovers.faults_of(lab).exists():
        # Costs time, and few labs have faults while they are changed.
        from lvsnet.engine import faulting

        faulting.after_change(new.plan)
    return True


def examined(old: Record, plan: Plan, runtime: Runtime) -> Difference:
    """What differs, with the nodes that have to be rebuilt for what only a running lab tells.

    They are those that nobody knows any more, and those that lose a file which their image has.
    """
    difference = compare(old.plan, plan)
    known = {node.name for node in plan.nodes}
    reasons = dict.fromkeys((name for name in old.unsettled if name in known), UNFINISHED)
    inits = runtime.inits(plan.lab)
    for change in difference.nodes:
        lost = [one.path for one in change.files if one.after is None]
        if change.action is Action.change and lost and change.node in inits:
            for path in _in_image(plan.lab, change.node, inits[change.node], lost, runtime):
                reasons.setdefault(change.node, f"{path} is removed, and its image has one")
    return with_rebuilt(difference, plan, reasons)


def _in_image(
    lab: str, node: str, init: int, paths: Sequence[str], runtime: Runtime
) -> Iterator[str]:
    """Which of these files of a node its image has, too."""
    lasting = [path for path in paths if not is_volatile(path, runtime.volatile)]
    kinds = {change.path: change.kind for change in runtime.changes(lab, node)} if lasting else {}
    root = Path(f"/proc/{init}/root")
    for path in lasting:
        # One that is there and no change is what the image has, byte for byte.
        as_in_image = path not in kinds and os.path.lexists(files.inside(root, path))
        if kinds.get(path) in ("changed", "removed") or as_in_image:
            yield path


def _work(old: Record, plan: Plan, difference: Difference, inits: Mapping[str, int]) -> _Work:
    known = {node.name for node in plan.nodes}
    awake: list[NodeChange] = []
    asleep: list[NodeChange] = []
    for change in difference.nodes:
        lasts = change.action in (Action.change, Action.rebuild)
        is_off = change.node not in inits and change.node not in old.unsettled
        (asleep if lasts and is_off else awake).append(change)
    fresh = tuple(
        change.node for change in awake if change.action in (Action.create, Action.rebuild)
    )
    removed = [change.node for change in awake if change.action is Action.remove]
    # One that an earlier attempt was to remove is in neither plan.
    strays = [name for name in old.unsettled if name not in known]
    return _Work(
        before={node.name: node for node in old.plan.nodes},
        after={node.name: node for node in plan.nodes},
        inits=inits,
        in_place=tuple(change for change in awake if change.action is Action.change),
        fresh=fresh,
        gone=tuple(dict.fromkeys((*removed, *strays, *fresh))),
        asleep=tuple(change.node for change in asleep),
    )


def _prepare(old: Record, new: Record, work: _Work, runtime: Runtime, report: Report) -> None:
    """Write the files of the nodes that go on, and have their daemons' programs judge them.

    After this, the lab's record is the new one; or all is as it was.
    """
    changed = tuple(change.node for change in work.in_place)
    with ExitStack() as undo:
        if any(change.files for change in work.in_place):
            # Whoever kills this process keeps it from putting files back.
            runtime.keep(replace(old, unsettled=tuple(dict.fromkeys((*old.unsettled, *changed)))))
            undo.callback(runtime.keep, old)
        for change in work.in_place:
            root = Path(f"/proc/{work.inits[change.node]}/root")
            with deploy.step(change.node, "write its files"):
                _write(root, change.files, undo)
        nodes = [work.after[change.node] for change in work.in_place if change.files]
        try:
            deploy.test_configurations(new.plan, nodes, runtime, report)
        except LvsnetError as error:
            raise LvsnetError(f"{error}\nlab {new.plan.lab} goes on as it was") from error
        # Of nodes that are off the disks go first: with their old files they are not to boot.
        if work.asleep:
            runtime.forget(new.plan.lab, work.asleep)
        runtime.keep(replace(new, unsettled=work.touched))
        undo.pop_all()


def _write(root: Path, changes: Sequence[FileChange], undo: ExitStack) -> None:
    """Make files below ``root`` what they are to become; ``undo`` makes them what they were."""
    for change in changes:
        target = files.inside(root, change.path)
        undo.callback(_put_back, target, *_as_it_is(target))
        if change.after is None:
            target.unlink(missing_ok=True)
    files.write(root, [change.after for change in changes if change.after is not None])


def _as_it_is(target: Path) -> tuple[bytes | None, int, int, int]:
    """Content, mode, owner and group; None when there is no file."""
    try:
        status = target.lstat()
        content = target.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None, 0, 0, 0
    return content, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid


def _put_back(target: Path, content: bytes | None, mode: int, user: int, group: int) -> None:
    if content is None:
        target.unlink(missing_ok=True)
        return
    target.write_bytes(content)
    os.chown(target, user, group)
    target.chmod(mode)


def _follow(old: Plan, new: Record, work: _Work, runtime: Runtime, report: Report) -> None:
    plan = new.plan
    fabric = namespaces.of_fabric(plan.lab)
    with deploy.step("the lab", "change the segments"):
        pulled = [node for node in old.nodes if node.name in work.gone]
        network.pull_out(fabric, [one for node in pulled for one in node.interfaces])
    runtime.forget(plan.lab, work.gone)
    with deploy.step("the lab", "change the segments"):
        staying = [node for node in plan.nodes if node.name not in work.gone]
        ports = {interface.port for node in staying for interface in node.interfaces}
        network.reshape(fabric, plan.segments, ports)
    if work.fresh:
        nodes = [work.after[name] for name in work.fresh]
        deploy.boot(new, nodes, runtime, report, deploy.all_files)
    if work.in_place:
        report("change " + deploy.shortly([change.node for change in work.in_place]))
    for change in work.in_place:
        with deploy.step(change.node, "set sysctls, addresses and routes"):
            network.change(
                work.before[change.node], work.after[change.node], work.inits[change.node]
            )
    turns = [
        daemons.Turn(work.before[change.node], work.after[change.node], change.daemons)
        for change in work.in_place
        if change.daemons
    ]
    daemons.change(plan, turns, dict(work.inits), runtime, report)
