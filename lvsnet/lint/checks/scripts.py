"""The programs that keepalived runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lvsnet.keepalived.command_lines import LINKS, is_shells, words
from lvsnet.lint.model import Check, Finding
from lvsnet.lint.site import Site
from lvsnet.rules.scripts import NO_USER, PATH, SECURITY_OFF, SHELL, TIMEOUT, UNUSED


def security(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        on = machine.globals.last("enable_script_security")
        if machine.commands and on is None:
            first = machine.commands[0]
            message = f"{first.what} is run, and script security is off on {machine.name}"
            yield Finding(SECURITY_OFF.name, first.place, message)
        users = all(command.user for command in machine.commands)
        if on is not None and machine.commands and not users:
            message = f"{machine.name} names no script_user"
            yield Finding(NO_USER.name, on.place, message)


def paths(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        for command in machine.commands:
            said = words(command.line)
            program = said[0]
            if program.startswith(LINKS) and command.user in ("", "root"):
                top = program.split("/")[1]
                message = f"{command.what}: /{top} is a link to /usr/{top}; write /usr{program}"
                yield Finding(PATH.name, command.place, message)
            elif not program.startswith("/") and not is_shells(program):
                message = f"{command.what}: '{program}' is no absolute path"
                yield Finding(PATH.name, command.place, message)
            shell = [word for word in said if is_shells(word)]
            if shell and not re.search(r"(^|/)(ba|da|z)?sh$", program):
                message = f"{command.what}: {program} gets '{shell[0]}' as an argument"
                if shell[0] == program:
                    message = f"{command.what}: keepalived takes '{program}' for a program's name"
                yield Finding(SHELL.name, command.place, message)


def unused(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        tracked = {
            track.name
            for tracks in (
                *(one.tracks for one in machine.instances),
                *(one.tracks for one in machine.groups),
            )
            for track in tracks
            if track.kind == "script"
        }
        for script in machine.scripts:
            if script.name not in tracked:
                message = f"vrrp_script {script.name} is tracked nowhere, so it never runs"
                yield Finding(UNUSED.name, script.place, message)


def timeouts(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        for script in machine.scripts:
            interval = script.written.seconds("interval")
            timeout = script.written.seconds("timeout")
            if timeout is not None and timeout.value >= (interval.value if interval else 1):
                every = f"{interval.value:g}" if interval else "1"
                message = (
                    f"vrrp_script {script.name} may run {timeout.value:g} s, and is to be run"
                    f" every {every} s"
                )
                yield Finding(TIMEOUT.name, timeout.place, message)


CHECKS: tuple[Check, ...] = (security, paths, unused, timeouts)
