"""Where the guest's memory is kept: UML takes it from an unlinked file that it maps executable.

The file is in a directory of the lab's own. Its name says how large the memory may become, and a
file in it which process it is: so who starts another guest, of whatever user, knows what room is
spoken for.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
from contextlib import suppress
from pathlib import Path

from lvsnet.errors import LvsnetError

DEFAULT = "512M"
"""Of a guest; taken as it is used, so what a small lab does not need costs nothing."""
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}
OWN = re.compile(r"lvsnet-([0-9]+)-[0-9a-f]{8}")
"""Names of labs' own directories: bytes, and what makes them differ."""
PROCESS = "process"
"""File in such a directory with the number of the guest's process."""
BUS_ERROR = "Bus error - the host /dev/shm or /tmp mount likely just ran out of space"
"""What UML says in such a case before it panics."""


def size(memory: str) -> int:
    """Bytes of a size as the kernel's mem= takes it.

    Raises:
        LvsnetError: it is none.
    """
    match = re.fullmatch(r"(\d+)([KMG]?)", memory)
    if match is None:
        raise LvsnetError(f"{memory!r} is no size of memory; write 512M or 1G")
    return int(match[1]) * UNITS[match[2]]


def claim(memory: str, link: Path, last_resort: Path) -> Path:
    """Make a directory for a lab's memory, to which ``link`` leads: `give_back` removes both.

    It is in the first of /dev/shm, TMPDIR, /tmp and ``last_resort`` that has room, beside what
    guests that run there may still take, and allows executable mappings. In a container /dev/shm
    often has 64 MB; a guest that uses them up panics.

    Raises:
        LvsnetError: no place will do; each is named with its reason.
        OSError: ``link`` cannot be made.
    """
    wanted = size(memory)
    give_back(link)
    tried = []
    for base in _bases(last_resort):
        own = base / f"lvsnet-{wanted}-{os.urandom(4).hex()}"
        # First the link: whatever ends this process, the directory is found.
        link.symlink_to(own)
        try:
            own.mkdir(mode=0o711)
            obstacle = _obstacle(own, wanted)
        except OSError as error:
            obstacle = str(error.strerror)
        if not obstacle:
            return own
        give_back(link)
        tried.append(f"{base}: {obstacle}")
    raise LvsnetError(
        f"there is no place for the guest's memory of {memory}: {'; '.join(tried)}. "
        "Make room, set TMPDIR to a directory with room on a file system that is not mounted "
        "noexec, or give the lab less with memory:"
    )


def occupied(own: Path, pid: int) -> None:
    """Write down which process has its memory there.

    Raises:
        OSError: no room.
    """
    (own / PROCESS).write_text(str(pid))


def give_back(link: Path) -> None:
    """Remove the directory that ``link`` leads to, and the link; either may be gone already.

    Raises:
        OSError: it cannot be removed.
    """
    if not link.is_symlink():
        return
    own = link.readlink()
    with suppress(FileNotFoundError):
        status = own.lstat()
        # After a reboot somebody else may have made something of that name.
        if stat.S_ISDIR(status.st_mode) and os.getuid() in (0, status.st_uid):
            shutil.rmtree(own)
    link.unlink()


def free(directory: Path) -> int:
    """Bytes that can still be written there.

    Raises:
        OSError: it is not there.
    """
    status = os.statvfs(directory)
    return status.f_bavail * status.f_frsize


def promised(base: Path) -> int:
    """Bytes that the guests whose memory is in ``base`` may still take beyond what they have.

    Raises:
        OSError: it cannot be read.
    """
    return sum(
        max(0, int(match[1]) - taken)
        for own in base.iterdir()
        if (match := OWN.fullmatch(own.name)) is not None
        for taken in _taken(own)
    )


def explained(killed_by: int, console: str, free: int) -> str:
    """Why a guest ended by itself, to go behind a colon; empty if nobody can say.

    ``killed_by`` is the number of the signal that ended its process, or 0, ``console`` what its
    kernel said, ``free`` the bytes that are free where its memory is. A page of it that the host
    has no room for is a SIGBUS in the guest's kernel (bus_handler() of arch/um/kernel/trap.c).
    """
    if BUS_ERROR in console:
        return (
            "the room for its memory was used up by something else "
            f"({free // 2**20} MB are free there now); make room, or set TMPDIR to a directory "
            "with more, and deploy it again"
        )
    if killed_by == signal.SIGKILL:
        return (
            "something killed its process with SIGKILL, which the machine does when it is itself "
            "out of memory (dmesg tells)"
        )
    return ""


def _bases(last_resort: Path) -> list[Path]:
    given = ["/dev/shm", os.environ.get("TMPDIR", ""), "/tmp", str(last_resort)]
    return [Path(one) for one in dict.fromkeys(filter(None, given))]


def _obstacle(own: Path, wanted: int) -> str:
    """Why no memory of that size can be in that directory; empty if it can.

    Raises:
        OSError: it cannot be looked at.
    """
    room = free(own)
    if room < wanted:
        return f"{room // 2**20} MB free"
    others = promised(own.parent) - wanted
    if room - others < wanted:
        return f"{room // 2**20} MB free, of which other labs may still take {others // 2**20} MB"
    try:
        _map_executable(own)
    except OSError as error:
        return f"no executable mappings: {error.strerror}"
    return ""


def _map_executable(directory: Path) -> None:
    """What UML does with its memory (arch/um/os-Linux/mem.c). Raises OSError."""
    # Here, since every command imports this module.
    import mmap
    import tempfile

    with tempfile.TemporaryFile(dir=directory) as file:
        file.truncate(mmap.PAGESIZE)
        protection = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        mmap.mmap(file.fileno(), mmap.PAGESIZE, mmap.MAP_SHARED, protection).close()


def _taken(own: Path) -> list[int]:
    """Bytes that a guest has of its memory, one number; none when it is no more.

    By proc_pid_status(5): it has mapped all of the file, and nothing else that is so large.
    """
    try:
        pid = int((own / PROCESS).read_text())
    except (OSError, ValueError):
        return [0]  # it is just being started
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return []
    fields = dict(line.split(":", 1) for line in lines)
    resident = [fields[name] for name in ("RssFile", "RssShmem") if name in fields]
    return [sum(int(one.split()[0]) for one in resident) * 1024]
