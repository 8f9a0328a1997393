"""A place whose nodes are directories here: `lvsnet.saving.Disks` without a lab."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lvsnet.engine.runtime import About, Change, Record
from lvsnet.observe import model as observed
from lvsnet.plan.model import Daemon, File, Node, Plan

LAB = "dr"


def node(name: str, *files: File, daemons: tuple[Daemon, ...] = ()) -> Node:
    return Node(name, "director", (), (), (), (), files, daemons, (), (), (), False, "")


def plan(*nodes: Node) -> Plan:
    return Plan(LAB, (), nodes, (), (), ())


@dataclass
class Directories:
    """Each node's disk is ``top``/NODE; what changed is said by the test."""

    top: Path
    plan: Plan
    found: dict[str, list[Change]] = field(default_factory=dict)
    stopped: frozenset[str] = frozenset()
    dead: frozenset[str] = frozenset()
    unsettled: tuple[str, ...] = ()
    commands: list[list[str]] = field(default_factory=list)

    def put(self, node: str, path: str, content: bytes = b"", mode: int = 0o644) -> Path:
        target = self.top / node / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(mode)
        return target

    def deployed(self) -> Directories:
        for one in self.plan.nodes:
            (self.top / one.name).mkdir()
            for file in one.files:
                self.put(one.name, file.path, file.content.encode(), file.mode)
        return self

    def added(self, node: str, *paths: str, type: str = "file") -> None:
        self.found.setdefault(node, []).extend(Change(path, "added", type) for path in paths)

    def removed(self, node: str, *paths: str) -> None:
        self.found.setdefault(node, []).extend(Change(path, "removed", "") for path in paths)

    def record(self, lab: str) -> Record:
        assert lab == LAB
        about = About("/labs/dr.yaml", "crun", "guest 7.2.7", "", 0)
        return Record(about, self.plan, self.unsettled)

    def look(self, lab: str) -> observed.Site:
        assert lab == LAB
        return observed.Site(
            tuple(
                observed.Node(
                    one.name,
                    one.role,
                    one.name not in self.stopped,
                    (),
                    tuple((daemon.name, daemon.name not in self.dead) for daemon in one.daemons),
                    (),
                )
                for one in self.plan.nodes
            ),
            (),
        )

    def changes(self, lab: str, node: str) -> list[Change]:
        assert lab == LAB
        return self.found.get(node, [])

    def pipe(
        self, lab: str, node: str, argv: Sequence[str], stdin: int, stdout: int
    ) -> tuple[int, str]:
        assert lab == LAB
        self.commands.append(list(argv))
        here = [str(self.top / node) if word == "/" else word for word in argv]
        done = subprocess.run(
            here, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False, timeout=60
        )
        return done.returncode, done.stderr.decode(errors="replace")


@dataclass
class Hostile(Directories):
    """A place where a node's tar is the node's own: it writes this archive."""

    archive: bytes = b""
    code: int = 0
    said: str = ""

    def pipe(
        self, lab: str, node: str, argv: Sequence[str], stdin: int, stdout: int
    ) -> tuple[int, str]:
        assert lab == LAB
        self.commands.append([node, *argv])
        assert os.read(stdin, 1) == b""
        rest = memoryview(self.archive)
        while rest:
            rest = rest[os.write(stdout, rest) :]
        return self.code, self.said


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def member(name: str, type: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    one = tarfile.TarInfo(name)
    one.type = type
    one.linkname = target
    return one
