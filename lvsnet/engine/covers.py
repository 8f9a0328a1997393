"""A file of a node's that shows other content for as long as the node has power.

The other content is mounted over it, in the node's mount namespace only. So the file itself is
never touched, and comes back, byte for byte, when the mount goes: with the node's power at last.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from lvsnet.engine import files
from lvsnet.engine.syscalls import CLONE_NEWNS, MS_BIND, mount, setns, unmount

SUFFIX = ".lvsnet-cover"
"""Of the file that is mounted, beside the one that it covers. It loses its name at once."""
OCTAL = re.compile(r"\\([0-7]{3})")
"""What proc_pid_mountinfo(5) writes for spaces and the like."""


def cover(init: int, path: str, content: bytes) -> None:
    """Have ``path``, in the node whose init is ``init``, show ``content``.

    Owner and mode are those of the file. Raises OSError.
    """
    draft = drafted(init, path, content)
    try:
        within(init, lambda: mount(draft, Path(path), flags=MS_BIND))
    finally:
        discard(init, draft)


def drafted(init: int, path: str, content: bytes) -> str:
    """Write ``content`` beside ``path``, and return the path of that. Raises OSError."""
    root = Path(f"/proc/{init}/root")
    there = files.inside(root, path)
    status = there.stat()
    draft = f"{path}{SUFFIX}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(files.inside(root, draft), flags, 0o600)
    with os.fdopen(fd, "wb") as stream:
        stream.write(content)
        os.fchown(fd, status.st_uid, status.st_gid)
        os.fchmod(fd, status.st_mode & 0o7777)
    return draft


def discard(init: int, draft: str) -> None:
    """Take away what `drafted` has written; it goes on to show where it is mounted."""
    files.inside(Path(f"/proc/{init}/root"), draft).unlink(missing_ok=True)


def covered(init: int) -> list[str]:
    """The files of a node that `cover` has covered, the last one first; none when it is off."""
    try:
        return covers(Path(f"/proc/{init}/mountinfo").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return []


def covers(mountinfo: str) -> list[str]:
    """As `covered`, from the text of proc_pid_mountinfo(5)."""
    found = []
    for line in mountinfo.splitlines():
        _number, _parent, _device, root, point, *_ = line.split(" ")
        if root.removesuffix("//deleted").endswith(SUFFIX):
            found.append(OCTAL.sub(lambda match: chr(int(match[1], 8)), point))
    return found[::-1]


def uncover(init: int, path: str, keep: Callable[[bytes], bool]) -> None:
    """Let a file that `cover` has covered show again.

    ``keep`` says whether what was shown last is to be the file's content from now on, as when
    somebody has written to it meanwhile. Raises OSError.
    """
    shown = files.inside(Path(f"/proc/{init}/root"), path).read_bytes()
    within(init, lambda: unmount(Path(path)))
    if keep(shown):
        files.inside(Path(f"/proc/{init}/root"), path).write_bytes(shown)


def within(init: int, do: Callable[[], None]) -> None:
    """Do something in a node's mount namespace, by a forked child: a thread cannot enter one.

    Raises:
        OSError: what that said.
    """
    namespace = os.open(f"/proc/{init}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    try:
        child = os.fork()
        if child == 0:
            os._exit(_status(namespace, do))
    finally:
        os.close(namespace)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise OSError(code, os.strerror(code))


def _status(namespace: int, do: Callable[[], None]) -> int:
    """The errno of what went wrong, 0 if nothing."""
    try:
        setns(namespace, CLONE_NEWNS)
        do()
    except OSError as error:
        return error.errno or 255
    return 0
