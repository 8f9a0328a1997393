"""OCI containers by crun(1), without a daemon.

All that a lab has lies in a tmpfs of its own, and in one below that: a node's disk is an overlay,
the image below, what the node writes above, in the latter. So whatever a lab holds is gone with one
unmount. What runs is asked of the kernel, never of a file of our own.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from lvsnet.engine import capabilities, cgroups, logs, processes, ready
from lvsnet.engine.runtime import Change, Record, stands_still
from lvsnet.engine.runtimes import disks, oci
from lvsnet.engine.syscalls import MS_BIND, MS_PRIVATE, mount, unmount
from lvsnet.errors import LvsnetError
from lvsnet.plan import codec
from lvsnet.plan.model import Daemon, Node

DEADLINE = 30.0
"""Seconds that one call of crun, or the end of a node, may take; they take 20 ms."""
INTERVAL = 0.005
AT_ONCE = 16
"""Calls of crun that run at the same time: more gain nothing, and each takes memory."""
RECORD = ".record.json"
IMAGE = ".image"
"""A link to what the lab was made of: by now lvsnet may use another one."""
ENDING = (signal.SIGTERM, signal.SIGKILL)
"""Signals for a daemon and for all that it has started."""
DISKS = ".disks"
"""What nodes write lies in a tmpfs of its own: when it is full, the lab can still be handled."""


@dataclass(frozen=True)
class Crun:
    """Containers below ``state``."""

    state: Path
    image: Path | None
    """The root file system of the nodes of labs that are to be made, a directory."""

    @property
    def volatile(self) -> tuple[str, ...]:
        return ("/run/", "/tmp/", "/var/run/")

    def refusals(self, nodes: Sequence[Node]) -> list[str]:
        images = [
            f"{node.name}: image {node.image}: only the Docker runtime runs images; "
            "use --runtime docker, or take image: out"
            for node in nodes
            if node.image
        ]
        allowed = capabilities.of_process(0)
        return images + capabilities.refusals(nodes, allowed, "crun")

    def create(self, record: Record, nodes: Sequence[Node]) -> dict[str, int]:
        lab = record.plan.lab
        if not self._lab(lab).exists():
            self._begin_lab(record)
        allowed = capabilities.of_process(0)

        def begin(node: Node) -> subprocess.Popen[bytes]:
            home = self._home(lab, node.name)
            home.mkdir(exist_ok=True)
            disk, root = self.disk(lab, node.name), home / "root"
            disks.boot(disk, root, (self._lab(lab) / IMAGE).readlink())
            config = oci.config(lab, node, str(root), str(disk), allowed)
            (home / "config.json").write_text(json.dumps(config))
            arguments = ("run", "--detach", f"--bundle={home}", f"--pid-file={home / 'init.pid'}")
            return self._begin(lab, node.name, *arguments, _id(lab, node.name))

        running: list[tuple[Node, subprocess.Popen[bytes]]] = []
        for node in nodes:
            running.append((node, begin(node)))
            if len(running) == AT_ONCE:
                self._started(lab, *running.pop(0))
        for one in running:
            self._started(lab, *one)
        return {node.name: self._pid(lab, node.name, "init.pid") for node in nodes}

    def start(self, lab: str, daemons: Sequence[tuple[Node, Daemon]]) -> list[int]:
        processes = []
        for name in {node.name for node, _daemon in daemons}:
            self._moves(lab, name)
        for node, daemon in daemons:
            pid_file = self._home(lab, node.name) / f"{daemon.name}.pid"
            arguments = ("exec", "--detach", f"--pid-file={pid_file}", _id(lab, node.name))
            processes.append(self._begin(lab, node.name, *arguments, *daemon.argv))
        for (node, daemon), process in zip(daemons, processes, strict=True):
            self._end(lab, node.name, process, f"{daemon.name} does not start")
        return [self._pid(lab, node.name, f"{daemon.name}.pid") for node, daemon in daemons]

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
        """The program on this machine that runs ``argv`` in a node, with this one's streams.

        Raises:
            LvsnetError: the node is frozen.
        """
        self._moves(lab, node)
        # By env(1): crun's own --env replaces the node's environment, and a program that is not
        # there has a shell's exit code, 127.
        variables = [f"{name}={value}" for name, value in environment.items()]
        return self._crun(lab, "exec", _id(lab, node), "/usr/bin/env", "--", *variables, *argv)

    def shell_command(
        self,
        lab: str,
        node: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        console: Path,
    ) -> list[str]:
        """As `exec_command`, at a terminal of the node's own.

        Its end goes to whoever listens at ``console``; its size is that of this one's terminal.
        """
        self._moves(lab, node)
        variables = [f"{name}={value}" for name, value in environment.items()]
        options = ("--tty", f"--console-socket={console}")
        return self._crun(
            lab, "exec", *options, _id(lab, node), "/usr/bin/env", "--", *variables, *argv
        )

    def runs(self, lab: str, node: str) -> bool:
        return self._running(lab, node) != 0

    def inits(self, lab: str) -> dict[str, int]:
        pids = {node: self._running(lab, node) for node in self._nodes(lab)}
        return {node: pid for node, pid in pids.items() if pid}

    def alive(self, lab: str, node: str, daemon: str) -> bool:
        try:
            return ready.runs(self._pid(lab, node, f"{daemon}.pid"))
        except FileNotFoundError:
            return False

    def log(self, lab: str, node: str) -> Path:
        """File with what the node's daemons said."""
        return self.disk(lab, node) / "log"

    def disk(self, lab: str, node: str) -> Path:
        """Directory of all that a node writes: ``upper`` is its overlay's upper layer."""
        return self._lab(lab) / DISKS / node

    def said(self, lab: str, node: str) -> str:
        return logs.end_of(self.log(lab, node))

    def freeze(self, lab: str, nodes: Sequence[str]) -> None:
        for node in nodes:
            try:
                cgroups.freeze(oci.cgroup(lab, node))
            except OSError as error:
                raise LvsnetError(f"{node}: {error.strerror}") from error

    def thaw(self, lab: str, nodes: Sequence[str]) -> None:
        for node in nodes:
            cgroups.thaw(oci.cgroup(lab, node))

    def frozen(self, lab: str, node: str) -> bool:
        pid = self._running(lab, node)
        return pid != 0 and ready.stopped(pid)

    def power_off(self, lab: str, nodes: Sequence[str]) -> None:
        self._kill(lab, nodes)
        for node in nodes:
            root = self._home(lab, node) / "root"
            if root.is_mount():
                unmount(root)
            # What `crun delete` would do, without a process for each node.
            shutil.rmtree(self._crun_state(lab) / _id(lab, node), ignore_errors=True)
            self._remove_group(oci.cgroup(lab, node))

    def remove(self, lab: str) -> None:
        home = self._lab(lab)
        if not home.exists():
            return
        self._kill(lab, self._nodes(lab))
        self._end_commands(lab)
        self._kill(lab, self._nodes(lab))  # one that was just being started
        self._remove_group(oci.lab_cgroup(lab))
        cgroups.remove_if_empty(oci.TOP_CGROUP)
        if home.is_mount():
            unmount(home)  # detached with every mount below it
        shutil.rmtree(home)

    def forget(self, lab: str, nodes: Sequence[str]) -> None:
        self.power_off(lab, nodes)
        for node in nodes:
            for directory in (self._home(lab, node), self.disk(lab, node)):
                if directory.exists():
                    shutil.rmtree(directory)

    def signal(self, lab: str, node: str, daemon: str, number: int) -> None:
        try:
            pid = self._pid(lab, node, f"{daemon}.pid")
            if pid not in cgroups.processes(oci.cgroup(lab, node)):
                return  # it has ended, and its number is somebody else's by now
            # What a shell has started ends with it.
            if number in ENDING and os.getpgid(pid) == pid:
                os.killpg(pid, number)
            else:
                os.kill(pid, number)
        except (FileNotFoundError, ProcessLookupError):
            return

    def keep(self, record: Record) -> None:
        self._write_record(self._lab(record.plan.lab), record)

    def changes(self, lab: str, node: str) -> list[Change]:
        # Costs a deploy time that has no use for it.
        from lvsnet.engine.runtimes import overlay

        # As an overlay sees it: without what is mounted in the image, which in a guest is its root.
        image = self._lab(lab) / f"{IMAGE}-{os.getpid()}"
        image.mkdir()
        try:
            mount(str((self._lab(lab) / IMAGE).readlink()), image, flags=MS_BIND)
            try:
                return overlay.changes(self.disk(lab, node) / "upper", image)
            finally:
                unmount(image)
        finally:
            image.rmdir()

    def labs(self) -> list[str]:
        directory = self.state / "labs"
        return sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []

    def record(self, lab: str) -> Record:
        try:
            text = (self._lab(lab) / RECORD).read_text()
        except FileNotFoundError as error:
            if self._lab(lab).exists():
                raise LvsnetError(
                    f"lab {lab} is only half made; `lvsnet destroy {lab}` takes it away"
                ) from error
            raise LvsnetError(f"lab {lab} does not run") from error
        return codec.decode(Record, json.loads(text), "record")

    def _begin_lab(self, record: Record) -> None:
        """Mount the lab's tmpfs, to which nothing of the machine's other name spaces looks."""
        if self.image is None:
            raise TypeError("a lab is made of an image")
        home = self._lab(record.plan.lab)
        home.mkdir(parents=True)
        mount("lvsnet", home, "tmpfs", options="mode=0755")
        mount("none", home, flags=MS_PRIVATE)
        disks.make(home / DISKS, cgroups.room(oci.TOP_CGROUP))
        (home / IMAGE).symlink_to(self.image)
        self._write_record(home, record)

    def _write_record(self, home: Path, record: Record) -> None:
        """At once, whole: whoever reads it meanwhile has the one before."""
        new = home / f"{RECORD}.new"
        new.write_text(json.dumps(asdict(record), ensure_ascii=False))
        new.replace(home / RECORD)

    def _running(self, lab: str, node: str) -> int:
        """Process id of a node's init, 0 when it does not run.

        The number comes from a file, and the kernel says whether it still is this node's: asking
        crun would cost a process for each node, 20 ms in a guest.
        """
        try:
            pid = self._pid(lab, node, "init.pid")
            groups = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            return 0
        ours = any(line.endswith(oci.cgroup(lab, node)) for line in groups)
        return pid if ours and ready.runs(pid) else 0

    def _moves(self, lab: str, node: str) -> None:
        """What is new in a frozen node would run: only what was there is stopped."""
        if self.frozen(lab, node):
            raise stands_still(node)

    def _kill(self, lab: str, nodes: Iterable[str]) -> None:
        """End nodes: with its init, the kernel ends all of a node (pid_namespaces(7))."""
        pidfds = {}
        try:
            for node in nodes:
                if pid := self._running(lab, node):
                    try:
                        pidfds[os.pidfd_open(pid)] = node
                    except ProcessLookupError:
                        continue
            for pidfd in pidfds:
                _kill(pidfd)
            until = time.monotonic() + DEADLINE
            for pidfd, node in pidfds.items():
                gone = select.poll()
                gone.register(pidfd, select.POLLIN)
                if not gone.poll(max(0.0, until - time.monotonic()) * 1000):
                    raise LvsnetError(f"{node} does not end, {DEADLINE:.0f} s after it was killed")
        finally:
            for pidfd in pidfds:
                os.close(pidfd)

    def _end_commands(self, lab: str) -> None:
        """End what still runs crun for a lab, as a deploy does that was killed.

        One that comes late would make the lab's directory anew: crun makes its root if that is
        missing (crun_ensure_directory() of crun's utils.c).
        """
        until = time.monotonic() + DEADLINE
        while pids := processes.with_argument(self._root(lab)):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > until:
                raise LvsnetError(
                    f"crun for lab {lab} does not end, {DEADLINE:.0f} s after it was killed: "
                    f"process {', '.join(map(str, pids))}"
                )
            time.sleep(INTERVAL)

    def _remove_group(self, group: str) -> None:
        try:
            cgroups.remove(group)
        except OSError as error:
            raise LvsnetError(f"control group {group}: {error.strerror}") from error

    def _crun(self, lab: str, *arguments: str) -> list[str]:
        return [*cgroups.entry(), "crun", self._root(lab), *arguments]

    def _root(self, lab: str) -> str:
        return f"--root={self._crun_state(lab)}"

    def _begin(self, lab: str, node: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start crun; what it and its container's processes say goes to the node's log."""
        log_option = f"--log=file:{self._home(lab, node) / 'crun.log'}"
        with self.log(lab, node).open("ab") as log:
            return subprocess.Popen(
                self._crun(lab, log_option, *arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _started(self, lab: str, node: Node, process: subprocess.Popen[bytes]) -> None:
        self._end(lab, node.name, process, "the container does not start")

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

    def _crun_state(self, lab: str) -> Path:
        return self._lab(lab) / ".crun"

    def _nodes(self, lab: str) -> list[str]:
        """The nodes that have a directory."""
        return sorted(path.name for path in self._lab(lab).glob("[!.]*/"))

    def _home(self, lab: str, node: str) -> Path:
        return self._lab(lab) / node

    def _pid(self, lab: str, node: str, file: str) -> int:
        path = self._home(lab, node) / file
        text = path.read_text()
        if not text:  # crun has made it, and not yet written to it
            raise FileNotFoundError(path)
        return int(text)


def _id(lab: str, node: str) -> str:
    return f"lvsnet-{lab}-{node}"


def _kill(pidfd: int) -> None:
    try:
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended meanwhile
