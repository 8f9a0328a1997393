"""lvsnet's own guest kernel as files: the same in the cache, where it was built, and in the wheel.

::

    kernel/linux             the kernel, linked statically, alone in its directory
    busybox                  linked statically
    modules/modules.dep      empty: everything is built in
    modules/modules.builtin  what is built in
    kernel.json              of what it was made
    source/                  configuration and patches
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from lvsnet.errors import LvsnetError
from lvsnet.guest.kernels.model import Kernel, Source, note

FORMAT = 1
"""Raised when the files above change."""

ABOUT = "kernel.json"
BINARY = "kernel/linux"
BUSYBOX = "busybox"
MODULES = "modules"
SOURCE = "source"

COMMAND_LINE = (
    # 256 pairs of BSD terminals that nothing opens; other kernels ignore what they do not know.
    "pty.legacy_count=0",
    # Tunnels are built in: every node would have tunl0, gre0, sit0 and their like.
    "fb_tunnels=none",
)


@dataclass(frozen=True)
class About:
    """Of what a kernel was made."""

    format: int
    version: str
    """As uname says it: ``7.2.13-lvsnet``."""
    package: str
    """Debian's package with its source: ``linux-source-7.2 7.2.13-1``."""
    busybox: str
    """Debian's package with the program: ``busybox-static 1:1.37.0-4``."""


def write_about(directory: Path, about: About) -> None:
    """Write ``kernel.json``."""
    (directory / ABOUT).write_text(json.dumps(asdict(about), indent=2) + "\n")


def read(directory: Path, source: Source, again: str) -> Kernel:
    """The kernel in ``directory``; ``again`` tells the user how to get it once more.

    Raises:
        LvsnetError: something is missing, or another lvsnet made it.
    """
    about = read_about(directory, again)
    missing = [name for name in (BINARY, BUSYBOX, MODULES) if not (directory / name).exists()]
    if missing:
        raise _damaged(directory, f"there is no {', no '.join(missing)}", again)
    return Kernel(
        binary=directory / BINARY,
        busybox=directory / BUSYBOX,
        modules=directory / MODULES,
        version=about.version,
        package=about.package,
        command_line=COMMAND_LINE,
        note=note(about.version),
        virtual_time=True,
        source=source,
    )


def read_about(directory: Path, again: str) -> About:
    """What ``kernel.json`` says. Raises LvsnetError as `read`."""
    try:
        facts = json.loads((directory / ABOUT).read_text())
        about = About(
            int(facts["format"]), str(facts["version"]), str(facts["package"]),
            str(facts["busybox"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(directory, f"{ABOUT}: {error}", again) from error
    if about.format != FORMAT:
        raise LvsnetError(
            f"The guest kernel in {directory} was made for another version of lvsnet "
            f"(format {about.format}, not {FORMAT}). {again}"
        )
    return about


def _damaged(directory: Path, why: str, again: str) -> LvsnetError:
    return LvsnetError(f"The guest kernel in {directory} is damaged ({why}). {again}")
