"""Where a lab in a guest keeps what: its lock and socket, and its directory.

A lab is there as long as its supervisor holds the lock, which the kernel drops however the
supervisor ends. What lies about without a lock held is left over, and is removed. The lock lies
beside the directory, not in the runtime directory, of which a session may have another or none.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lvsnet import cache
from lvsnet.errors import LvsnetError
from lvsnet.guest import memory

NAME = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
"""As the lab file has it."""
SHARE, UML = "share", "uml"
LONGEST_SOCKET = 107
"""Bytes of a unix socket's path (sun_path, unix(7)), less the final zero."""


@dataclass(frozen=True)
class Place:
    """The paths of one lab."""

    lab: str
    lock: Path
    socket: Path
    home: Path

    @property
    def root(self) -> Path:
        """What the guest sees of the host: its hostfs root."""
        return self.home / "root"

    @property
    def share(self) -> Path:
        """Files for the guest, below its root; it may write there as well."""
        return self.root / SHARE

    @property
    def uml(self) -> Path:
        """What the guest's kernel keeps on the host for itself."""
        return self.home / UML

    @property
    def last_words(self) -> Path:
        """Why the lab ended by itself, for whoever looks for it next; outlives all else of it."""
        return self.home.with_name(f"{self.lab}.ended")

    @property
    def console(self) -> Path:
        """What the guest's kernel and init say."""
        return self.home / "console.log"

    @property
    def memory(self) -> Path:
        """A link to the directory of the guest's memory, where the guest itself does not reach."""
        return self.lock.with_suffix(".memory")

    @property
    def leads_to_socket(self) -> Path:
        """A link to the socket, for sessions with another runtime directory."""
        return self.home / "socket"


def runtime_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """The directory for sockets, made when it is missing.

    ``$XDG_RUNTIME_DIR/lvsnet``, else ``/run/lvsnet`` for root and ``/tmp/lvsnet-UID`` for others.

    Raises:
        LvsnetError: it cannot be made, or belongs to somebody else.
    """
    given = environment.get("XDG_RUNTIME_DIR", "")
    if given and Path(given).is_dir() and os.access(given, os.W_OK):
        directory = Path(given) / "lvsnet"
    elif os.getuid() == 0:
        directory = Path("/run/lvsnet")
    else:
        directory = Path(f"/tmp/lvsnet-{os.getuid()}")
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        status = directory.lstat()
    except OSError as error:
        raise LvsnetError(
            f"{directory}: {error.strerror}; set XDG_RUNTIME_DIR to a directory of your own"
        ) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise LvsnetError(
            f"{directory} is not a directory that only you can write to; "
            "remove it, or set XDG_RUNTIME_DIR to a directory of your own"
        )
    return directory


def of(lab: str) -> Place:
    """The paths of a lab, there or not.

    Raises:
        LvsnetError: no lab can have that name, or the socket's path would be longer than the
            kernel takes.
    """
    if not re.fullmatch(NAME, lab):
        raise LvsnetError(f"{lab!r} is no name of a lab: lower-case letters, digits and hyphens")
    homes = cache.root() / "labs"
    place = Place(lab, homes / f"{lab}.lock", runtime_directory() / f"{lab}.sock", homes / lab)
    if len(os.fsencode(place.socket)) > LONGEST_SOCKET:
        raise LvsnetError(
            f"{place.socket}: too long for a socket's path; set XDG_RUNTIME_DIR to a shorter one"
        )
    return place


def take(place: Place) -> int | None:
    """The lab's lock as an open file descriptor; None when somebody else holds it."""
    place.lock.parent.mkdir(parents=True, exist_ok=True)
    while True:
        fd = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        # Its last holder may have removed the file between our open and our lock.
        try:
            if os.path.samestat(place.lock.stat(), os.fstat(fd)):
                return fd
        except FileNotFoundError:
            pass
        os.close(fd)


def is_served(place: Place) -> bool:
    """Whether somebody serves the lab's socket.

    Beside a lock that is free this is a lab of the same name whose directory is in another cache
    (XDG_CACHE_HOME): the sockets of both would be one.
    """
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(place.socket))
        except OSError:
            return False
    return True


def empty(place: Place) -> None:
    """Remove all that a lab has on disk; the caller holds its lock."""
    if place.leads_to_socket.is_symlink():
        place.leads_to_socket.readlink().unlink(missing_ok=True)
    if place.home.exists():
        shutil.rmtree(place.home)
    memory.give_back(place.memory)
    place.socket.unlink(missing_ok=True)


def clear(place: Place, lock: int) -> None:
    """Remove all that a lab has on disk, and give the lock back."""
    empty(place)
    place.lock.unlink(missing_ok=True)
    os.close(lock)


def heard(lab: str = "") -> list[str]:
    """Why labs ended by themselves, or that one did, and nobody was there to be told.

    Told once: what is given here is forgotten.
    """
    homes = cache.root() / "labs"
    found = sorted(homes.glob(f"{lab or '*'}.ended")) if homes.is_dir() else []
    words = [path.read_text(errors="replace") for path in found]
    for path in found:
        path.unlink(missing_ok=True)
    return words


def running() -> list[Place]:
    """The labs whose supervisor lives, by name; what dead ones left behind is removed."""
    homes = cache.root() / "labs"
    if not homes.is_dir():
        return []
    known = {path.name.removesuffix(".lock") for path in homes.iterdir()}
    alive = []
    for lab in sorted(name for name in known if re.fullmatch(NAME, name)):
        place = of(lab)
        lock = take(place)
        if lock is None:
            alive.append(place)
        else:
            clear(place, lock)
    return alive


def why(place: Place, error: OSError | LvsnetError) -> str:
    """What is told of an error below the lab's directory; of a full disk, also what to do."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = error.filename2 or error.filename or place.home
        remedy = "make room, or set XDG_CACHE_HOME to a directory that has some"
        return f"{where}: {error.strerror}; {remedy}"
    return str(error)
