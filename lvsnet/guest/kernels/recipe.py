"""What a kernel is built of, and what it takes to build it. Pure, but for the look for programs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from lvsnet import apt
from lvsnet.errors import LvsnetError

PROGRAMS: Mapping[str, str] = {
    "gcc": "gcc",
    "ld": "binutils",
    "strip": "binutils",
    "make": "make",
    "flex": "flex",
    "bison": "bison",
    "bc": "bc",
    "patch": "patch",
    "perl": "perl-base",
    "tar": "tar",
    "xz": "xz-utils",
    "dpkg-deb": "dpkg",
    "apt-get": "apt",
    "nice": "coreutils",
    "setpriv": "util-linux",
}
"""Program -> Debian's package."""
C_LIBRARY = "libc6-dev"
KEYRING = "debian-archive-keyring"
ASK_S = 20.0

LEFT_OUT = (
    "*/Documentation/*/*",
    "*/tools/perf",
    "*/tools/testing",
    "*/drivers/accel/*.[chS]",
    "*/drivers/gpu/*.[chS]",
    "*/drivers/infiniband/*.[chS]",
    "*/drivers/media/*.[chS]",
    "*/drivers/net/ethernet/*.[chS]",
    "*/drivers/net/wireless/*.[chS]",
    "*/drivers/scsi/*.[chS]",
    "*/drivers/staging/*.[chS]",
    "*/drivers/usb/*.[chS]",
    "*/samples/*.[chS]",
    "*/sound/*.[chS]",
    # Every Kconfig file is read, that of other processors too.
    *(
        f"*/arch/{name}/*.{kind}"
        for name in "alpha arc arm arm64 csky hexagon loongarch m68k microblaze mips nios2 "
        "openrisc parisc powerpc riscv s390 sh sparc xtensa".split()
        for kind in ("[chS]", "dts*")
    ),
)
"""Patterns of tar(1) for two thirds of the source, which is 1.6 GB: what is not unpacked."""

OPTION = re.compile(r"(?:(?P<set>CONFIG_\w+)=(?P<value>.+)|# (?P<unset>CONFIG_\w+) is not set)")
OBJECT = re.compile(r"\s+(CC|AS)\s")
"""A line of make's for a file that is compiled."""


def lacking(keyring: Path) -> list[str]:
    """Debian's packages that this machine lacks to build a kernel, sorted."""
    missing = {
        package
        for program, package in PROGRAMS.items()
        if shutil.which(program, path=apt.PATH) is None
    }
    if not keyring.exists():
        missing.add(KEYRING)
    if "gcc" in missing or not _links_statically():
        missing.add(C_LIBRARY)
    return sorted(missing)


def _links_statically() -> bool:
    """gcc names the library by its path when it has it."""
    try:
        done = subprocess.run(
            ["gcc", "-print-file-name=libc.a"], env={"PATH": apt.PATH, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=ASK_S, check=True,
        )  # fmt: skip
    except (FileNotFoundError, subprocess.SubprocessError):
        return False
    return Path(done.stdout.strip()).is_absolute()


def refusal(packages: Sequence[str], as_root: bool) -> LvsnetError:
    """What a user is told who lacks them."""
    install = f"apt-get install --no-install-recommends {' '.join(packages)}"
    by = "" if as_root else "sudo "
    return LvsnetError(
        "To build a guest kernel this machine lacks what is in Debian's packages "
        f"{', '.join(packages)}. Run:\n  {by}apt-get update && {by}{install}"
    )


def options(config: str) -> dict[str, str]:
    """Each option of a kernel configuration -> its value, ``n`` for one that is not set."""
    found = {}
    for line in config.splitlines():
        match = OPTION.fullmatch(line.strip())
        if match:
            found[match["set"] or match["unset"]] = match["value"] or "n"
    return found


def without_effect(wanted: str, result: str) -> list[str]:
    """What ``wanted`` asks for and the configuration ``result`` does not have, as messages."""
    got = options(result)
    return [
        f"{name} is {got.get(name, 'n')}, not {value}"
        for name, value in options(wanted).items()
        if got.get(name, "n") != value
    ]
