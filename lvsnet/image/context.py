"""What Docker's builder gets to make the node images of, and the key that changes with it.

That is the directory ``images/``, with ``images/machine/`` filled in: how this machine reaches
Debian's mirror. The Dockerfiles use it in a stage that is thrown away, so that it is neither in
an image nor, as a build argument would be, in an image's history.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lvsnet import apt, resources
from lvsnet.image.recipe import SUITE
from lvsnet.progress import Report

FORMAT = 1
"""Raised when the way from these files to images changes."""
ROLES = ("base", "client", "director", "realserver")
"""The images, in the order of building: the others are made from the first."""
DEFAULT_BASE = f"debian:{SUITE}-slim"

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Where Debian keeps the certificates of the authorities that the machine trusts, as one file."""
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""Build arguments that need no ARG, and that Docker keeps out of an image's history."""
_SETTING = re.compile(r"(?P<name>\S+) \"(?P<value>.*)\"")
_CA_INFO = "Acquire::https::CaInfo"


@dataclass(frozen=True)
class Machine:
    """How this machine reaches Debian's mirror, in a form that serves in a container."""

    settings: tuple[str, ...] = ()
    """Of apt.conf(5), none of which names a file."""
    mirror: str = ""
    """URL; empty leaves it to the base image."""
    authorities: bytes = b""
    """Certificates in PEM; empty leaves them to the base image."""
    proxies: tuple[tuple[str, str], ...] = ()
    """Variables of the environment, with their values."""


def key() -> str:
    """Of all that the images are made of; two images of one role and key are interchangeable.

    Not of the base image, which only its registry knows.
    """
    return _key(resources.directory("images"))


@cache
def _key(directory: Path) -> str:
    digest = hashlib.sha256(f"{FORMAT} {DEFAULT_BASE}".encode())
    for name, content in _files(directory).items():
        digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def name_of(image: str) -> str:
    """The name, with its tag, of one of `ROLES` as this lvsnet makes it."""
    return f"lvsnet/{image}:{key()}"


def _files(directory: Path) -> dict[str, bytes]:
    files = (file for file in sorted(directory.rglob("*")) if file.is_file())
    return {str(file.relative_to(directory)): file.read_bytes() for file in files}


def build_context(machine: Machine) -> bytes:
    """The build context as a tar file; equal arguments give equal bytes."""
    settings = "".join(f"{setting};\n" for setting in machine.settings)
    files = _files(resources.directory("images")) | {
        "machine/apt.conf": settings.encode(),
        "machine/mirror": machine.mirror.encode(),
        "machine/ca.pem": machine.authorities,
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.mode = 0o644
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def of_this_machine(report: Report) -> Machine:
    """What this machine's apt and environment say; says what of it cannot be carried over.

    Raises LvsnetError when apt is there and does not answer.
    """
    proxies = proxies_of(os.environ)
    if shutil.which("apt-config", path=apt.PATH) is None:
        return Machine(mirror=os.environ.get(apt.MIRROR_VARIABLE, ""), proxies=proxies)
    settings = apt.settings()
    carried, left = portable(settings)
    mirror = apt.mirror() or ""
    if not re.fullmatch(r"(https?://\S+)?", mirror):
        left, mirror = (*left, f"mirror {mirror}"), ""
    if left:
        report(f"images: of no use in a container, left out: {'; '.join(left)}")
    authorities = _authorities(settings, mirror)
    return Machine(carried, mirror, authorities, proxies)


def proxies_of(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Those variables that say by which proxy to go."""
    return tuple((name, environment[name]) for name in PROXIES if environment.get(name))


def portable(settings: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Settings of apt that mean the same in a container, and the names of the others.

    The others name files or programs of the machine, such as a client's certificate. The file
    with authorities is in neither: its content goes along.
    """
    carried, left = [], []
    for setting in settings:
        match = _SETTING.fullmatch(setting)
        if match and match["name"] == _CA_INFO:
            continue
        if match and match["value"].startswith("/"):
            left.append(match["name"])
        else:
            carried.append(setting)
    return tuple(carried), tuple(left)


def _authorities(settings: Sequence[str], mirror: str) -> bytes:
    """A slim base has no authorities: for a mirror by https it needs this machine's."""
    for setting in settings:
        match = _SETTING.fullmatch(setting)
        if match and match["name"] == _CA_INFO:
            return Path(match["value"]).read_bytes()
    if mirror.startswith("https:") and CERTIFICATES.is_file():
        return CERTIFICATES.read_bytes()
    return b""
