"""What can follow on a command line that is being typed: the shells' scripts ask for it.

`lvsnet.cli.completion` has the scripts and what they understand. Whatever is asked for here is
asked for while somebody waits with a finger on the Tab key, so nothing slow is imported.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from lvsnet.control.place import Place
    from lvsnet.plan.model import Node

VARIABLE = "_LVSNET_COMPLETE"
"""Names the shell that asks: lvsnet then answers, and runs nothing."""

DEADLINE = 5.0
"""Seconds that somebody waits at most, such as for a lab that does not answer."""

FILES = "files"
DIRECTORIES = "directories"
YAML = "yaml"
NOTHING = "nothing"
_LEFT_TO_THE_SHELL = {f"<{kind}>": kind for kind in (FILES, DIRECTORIES, YAML)}
"""Help of a candidate that stands for paths, which a shell completes better than anybody."""

_EXAMPLE = "example lab"

Part = TypeVar("Part")
Candidate = str | tuple[str, str]
"""A value, or one with a word of help."""


def nodes(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """NODE of the lab that is meant, or LAB/NODE; none that is on the line already."""
    prefix, slash, _ = incomplete.rpartition("/")
    named = prefix or str(ctx.params.get("lab") or "")
    found = [(lab, place) for lab, place in _running() if named in ("", lab)]
    if slash or len(found) > 1:
        names = [f"{lab}/{node}" for lab, place in found for node in place.nodes(lab)]
    else:
        names = [node for lab, place in found for node in place.nodes(lab)]
    given = ctx.params.get("nodes")
    return [name for name in names if not isinstance(given, list | tuple) or name not in given]


def nodes_of_lab(ctx: typer.Context) -> list[Candidate]:
    """NODE of the lab that is on the line, or of all."""
    named = str(ctx.params.get("lab") or "")
    return [node for lab, place in _running() if named in ("", lab) for node in place.nodes(lab)]


def interfaces(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """``NODE:``, then ``NODE:IFACE`` with the segment's name as help."""
    named, colon, _ = incomplete.partition(":")
    if not colon:
        return [f"{node}:" for node in nodes(ctx, incomplete)]
    prefix, slash, node = named.rpartition("/")
    lab = prefix or str(ctx.params.get("lab") or "")
    return [
        (f"{prefix}{slash}{node}:{interface.name}", interface.segment)
        for interface in _planned(lab, node, lambda one: one.interfaces)
    ]


