"""The programs that keepalived runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lvsnet.keepalived.command_lines import LINKS, is_shells, words
from lvsnet.lint.model import Family, Finding, Rule
from lvsnet.lint.site import Site

SECURITY_OFF = Rule(
    "script-security-off",
    "warning",
    "scripts run, and enable_script_security is not written: keepalived reports a security"
    " violation, and runs as root even what others can change",
    "keepalived.conf(5), enable_script_security",
    "write enable_script_security and script_user into global_defs",
    "11-no-script-security",
)
PATH = Rule(
    "script-path",
    "warning",
    "a script's program is not given by its absolute path, or root runs it from /bin, /sbin or"
    " /lib: these are symbolic links on Debian, and keepalived disables what lies behind one",
    "check_security() of keepalived's lib/notify.c",
    "write the whole path, such as /usr/bin/pgrep",
    "11-script-refused",
)
SHELL = Rule(
    "script-shell",
    "warning",
    "a command has words that only a shell understands: keepalived gives them to the program as"
    " arguments",
    "keepalived.conf(5), vrrp_script; system_call_script() of keepalived's lib/notify.c",
    "put the line into a script, or write /usr/bin/sh -c '...'",
)
NO_USER = Rule(
    "script-user-default",
    "warning",
    "enable_script_security without script_user: scripts run as the user keepalived_script, and"
    " where there is none, keepalived takes them out: nothing is tracked, checked or notified",
    "keepalived.conf(5), script_user; get_default_script_user() of keepalived's lib/notify.c",
    "write script_user into global_defs",
)
UNUSED = Rule(
    "keepalived-unused",
    "warning",
    "something that is written has no effect",
    "vrrp_sync_set_group() of keepalived/vrrp/vrrp_sync.c; keepalived/vrrp/vrrp_data.c",
    "take it out, or use it: a vrrp_script runs when a track_script names it, and a sync group has"
    " two members at least",
)
TIMEOUT = Rule(
    "script-timeout",
    "note",
    "a vrrp_script may run as long as its interval, or longer: keepalived leaves out the runs that"
    " would begin meanwhile, so a failure is seen later than interval and fall say",
    "keepalived.conf(5), vrrp_script, timeout; vrrp_script_thread() of"
    " keepalived/vrrp/vrrp_scheduler.c",
    "write a timeout that is less than the interval",
)


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


FAMILY = Family(
    "Scripts",
    (SECURITY_OFF, PATH, SHELL, NO_USER, UNUSED, TIMEOUT),
    (security, paths, unused, timeouts),
)
