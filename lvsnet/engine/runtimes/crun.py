"""OCI containers by crun(1), without a daemon.

A node's disk is an overlay: the image below, what the node writes above, in this runtime's
state directory. What runs is asked of crun, never of a file of our own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lvsnet.engine import ready
from lvsnet.engine.runtimes import oci
from lvsnet.engine.syscalls import mount, unmount
from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Daemon, Node

DEADLINE = 30.0
"""Seconds that one call of crun may take; it takes 20 ms."""


@dataclass(frozen=True)
class Crun:
    """Containers below ``state`` whose root file system is ``image``, a directory."""

    state: Path
    image: Path

    def create(self, lab: str, nodes: Sequence[Node]) -> dict[str, int]:
        processes = []
        for node in nodes:
            home = self._home(lab, node.name)
            self._disk(home)
            config = oci.config(lab, node, str(home / "root"))
            (home / "config.json").write_text(json.dumps(config))
            arguments = ("run", "--detach", f"--bundle={home}", f"--pid-file={home / 'init.pid'}")
            processes.append(self._begin(lab, node.name, *arguments, _id(lab, node.name)))
        for node, process in zip(nodes, processes, strict=True):
            self._end(lab, node.name, process, "the container does not start")
        return {node.name: self._pid(lab, node.name, "init.pid") for node in nodes}

    def start(self, lab: str, node: Node, daemon: Daemon) -> int:
        pid_file = f"{daemon.name}.pid"
        arguments = ("exec", "--detach", f"--pid-file={self._home(lab, node.name) / pid_file}")
        process = self._begin(lab, node.name, *arguments, _id(lab, node.name), *daemon.argv)
        self._end(lab, node.name, process, f"{daemon.name} does not start")
        return self._pid(lab, node.name, pid_file)

    def run(self, lab: str, node: str, argv: Sequence[str], deadline: float) -> tuple[int, str]:
        command = self.exec_command(lab, node, argv, {})
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=deadline,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LvsnetError(f"{node}: {' '.join(argv)}: no end after {deadline:.0f} s") from error
        return done.returncode, done.stdout.decode(errors="replace")

    def exec_command(
        self, lab: str, node: str, argv: Sequence[str], environment: Mapping[str, str]
    ) -> list[str]:
        # By env(1): crun's own --env replaces the node's environment, and a program that is not
        # there has a shell's exit code, 127.
        variables = [f"{name}={value}" for name, value in environment.items()]
        return self._crun("exec", _id(lab, node), "/usr/bin/env", "--", *variables, *argv)

    def runs(self, lab: str, node: str) -> bool:
        return self._running(lab, node) != 0

    def inits(self, lab: str) -> dict[str, int]:
        running = {}
        for home in sorted(self._lab(lab).glob("*/")):
            pid = self._running(lab, home.name)
            if pid:
                running[home.name] = pid
        return running

    def alive(self, lab: str, node: str, daemon: str) -> bool:
        try:
            return ready.runs(self._pid(lab, node, f"{daemon}.pid"))
        except FileNotFoundError:
            return False

    def log(self, lab: str, node: str) -> Path:
        return self._home(lab, node) / "log"

    def power_off(self, lab: str, nodes: Sequence[str]) -> None:
        processes = [self._begin(lab, node, "delete", "--force", _id(lab, node)) for node in nodes]
        for node, process in zip(nodes, processes, strict=True):
            self._end(lab, node, process, "the container cannot be deleted")
            root = self._home(lab, node) / "root"
            if root.is_mount():
                unmount(root)

    def remove(self, lab: str, nodes: Sequence[str]) -> None:
        there = [node for node in nodes if self._home(lab, node).exists()]
        self.power_off(lab, there)
        for node in there:
            shutil.rmtree(self._home(lab, node))
        if self._lab(lab).is_dir() and not any(self._lab(lab).iterdir()):
            self._lab(lab).rmdir()

    def _disk(self, home: Path) -> None:
        for part in ("upper", "work", "root"):
            (home / part).mkdir(parents=True, exist_ok=True)
        layers = f"lowerdir={self.image},upperdir={home / 'upper'},workdir={home / 'work'}"
        mount("overlay", home / "root", "overlay", options=layers)

    def _running(self, lab: str, node: str) -> int:
        """Process id of a node's init, 0 when it does not run.

        The number comes from a file, and the kernel says whether it still is this node's: asking
        crun would cost a process for each node, 20 ms in a guest.
        """
        try:
            pid = self._pid(lab, node, "init.pid")
            cgroup = Path(f"/proc/{pid}/cgroup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return 0
        return pid if cgroup.rstrip().endswith(oci.cgroup(lab, node)) and ready.runs(pid) else 0

    def _crun(self, *arguments: str) -> list[str]:
        return ["crun", f"--root={self.state / 'crun'}", *arguments]

    def _begin(self, lab: str, node: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start crun; what it and its container's processes say goes to the node's log."""
        with self.log(lab, node).open("ab") as log:
            return subprocess.Popen(
                self._crun(f"--log=file:{self._home(lab, node) / 'crun.log'}", *arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _end(self, lab: str, node: str, process: subprocess.Popen[bytes], failure: str) -> None:
        try:
            code = process.wait(DEADLINE)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.wait()
            raise LvsnetError(
                f"{node}: {failure}: crun has not ended after {DEADLINE:.0f} s"
            ) from error
        if code:
            reason = (self._home(lab, node) / "crun.log").read_text(errors="replace").strip()
            raise LvsnetError(f"{node}: {failure}: {reason or f'crun ended with code {code}'}")

    def _lab(self, lab: str) -> Path:
        return self.state / "labs" / lab

    def _home(self, lab: str, node: str) -> Path:
        return self._lab(lab) / node

    def _pid(self, lab: str, node: str, file: str) -> int:
        return int((self._home(lab, node) / file).read_text())


def _id(lab: str, node: str) -> str:
    return f"lvsnet-{lab}-{node}"
