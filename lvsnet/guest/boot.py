"""A guest's hostfs root and its kernel's command line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import lvsnet
from lvsnet.plan import codec

LINE_IN, LINE_OUT = 10, 11
"""The serial line's ends have fixed numbers, since the command line feeds the random pool."""

EARLY = ("loop", "squashfs", "overlay")
"""Modules that the init needs to mount the root."""

AGENT = (
    "__init__.py",
    "errors.py",
    "progress.py",
    "engine/__init__.py",
    "engine/capabilities.py",
    "engine/cgroups.py",
    "engine/deploy.py",
    "engine/files.py",
    "engine/judges.py",
    "engine/logs.py",
    "engine/namespaces.py",
    "engine/netlink.py",
    "engine/network.py",
    "engine/ready.py",
    "engine/runtime.py",
    "engine/runtimes/__init__.py",
    "engine/runtimes/crun.py",
    "engine/runtimes/oci.py",
    "engine/syscalls.py",
    "guest/__init__.py",
    "guest/agent.py",
    "guest/lean.py",
    "guest/modules_loader.py",
    "guest/process.py",
    "guest/requests.py",
    "guest/wire.py",
    "keepalived/__init__.py",
    "keepalived/messages.py",
    "keepalived/verdict.py",
    "observe",
    "plan/__init__.py",
    "plan/codec.py",
    "plan/model.py",
)
"""What of lvsnet runs in the guest."""


@dataclass(frozen=True)
class Machine:
    """What a guest is made of."""

    kernel: str
    """Path of the UML binary."""
    parameters: tuple[str, ...]
    """Beyond those that every guest gets."""
    busybox: str
    image: str
    release: str
    """The kernel's, as uname says it: ``7.2.7``."""
    module_tree: str
    """Directory of all its modules, with what depmod made of them."""
    early_modules: tuple[str, ...]
    """Paths below ``module_tree``, in the order to load them, of what `EARLY` names."""
    memory: str
    """As the kernel's mem= takes it: ``512M``."""


def machine(configuration: Mapping[str, object]) -> Machine:
    """The machine that a supervisor is told to run."""
    return codec.decode(Machine, configuration["machine"], "machine")


def lay_out(machine: Machine, root: Path) -> None:
    """Make the hostfs root: links where the file system allows, for the image is 100 MB.

    Raises:
        OSError: no room, or the cache was taken away meanwhile.
    """
    for directory in ("bin", "dev", "early", "new", "proc", "agent/lvsnet"):
        (root / directory).mkdir(parents=True)
    _link(Path(machine.busybox), root / "bin/busybox")
    _link(Path(machine.image), root / "node.squashfs")
    for number, path in enumerate(machine.early_modules):
        source = Path(machine.module_tree) / path
        _link(source, root / "early" / f"{number:03}-{source.name}")
    tree = root / "lib/modules" / machine.release
    shutil.copytree(machine.module_tree, tree, copy_function=_link)
    package = Path(lvsnet.__file__).parent
    shutil.copy(package / "guest/fstab", root / "fstab")
    for program, target in (("init", root / "init"), ("modprobe", root / "bin/modprobe")):
        shutil.copy(package / "guest" / program, target)
        target.chmod(0o755)
    for name in AGENT:
        target = root / "agent/lvsnet" / name
        if (package / name).is_dir():
            shutil.copytree(package / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(package / name, target)


def command(machine: Machine, root: Path, uml_directory: Path) -> list[str]:
    """The guest's command line (Documentation/virt/uml/user_mode_linux_howto_v2.rst).

    ``hostfs=`` confines the guest to ``root``; ``seccomp=on`` is 1.5 times as fast as ptrace.
    """
    return [
        machine.kernel,
        f"mem={machine.memory}",
        f"hostfs={root}",
        "rootfstype=hostfs",
        "root=/dev/root",
        "ro",
        "init=/init",
        "con=null",
        "con0=null,fd:1",
        f"ssl0=fd:{LINE_IN},fd:{LINE_OUT}",
        "seccomp=on",
        "quiet",
        f"uml_dir={uml_directory}/",
        "umid=guest",
        "noreboot",
        "panic=-1",
        *machine.parameters,
    ]


def processors(allowed: Sequence[int], labs: int) -> set[int]:
    """The one processor for the next guest when ``labs`` run already: they take turns.

    A guest that wanders between processors is up to four times as slow.
    """
    return {sorted(allowed)[labs % len(allowed)]}


def _link(source: Path | str, target: Path | str) -> None:
    try:
        os.link(source, target)
    except OSError:
        # Another file system, or one without links.
        shutil.copy(source, target)