def captured(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """Where packets pass: ``NODE``, ``NODE:IFACE``, a segment, ``all``."""
    if ":" in incomplete:
        return interfaces(ctx, incomplete)
    prefix, slash, _ = incomplete.rpartition("/")
    named = prefix or str(ctx.params.get("lab") or "")
    found = [(name, place) for name, place in _running() if named in ("", name)]
    segments: list[Candidate] = []
    for name, place in found:
        before = f"{name}/" if slash or len(found) > 1 else ""
        segments += [
            (f"{before}{segment.name}", "segment")
            for segment in place.record(name).plan.segments
            if f"{before}{segment.name}".startswith(incomplete)
        ]
    words = [one for one in ("all",) if one.startswith(incomplete)]
    return [*nodes(ctx, incomplete), *interfaces(ctx, incomplete), *segments, *words]


def daemons(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """The daemons of the node that is on the line already."""
    prefix, _, node = str(ctx.params.get("node") or "").rpartition("/")
    lab = prefix or str(ctx.params.get("lab") or "")
    found = _planned(lab, node, lambda one: one.daemons)
    return [one.name for one in found if one.name.startswith(incomplete)]


def sides(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """``NODE,NODE``, and ``from`` between two such groups."""
    before, comma, last = incomplete.rpartition(",")
    given = [name for word in ctx.params.get("sides") or () for name in word.split(",")]
    given += before.split(",") if comma else []
    names = [name for name in nodes(ctx, last) if name not in given]
    words = [f"{before}{comma}{name}" for name in names]
    return [*words, "from"] if given and not comma and "from" not in given else [*words]


def impairments(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """The keys of `lvsnet fault netem` that are not on the line yet, and what can end it."""
    from lvsnet.faults.grammar import DIRECTIONS, IMPAIRMENTS

    given = {word.partition("=")[0] for word in ctx.params.get("impairments") or ()}
    keys = [f"{key}=" for key in IMPAIRMENTS if key not in given]
    return [
        one for one in (*keys, *(DIRECTIONS if given else ("off",))) if one.startswith(incomplete)
    ]


def of(*words: str) -> Callable[[str], list[Candidate]]:
    """Whichever of these words fit."""
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


def labs(incomplete: str) -> list[Candidate]:
    """The labs that run."""
    return [lab for lab, _ in _running() if lab.startswith(incomplete)]


def labs_and_files(incomplete: str) -> list[Candidate]:
    """The labs that run, and lab files."""
    return [*labs(incomplete), _shell(incomplete, YAML)]


def lab_files(incomplete: str) -> list[Candidate]:
    """Lab files, and the examples by their names."""
    from lvsnet.resources import example_labs

    examples: list[Candidate] = [(name, _EXAMPLE) for name in example_labs()]
    return [*examples, _shell(incomplete, YAML)]


def labs_files_and_examples(incomplete: str) -> list[Candidate]:
    """The labs that run, lab files, and the examples by their names."""
    running = labs(incomplete)
    return [*running, *(one for one in lab_files(incomplete) if one[0] not in running)]


def services(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """The services of the lab that is on the line already, if that runs."""
    named = str(ctx.params.get("lab") or "")
    return [
        service.name
        for name, place in _running()
        if named in ("", name)
        for service in place.record(name).plan.services
        if service.name.startswith(incomplete)
    ]


def files(incomplete: str) -> list[Candidate]:
    """Any files of this machine's."""
    return [_shell(incomplete, FILES)]


def files_and_examples(incomplete: str) -> list[Candidate]:
    """Any files of this machine's, and the examples by their names."""
    examples = [one for one in lab_files(incomplete) if one[1] == _EXAMPLE]
    return [*examples, _shell(incomplete, FILES)]


def lint_rules(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """The linter's rules, those of labs among them, that are not on the line yet."""
    from lvsnet.lint.linting import names

    given = {*(ctx.params.get("rule") or ()), *(ctx.params.get("ignore") or ())}
    return [name for name in names() if name.startswith(incomplete) and name not in given]


def protocols(incomplete: str) -> list[Candidate]:
    """Those whose packets can be lost by name."""
    from lvsnet.faults.grammar import NAMED_PROTOCOLS

    return [name for name in NAMED_PROTOCOLS if name.startswith(incomplete)]


def directories(incomplete: str) -> list[Candidate]:
    """Directories of this machine's."""
    return [_shell(incomplete, DIRECTORIES)]


def paths_in_nodes(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """Files of this machine's, or ``NODE:`` for one of a node's."""
    if ":" in incomplete:
        return []
    return [*(f"{node}:" for node in nodes(ctx, incomplete)), _shell(incomplete, FILES)]


def forwards(ctx: typer.Context, incomplete: str) -> list[Candidate]:
    """``PORT:NODE:`` once the first port is there."""
    port, colon, rest = incomplete.rpartition(":")
    if not colon or not port.rpartition(":")[2].isdecimal() or ":" in rest:
        return []
    return [f"{port}:{node}:" for node in nodes(ctx, rest)]


def give_up_in_time() -> None:
    """End this process, with nothing said, when it is at work for longer than `DEADLINE`."""
    signal.signal(signal.SIGALRM, lambda _number, _stack: os._exit(1))
    signal.setitimer(signal.ITIMER_REAL, DEADLINE)


def called(arguments: Sequence[str], shell: str) -> tuple[list[str], str]:
    """The complete words after lvsnet, and the incomplete one, of what a shell's script passes.

    Bash passes the line to the cursor, as its own words are split at ``:`` and ``=``, too; the
    others pass words.
    """
    words = _words(arguments[0])[1:] if shell == "bash" and arguments else list(arguments)
    return words[:-1], words[-1] if words else ""


def answer(app: typer.Typer, shell: str, words: list[str], incomplete: str, breaks: str) -> str:
    """The lines for a shell's script: what kind of paths goes, too, then ``value TAB help``.

    Bash replaces only what follows the last of ``breaks`` in the word.
    """
    # A subclass of click's ShellComplete, which typer has in one or another place by its version.
    from typer._completion_classes import BashComplete

    command = typer.main.get_command(app)
    if _is_unknown(words) or (incomplete.startswith("-") and _somebody_elses(words)):
        return NOTHING
    asked = BashComplete(command, {}, "lvsnet", VARIABLE)
    option, equals, _ = incomplete.rpartition("=") if incomplete.startswith("--") else ("", "", "")
    kind = NOTHING
    lines = []
    for item in asked.get_completions(list(words), incomplete):
        if item.help in _LEFT_TO_THE_SHELL:
            kind = _LEFT_TO_THE_SHELL[item.help]
            continue
        value = f"{option}{equals}{item.value}"
        if shell == "bash":
            value = _from_last_break(value, incomplete, breaks)
        lines.append(f"{value}\t{' '.join((item.help or '').split())}")
    return "\n".join((kind, *lines))


def _is_unknown(words: Sequence[str]) -> bool:
    """Whether there is a word that should be a command, and is none."""
    from lvsnet.cli import COMMANDS

    named = [word for word in words if not word.startswith("-")]
    return bool(named) and named[0] not in COMMANDS


def _somebody_elses(words: Sequence[str]) -> bool:
    """Whether the options that come now are those of a command that is to run in a node."""
    from lvsnet.cli import AS_IT_IS, COMMANDS, Command

    named = next((word for word in words if not word.startswith("-")), "")
    command = COMMANDS.get(named)
    if not isinstance(command, Command) or command.settings is not AS_IT_IS:
        return False
    after = iter(words[words.index(named) + 1 :])
    for word in after:
        if not word.startswith("-"):
            return True
        if "=" not in word:
            next(after, "")  # all options of such commands take a value
    return False


def _running() -> list[tuple[str, Place]]:
    from lvsnet.control.labs import running

    return list(running())


def _planned(lab: str, node: str, part: Callable[[Node], Sequence[Part]]) -> list[Part]:
    """A part of what a node of a lab was deployed with; nothing when there is no such node."""
    return [
        one
        for name, place in _running()
        if lab in ("", name)
        for planned in place.record(name).plan.nodes
        if planned.name == node
        for one in part(planned)
    ]


def _shell(incomplete: str, kind: str) -> Candidate:
    return incomplete, f"<{kind}>"


def _words(line: str) -> list[str]:
    """The words of a line as a shell has them; a quote that is still open ends with the line."""
    import shlex

    for closing in ("", '"', "'"):
        try:
            words = shlex.split(line + closing)
        except ValueError:
            continue
        return words if closing or not line[-1:].isspace() else [*words, ""]
    return [*line.removesuffix("\\").split(), ""]


def _from_last_break(value: str, incomplete: str, breaks: str) -> str:
    last = max((incomplete.rfind(one) for one in "=:" if one in breaks), default=-1)
    return value[last + 1 :]
