"""The labs of the set, and what is left of one on this machine."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from conformance.places import Place
from e2e.terminals import terminal
from e2e.users import LVSNET, User, kill, reads
from machine import engine

CGROUPS = Path("/sys/fs/cgroup")
STARTED_S = 60.0
"""A shell is in front of its user within a second, and in a busy test machine within ten."""
PLAIN = """\
name: {name}
segments:
  lan: 192.168.10.0/24
  back: 172.16.5.0/24
nodes:
  client:
    role: client
    interfaces: {{lan: 192.168.10.10}}
  web:
    role: realserver
    interfaces: {{lan: 192.168.10.13, back: 172.16.5.13}}
    env: {{GREETING: "hello  world"}}
    files:
      /etc/greeting: "from the lab file\\n"
      /usr/local/bin/greet: {{content: "#!/bin/sh\\necho $GREETING\\n", mode: "0750"}}
    exec:
      - cat /etc/greeting > /root/from-exec
      - [sh, -c, "ip -o link show eth2 > /root/link"]
    sysctls: {{net.ipv4.ip_default_ttl: 77}}
  router:
    role: router
    interfaces: {{lan: 192.168.10.1, back: 172.16.5.1}}
"""
"""What needs nothing of a kernel but namespaces, bridges and wires."""


@dataclass(frozen=True)
class Site:
    """A running lab and its user."""

    user: User
    place: Place
    lab: str
    file: str
    quick: User
    """The same user, whose commands need not be started from nothing: for what is done to the site
    or asked of it, where how a command begins and ends is not what is tested."""

    def does(self, node: str, *command: str, stdin: bytes = b"") -> str:
        """The output of a command in a node; it must succeed."""
        return self.quick.does("exec", f"{self.lab}/{node}", *command, stdin=stdin)


def plain(user: User, name: str, *changes: tuple[str, str]) -> str:
    """Path of a lab file of `PLAIN` with these replacements."""
    text = PLAIN.format(name=name)
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = user.home / f"{name}.yaml"
    path.write_text(text)
    return str(path)


def traces(user: User, place: Place, lab: str) -> list[str]:
    """All that there is of a lab on this machine but its lab file; empty when it is gone."""
    return [
        *(f"namespace {one}" for one in _names(Path("/run/netns")) if lab in one),
        *(f"mount {one}" for one in Path("/proc/self/mountinfo").read_text().split() if lab in one),
        *(f"control group {one}" for one in _groups(CGROUPS, lab)),
        *(f"file {one}" for one in _files(user, lab)),
        *(f"process {one}" for one in user.processes().values()),
        *(f"process {one}" for one in _processes(lab)),
        *(f"container {one}" for one in (_containers(user, lab) if place.by_docker else [])),
    ]


def destroy_under_shell_and_logs(user: User, lab: str, node: str) -> None:
    """Destroy a lab while a shell and the logs of a node are followed, what happens in the lab, and
    its IPVS tables: all end, and say so."""
    shell = (LVSNET, "shell", f"{lab}/{node}", "sh", "-c", "echo ready; sleep 1000")
    following = user.begin("logs", "-f", f"{lab}/{node}")
    telling = user.begin("events", "-f", lab)
    watching = user.begin("ipvs", "--watch", "--lab", lab)
    try:
        with terminal(*shell, environment=user.environment, cwd=user.home) as at:
            at.until("ready", STARTED_S)
            reads(watching, b"\n", STARTED_S)
            user.does("destroy", lab)
            for process in (following, telling, watching):
                _, err = process.communicate(timeout=10)
                assert (process.returncode, err[:8], err.count(b"\n")) == (1, b"lvsnet: ", 1), err
            assert at.end() == 1
            assert not at.raw()
            assert at.until(r"\n(\x1b\[m)?lvsnet: [^\r\n]+\r\n")
            assert at.rest() == ""
    finally:
        for process in (following, telling, watching):
            kill(process)


def _names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()] if directory.is_dir() else []


def _groups(top: Path, lab: str) -> list[str]:
    return [
        str(path)
        for depth in ("*", "*/*", "*/*/*")
        for path in top.glob(depth)
        if lab in path.name and path.is_dir()
    ]


def _files(user: User, lab: str) -> list[str]:
    # A lab's lock stays, so that nobody locks a new file of its name beside the old one's holder.
    tops = (Path("/run/lvsnet"), user.home / "cache/lvsnet/labs", user.home / user.session)
    found = [path for top in tops if top.is_dir() for path in top.rglob("*")]
    return [str(path) for path in found if lab in path.name and path.suffix != ".lock"]


def _processes(lab: str) -> list[str]:
    """Processes whose command, control group or environment name the lab."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        command, *others = (_read(directory / name) for name in ("cmdline", "cgroup", "environ"))
        if int(directory.name) != os.getpid() and lab.encode() in b"".join([command, *others]):
            shown = command.replace(b"\0", b" ").decode(errors="replace")
            found.append(f"{directory.name} {shown}")
    return found


def _read(path: Path) -> bytes:
    """What a process's file says; nothing when it is gone, or not ours to read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _containers(user: User, lab: str) -> list[str]:
    listed = json.loads(engine.ask(user.environment["DOCKER_HOST"], "/containers/json?all=1"))
    return [
        str(one["Names"])
        for one in listed
        if f"lvsnet-{lab}-" in str(one["Names"]) or one["Labels"].get("lvsnet.lab") == lab
    ]
