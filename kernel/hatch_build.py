"""The wheel lvsnet-kernel: what `lvsnet kernel build` left in the cache, as a package's files.

hatchling calls this; lvsnet must be installed beside it, hence `--no-isolation`.
"""

from __future__ import annotations

import re
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

from lvsnet import cache
from lvsnet.errors import LvsnetError
from lvsnet.guest.kernels import built, packed, wheel

REVISION = 1
"""Raised when the configuration or a patch changes and Debian's source does not."""

TAGS = "py3-none-manylinux2014_x86_64.musllinux_1_1_x86_64"
"""Both programs are linked statically: any C library will do, and no older kernel than Python's."""

README = """\
The guest kernel of lvsnet: Linux {version} as User-Mode Linux,
with all of IPVS, and with a clock that can be held and wound forward. lvsnet finds it when it is
installed in the same environment.

This package is {package} and busybox, both under the GNU General Public License, version 2 only,
linked statically with the GNU C library (LGPL-2.1-or-later). Their source:

- Linux: Debian's package `{package}`, of that version (Debian keeps all of them),
  with the configuration and the patches in `lvsnet_kernel/source/`;
- busybox: the source of Debian's package `{busybox}`, unchanged;
- the GNU C library: that of Debian's packages `libc6-dev` and `glibc`.

`lvsnet kernel build` builds it again from the first of these.
"""


def entry() -> Path:
    """Where the kernel is that was built of this checkout's configuration and patches."""
    found = cache.find(built.KIND, built.key())
    if found is None:
        raise LvsnetError("There is no kernel to put into the wheel. Run: lvsnet kernel build")
    return found


def about() -> packed.About:
    """Of what it was made."""
    return packed.read_about(entry(), built.AGAIN)


def version() -> str:
    """``7.2.13-lvsnet`` of Debian's ``7.2.13-1`` -> ``7.2.13.1.post1``, by PEP 440."""
    numbers = re.findall(r"\d+", about().package.rpartition(" ")[2])
    return ".".join(numbers) + f".post{REVISION}"


class Readme(MetadataHookInterface):
    """Says where the source is."""

    def update(self, metadata: dict[str, object]) -> None:
        """hatchling calls this."""
        made = about()
        text = README.format(version=made.version, package=made.package, busybox=made.busybox)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


class Files(BuildHookInterface):
    """Puts the kernel's files into the wheel, and says for which machines it is."""

    def initialize(self, version: str, build_data: dict[str, object]) -> None:  # noqa: ARG002
        """hatchling calls this."""
        build_data["tag"] = TAGS
        build_data["pure_python"] = False
        build_data["force_include"] = {
            str(file): f"{wheel.MODULE}/{file.relative_to(entry())}"
            for file in sorted(entry().rglob("*"))
            if file.is_file()
        }
