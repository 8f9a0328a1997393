"""Checks of the programs that keepalived is to run: scripts and notify commands.

What it does with them is in lib/notify.c of keepalived.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lvsnet.keepalived.command_lines import LINKS, is_shells, words
from lvsnet.lab.checks.keywords import written
from lvsnet.lab.checks.members import holder_of
from lvsnet.lab.checks.tracking import tracks
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.held_vips import vip_holders
from lvsnet.lab.model import File, Lab
from lvsnet.lab.model_vrrp import SyncGroup, VrrpInstance

_NOTIFICATIONS = ("notify_master", "notify_backup", "notify_fault", "notify_stop", "notify")


@dataclass(frozen=True)
class _Command:
    """A command line of keepalived's."""

    loc: Loc
    what: str
    line: str
    user: str
    machines: tuple[str, ...]
    """Where it is run, as far as the lab has them."""

    @property
    def program(self) -> str:
        return words(self.line)[0]


def security(lab: Lab) -> Iterator[Finding]:
    """Without script security root runs what others can write."""
    if not lab.global_defs.enable_script_security and any(_commands(lab)):
        yield Finding(
            ("global_defs", "enable_script_security"),
            "global_defs: enable_script_security is false, so keepalived reports a security"
            " violation, and runs scripts as root even where others can change them; take it out",
            rule="script-security-off",
        )


def paths(lab: Lab) -> Iterator[Finding]:
    """A program is named by its absolute path, and root's through no symbolic link."""
    for command in _commands(lab):
        program = command.program
        if not program.startswith("/"):
            how = (
                "from the directory that it was started in"
                if "/" in program
                else "along the PATH that it was started with, and complains"
            )
            yield Finding(
                command.loc,
                f"{command.what}: '{program}' is no absolute path; keepalived looks for it {how};"
                " write the whole path, such as /usr/bin/...",
                rule="script-path",
            )
        elif command.user == "root" and program.startswith(LINKS):
            top = program.split("/")[1]
            yield Finding(
                command.loc,
                f"{command.what}: /{top} is a symbolic link to /usr/{top} on Debian, behind which"
                f" keepalived runs nothing as root: it disables the script; write /usr{program}",
                rule="script-path",
            )


def shell_words(lab: Lab) -> Iterator[Finding]:
    """No shell reads a command."""
    for command in _commands(lab):
        found = [word for word in words(command.line)[1:] if is_shells(word)]
        if found:
            yield Finding(
                command.loc,
                f"{command.what}: no shell reads the command, so {command.program} gets"
                f" '{found[0]}' as an argument; put the line into a script, or write"
                " /usr/bin/sh -c '...'",
                rule="script-shell",
            )


def executable(lab: Lab) -> Iterator[Finding]:
    """A program that the lab itself puts on the machine can be executed by its user."""
    for command in _commands(lab):
        for node in command.machines:
            file = lab.nodes[node].files.get(command.program)
            if file is None:
                continue
            mode = file.mode if isinstance(file, File) else File().mode
            needed = 0o111 if command.user == "root" else 0o001
            if not int(mode, 8) & needed:
                yield Finding(
                    ("nodes", node, "files", command.program),
                    f"node {node}: {command.program} has mode {mode}, so {command.user} may not"
                    f" execute it and keepalived disables it ({command.what}); give the file"
                    ' mode: "0755"',
                    "key",
                    (("nodes", node, "files", command.program), command.loc),
                    "script-not-executable",
                )


def _commands(lab: Lab) -> Iterator[_Command]:
    for name, script in lab.vrrp_script.items():
        machines = [
            node
            for instance in lab.vrrp.values()
            for track in instance.track_script
            if track.script == name
            for node in instance.priority
            if tracks(track, node)
        ]
        user = script.user or lab.global_defs.script_user
        loc: Loc = ("vrrp_script", name, "script")
        yield _Command(loc, f"script {name}", script.script, user, _known(lab, machines))
    for name, instance in lab.vrrp.items():
        what = f"VRRP instance {name}"
        yield from _notifications(lab, ("vrrp", name), what, instance, list(instance.priority))
    for name, group in lab.vrrp_sync_group.items():
        machines = [
            node
            for member in group.group
            if member in lab.vrrp
            for node in lab.vrrp[member].priority
        ]
        yield from _notifications(
            lab, ("vrrp_sync_group", name), f"sync group {name}", group, machines
        )
    holders = vip_holders(lab)
    for name, service in lab.services.items():
        holder = holder_of(service, holders)
        machines = [] if holder is None else list(lab.vrrp[holder].priority)
        for key, line in (
            ("quorum_up", service.quorum_up),
            ("quorum_down", service.quorum_down),
        ):
            if line is not None:
                user = lab.global_defs.script_user
                what = f"service {name}: {key}"
                yield _Command(("services", name, key), what, line, user, _known(lab, machines))
    for one in written(lab):
        if one.command:
            what = f"{one.what}: {one.keyword}" if one.what else one.keyword
            user = one.user or lab.global_defs.script_user
            yield _Command(one.loc, what, one.line.words[0], user, _known(lab, one.machines))


def _notifications(
    lab: Lab, loc: Loc, what: str, source: VrrpInstance | SyncGroup, machines: Sequence[str]
) -> Iterator[_Command]:
    lines = (
        source.notify_master,
        source.notify_backup,
        source.notify_fault,
        source.notify_stop,
        source.notify,
    )
    for key, line in zip(_NOTIFICATIONS, lines, strict=True):
        if line is not None:
            user = lab.global_defs.script_user
            yield _Command((*loc, key), f"{what}: {key}", line, user, _known(lab, machines))


def _known(lab: Lab, machines: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(node for node in machines if node in lab.nodes))
