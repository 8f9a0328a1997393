"""The commands of a topology's node: those of its ``stages``, then those of ``exec``.

containerlab runs ``exec`` when all stages up to ``configure`` are over (core/clab.go). Stages are
put together over the levels, and unlike ``exec`` may have a command twice (types/stages.go).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lvsnet.lab.document import Listing
from lvsnet.lab.topology import keys, levels, values
from lvsnet.lab.topology.levels import Spec
from lvsnet.lab.topology.shell import split
from lvsnet.lab.topology.values import At, Text, Told
from lvsnet.lab.values import shown

PHASES = ("on-enter", "on-exit")
_ONLY_LOADS = re.compile(r"(sudo\s+)?(/usr)?(/sbin/)?modprobe(\s+-[\w-]+)*(\s+[\w-]+)+\s*")
_LOADS = re.compile(r"\bmodprobe((?:[ \t]+-[\w-]+)*)((?:[ \t]+\w[\w-]*)+)")


@dataclass(frozen=True)
class Staged:
    """A command of a stage."""

    stage: str
    phase: str
    on_host: bool
    command: Text


def node_commands(
    spec: Spec, staged: list[Staged], expand: Callable[[str], str], told: Told
) -> tuple[tuple[str, ...], ...]:
    """What runs in the node; ``expand`` puts in containerlab's magic variables."""
    of_stages = [
        one.command
        for stage in keys.STAGES
        for phase in PHASES
        for one in staged
        if (one.stage, one.phase, one.on_host) == (stage, phase, False)
    ]
    lines = [*of_stages, *levels.texts(spec, "exec", told)]
    return tuple(argv for line in lines if (argv := words(line, expand, told)))


def words(line: Text | None, expand: Callable[[str], str], told: Told) -> tuple[str, ...]:
    """The argument vector of a command line; empty when it has been told that it is none."""
    if line is None:
        return ()
    try:
        argv = split(expand(line.text))
    except ValueError as error:
        told.error(line.mark, f"{line.path}: {error}")
        return ()
    if not argv or not argv[0]:
        told.error(line.mark, f"{line.path}: expected a command, not {shown(line.text)}")
        return ()
    return argv


def modules(staged: list[Staged]) -> Iterator[str]:
    """The kernel modules that commands for the host load."""
    for one in staged:
        if one.on_host:
            for loading in _LOADS.finditer(one.command.text):
                yield from loading[2].split()


def warn_of_host_commands(staged: list[Staged], told: Told) -> None:
    """Of what lvsnet does not run. Modules it loads itself."""
    for one in staged:
        if one.on_host and not _ONLY_LOADS.fullmatch(one.command.text):
            told.warning(
                one.command.mark,
                "topology-host-command",
                f"{one.command.path}: lvsnet runs no commands on this machine, so it is left out",
            )


def read_stages(spec: Spec, told: Told) -> list[Staged]:
    found: list[Staged] = []
    for level in spec.levels:
        at = values.inner(level.table, "stages", level.path)
        stages = values.keys(at, told)
        values.known_keys(stages, f"{level.path}.stages", keys.STAGES, told)
        for stage, value, _mark in values.each(stages, f"{level.path}.stages"):
            if stage in keys.STAGES:
                found += _of_stage(stage, value, told)
    return found


def waits(spec: Spec, told: Told) -> list[Text]:
    """The nodes that a node waits for, in whatever stage."""
    found: list[Text] = []
    for level in spec.levels:
        stages = values.keys(values.inner(level.table, "stages", level.path), told)
        for _stage, value, _mark in values.each(stages, f"{level.path}.stages"):
            inside = values.keys(value, told)
            for item in values.listing(values.inner(inside, "wait-for", value.path), told):
                found += _awaited(item, told)
    return found


def _of_stage(stage: str, at: At, told: Told) -> Iterator[Staged]:
    inside = values.keys(at, told)
    values.known_keys(inside, at.path, ("wait-for", "exec"), told)
    commands = values.inner(inside, "exec", at.path)
    if commands is None:
        return
    if stage in keys.LATER_STAGES:
        told.error(commands.mark, f"{commands.path}: {keys.LATER_STAGES[stage]}")
        return
    for one in _commands(stage, commands, told):
        if (stage, one.phase, one.on_host) == ("create", "on-enter", False):
            told.error(
                one.command.mark,
                f"{one.command.path}: the node is not there yet on entering stage create; "
                "phase: on-exit is when it is",
            )
        yield one


def _commands(stage: str, at: At, told: Told) -> Iterator[Staged]:
    """Either a list of mappings, or phase -> list of commands, as the schema allows too."""
    if not isinstance(at.value, Listing):
        phases = values.keys(at, told)
        values.known_keys(phases, at.path, PHASES, told)
        for phase in PHASES:
            for command in values.texts(values.inner(phases, phase, at.path), told):
                yield Staged(stage, phase, False, command)
        return
    for item in values.listing(at, told):
        inside = values.keys(item, told)
        values.known_keys(inside, item.path, ("command", "target", "phase"), told)
        line = _inside(item, "command", told)
        when = _choice(_inside(item, "phase", told), PHASES, told)
        where = _choice(_inside(item, "target", told), ("container", "host"), told)
        if line is None:
            told.missing("command", item.mark, item.path)
        elif when and where:
            yield Staged(stage, when, where == "host", line)


def _inside(at: At, key: str, told: Told) -> Text | None:
    return values.text(values.inner(values.keys(at, told), key, at.path), told)


def _choice(one: Text | None, choices: tuple[str, ...], told: Told) -> str | None:
    """The first of ``choices`` where nothing is written."""
    if one is None or not one.text:
        return choices[0]
    return values.one_of(one, dict(zip(choices, choices, strict=True)), told)


def _awaited(at: At, told: Told) -> Iterator[Text]:
    values.known_keys(values.keys(at, told), at.path, ("node", "stage"), told)
    node, stage = _inside(at, "node", told), _inside(at, "stage", told)
    if node is None or not node.text:
        told.missing("node", at.mark, at.path)
        return
    chosen = _choice(stage, keys.STAGES, told)
    if stage is not None and chosen is not None and chosen in keys.LATER_STAGES:
        told.error(stage.mark, f"{stage.path}: {keys.LATER_STAGES[chosen]}; wait for configure")
        return
    yield node
