"""A test machine: Debian's guest kernel on this machine's own file system, for one command.

Inside, everything is as here: the same programs, the same Python, the same checkout, all of it
read-only with tmpfs above. But the kernel has IPVS, loads modules, gives every privilege and
belongs to nobody else. There is no network beyond ``lo``.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lvsnet import cache
from lvsnet.guest import memory
from lvsnet.guest.kernels import debian
from lvsnet.guest.kernels.model import Kernel

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
LINE_IN, LINE_OUT = 10, 11
PR_SET_PDEATHSIG = 1
FRESH = ("/run", "/tmp", "/dev")
"""Directories that the machine has of its own."""
SHARE = Path("/run/share")
"""Where the machine sees the directory that it has in common with this one."""
DISK = Path("/run/disk")
"""Where the machine has mounted its disk, when it was given one."""

Output = Callable[[bytes], object]


class MachineError(Exception):
    """The machine did not do what it was started for; the text has its console's last lines."""


@dataclass(frozen=True)
class Machine:
    """What a machine is to have."""

    memory: str = "3G"
    """Taken as it is used."""
    disk: Path | None = None
    """An ext4 image; what the machine writes to it is forgotten."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to a plain one."""


def lacking() -> list[str]:
    """What this machine has not that a test machine needs; empty when one can be had."""
    needs = []
    if os.geteuid():
        needs.append("root: the machine's root file system is read with the user's rights")
    if debian.find() is None:
        needs.append("Debian's guest kernel: run `make machine`")
    return needs


def run(
    command: Sequence[str],
    share: Path,
    output: Output,
    machine: Machine = Machine(),
    within: float = 600.0,
) -> int:
    """Boot, run ``command`` as root in this process's directory, power off; its exit code.

    ``share`` is a directory of this machine's that the other sees as `SHARE`; the console's log
    stays there. ``output`` gets what the command says, errors included, as it comes.

    Raises:
        MachineError: it did not boot, or not everything was done ``within`` seconds.
    """
    found = debian.find()
    if found is None:
        raise MachineError("Debian's guest kernel is not there; run `make machine`")
    _write_command(command, share, machine.environment)
    with ExitStack() as owned:
        private = Path(owned.enter_context(tempfile.TemporaryDirectory(prefix="lvsnet-machine-")))
        console = share / "console"
        argv = _command_line(found, machine, share, private)
        where = found.binary.parents[1]
        line = owned.enter_context(_booted(argv, where, machine.memory, private, console))
        if not _follow(line, output, time.monotonic() + within):
            raise MachineError(f"not done within {within:.0f} s: {shlex.join(command)}\n"
                               f"{_last_lines(console)}")  # fmt: skip
    code = share / "code"
    if not code.exists():
        raise MachineError(f"the machine ended without a result\n{_last_lines(console)}")
    return int(code.read_text())


def _write_command(command: Sequence[str], share: Path, environment: Mapping[str, str]) -> None:
    (share / "code").unlink(missing_ok=True)
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/root"),
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",  # the line is a terminal, but nobody's
        "NO_COLOR": "1",
        **environment,
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    lines += [f"cd {shlex.quote(str(Path.cwd()))}", f"exec {shlex.join(command)}"]
    (share / "command").write_text("\n".join([*lines, ""]))
    wanted = [CHECKOUT, Path(shutil.which("python3") or "/usr").parent, cache.root()]
    hidden = [path for path in wanted if str(path).startswith(tuple(f"{at}/" for at in FRESH))]
    visible = dict.fromkeys([*hidden, cache.root()])
    (share / "visible").write_text("".join(f"{path}\n" for path in visible))


def _command_line(found: Kernel, machine: Machine, share: Path, private: Path) -> list[str]:
    """See lvsnet.guest.boot; what the kernel does not know becomes its init's environment."""
    disk = [f"ubd0={private / 'disk.cow'},{machine.disk}"] if machine.disk else []
    return [
        str(found.binary),
        f"mem={machine.memory}",
        *disk,
        "rootfstype=hostfs",
        "root=/dev/root",
        "ro",
        f"init={HERE / 'init'}",
        f"BUSYBOX={found.busybox}",
        f"MODULES={found.modules}",
        f"SHARE={share}",
        "con=null",
        "con0=null,fd:1",
        f"ssl0=fd:{LINE_IN},fd:{LINE_OUT}",
        "seccomp=on",
        "quiet",
        f"uml_dir={private}/",
        "umid=machine",
        "noreboot",
        "panic=-1",
        *found.command_line,
    ]  # fmt: skip


@contextmanager
def _booted(
    argv: Sequence[str], where: Path, size: str, private: Path, console: Path
) -> Iterator[socket.socket]:
    """The kernel as a process; gives the socket on which its serial line talks, then ends it."""
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()
    unheard, line_in = socket.socketpair()
    line, line_out = socket.socketpair()

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        os.sched_setaffinity(0, {cpu})  # wandering makes it up to four times as slow
        os.dup2(line_in.fileno(), LINE_IN)
        os.dup2(line_out.fileno(), LINE_OUT)

    with ExitStack() as owned:
        for end in (unheard, line):
            owned.enter_context(end)
        log, cpu = owned.enter_context(console.open("wb")), owned.enter_context(_processor())
        link = private / "memory"
        owned.callback(memory.give_back, link)
        own = memory.claim(size, link, private)
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"HOME": str(private), "TMPDIR": str(own), "PATH": os.environ["PATH"]},
                start_new_session=True,
                cwd=where,
                pass_fds=(LINE_IN, LINE_OUT),
                preexec_fn=prepare,
            )  # fmt: skip
        finally:
            line_in.close()
            line_out.close()
        try:
            yield line
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def _processor() -> Iterator[int]:
    """One that no other test machine is on; where each has one, the last."""
    allowed = sorted(os.sched_getaffinity(0))
    with ExitStack() as owned:
        for cpu in allowed:
            lock = owned.enter_context(Path(f"/tmp/lvsnet-machine-{cpu}.lock").open("w"))
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
        yield cpu


def _follow(line: socket.socket, output: Output, deadline: float) -> bool:
    """Pass on what the line says until the kernel is gone; False when the deadline came first."""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([line], [], [], left)[0]:
            return False
        try:
            piece = line.recv(65536)
        except ConnectionResetError:
            return True
        if not piece:
            return True
        output(piece)
    return False


def _last_lines(console: Path) -> str:
    lines = console.read_text(errors="replace").splitlines()[-45:]
    return "its console's last lines:\n" + "\n".join(f"  {one}" for one in lines)
