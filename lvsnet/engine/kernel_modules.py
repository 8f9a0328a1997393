"""Kernel modules of the kernel that this process stands on: which there are, and loading them.

What a file says here is true without any privilege. Whether the kernel can do something is
better tried out: `lvsnet.engine.kernel_probes`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
SYS_MODULE = Path("/sys/module")
TREES = Path("/lib/modules")

MODPROBE_S = 20.0
"""For modprobe(8) with everything that lacks; it takes some 10 ms for one module."""
SBIN = "/usr/sbin:/sbin"
SIOCGIFINDEX = 0x8933
IFNAMSIZ = 16


@dataclass(frozen=True)
class Tree:
    """What depmod(8) and the kernel's build wrote down of a kernel's modules."""

    modules: frozenset[str]
    """Those that can be loaded, with ``_`` for ``-``."""
    builtin: frozenset[str]
    """Those that are part of the kernel itself."""


def tree() -> Tree | None:
    """The modules of the running kernel; None when their files are not on this machine.

    In a container the files are often not there, or are another kernel's.
    """
    directory = TREES / os.uname().release
    try:
        dep = (directory / "modules.dep").read_text(errors="replace")
        builtin = (directory / "modules.builtin").read_text(errors="replace")
    except OSError:
        return None
    return Tree(modules=names_of_dep(dep), builtin=names_of_builtin(builtin))


def names_of_dep(text: str) -> frozenset[str]:
    """From modules.dep: ``kernel/net/netfilter/ipvs/ip_vs.ko.zst: kernel/...`` -> ``ip_vs``."""
    return frozenset(_name(line.partition(":")[0]) for line in text.splitlines() if ":" in line)


def names_of_builtin(text: str) -> frozenset[str]:
    """From modules.builtin: a path in each line."""
    return frozenset(map(_name, text.split()))


def names_of_loaded(text: str) -> frozenset[str]:
    """From /proc/modules: ``ip_vs_rr 12288 0 - Live 0x0000000000000000``; only those that live."""
    lines = (line.split() for line in text.splitlines())
    return frozenset(words[0] for words in lines if len(words) > 4 and words[4] == "Live")


def takes_modules() -> bool:
    """Whether anything can be loaded: built with modules, and not locked since.

    /proc/sys/kernel/modprobe is there with CONFIG_MODULES only; see also modules_disabled in the
    kernel's Documentation/admin-guide/sysctl/kernel.rst.
    """
    if not (PROC / "sys/kernel/modprobe").exists():
        return False
    try:
        return (PROC / "sys/kernel/modules_disabled").read_text().strip() != "1"
    except FileNotFoundError:
        return True


def present(name: str) -> bool:
    """Whether a module is loaded or built in, as far as files say.

    A module that is built in and has no parameters is in no file but its kernel's
    modules.builtin.
    """
    name = name.replace("-", "_")
    if (SYS_MODULE / name).is_dir():
        return True
    try:
        loaded = (PROC / "modules").read_text()
    except OSError:
        loaded = ""  # built without modules, or hidden from this container
    if name in names_of_loaded(loaded):
        return True
    files = tree()
    return files is not None and name in files.builtin


def modprobe(names: Sequence[str]) -> None:
    """Run modprobe(8) for modules, where there is such a program; whether it helped is to be seen.

    Without a word when it is not installed, fails or takes longer than `MODPROBE_S`.
    """
    program = shutil.which("modprobe", path=f"{os.environ.get('PATH', os.defpath)}:{SBIN}")
    if program is None:
        return
    try:
        subprocess.run(
            [program, "-a", "-q", *names],  # busybox has no long options
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=MODPROBE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return


def ask_kernel(names: Sequence[str]) -> None:
    """Have the kernel load modules by the modprobe of the machine's own root directory.

    That works in a container that has neither modprobe nor the modules: asked for an interface
    that is not there, the kernel looks for a module of that name when the asker has
    CAP_SYS_MODULE (dev_load, net/core/dev_ioctl.c). Whether it helped is to be seen.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as asked:
        for name in names:
            if len(name) >= IFNAMSIZ:
                continue
            request = struct.pack(f"{IFNAMSIZ}s24x", name.encode())  # struct ifreq, netdevice(7)
            try:
                fcntl.ioctl(asked, SIOCGIFINDEX, request)
            except OSError as error:
                if error.errno != errno.ENODEV:
                    raise


def _name(path: str) -> str:
    return path.rpartition("/")[2].partition(".ko")[0].replace("-", "_")
