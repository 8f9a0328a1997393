"""What the node file system is made of, and the key that changes when any of it does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from lvsnet import resources

FORMAT = 3
"""Raised when the way from these values to a file system changes."""
SUITE = "trixie"
PACKAGE_LISTS = ("base", "client", "director", "realserver", "python", "guest")

IMAGE_OF = {
    "client": "client",
    "director": "director",
    "host": "client",
    "realserver": "realserver",
    "router": "client",
}
"""Role of a node -> the image that it runs, and the list of what that has besides the base."""

NEEDED_MODULES = "ctypes, dataclasses, ipaddress, json, selectors, struct"
"""What the engine imports in a guest."""

HOOKS = (
    # Nobody will write compiled modules back, and their sources never change: no time stamps.
    (
        'chroot "$1" sh -c "python3 -m compileall -q -j0 --invalidation-mode unchecked-hash '
        '/usr/lib/python3.*"'
    ),
    f'chroot "$1" python3 -c "import {NEEDED_MODULES}"',
    # As images/install has it: without it cron runs nothing in a container that was started from
    # a login session, whose loginuid it may not change (pam_loginuid(8)).
    """sed -i '/pam_loginuid/s/required/optional/' "$1/etc/pam.d/cron\"""",
    # What mmdebstrap was told about this machine's mirror and proxy.
    'rm -f "$1/etc/apt/apt.conf.d/99mmdebstrap" "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap"',
    # What names the machine that it was built on, or its mirror.
    'rm -f "$1/etc/resolv.conf" "$1/etc/hostname" "$1/etc/machine-id" "$1/etc/apt/sources.list"',
    'install -m 644 /dev/null "$1/etc/resolv.conf"',
    'install -m 644 /dev/null "$1/etc/machine-id"',
    'echo node > "$1/etc/hostname"',
    """printf '127.0.0.1\\tlocalhost\\n::1\\tlocalhost ip6-localhost\\n' > "$1/etc/hosts\"""",
    'rm -f "$1/var/cache/debconf/"*-old "$1/var/log/nginx/"*.log',
)
"""Run outside the tree, ``$1`` being its path, as root or as root of a user namespace."""


@dataclass(frozen=True)
class Recipe:
    suite: str
    packages: tuple[str, ...]
    excludes: tuple[str, ...]
    hooks: tuple[str, ...] = HOOKS
    format: int = FORMAT

    @property
    def key(self) -> str:
        values = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(values.encode()).hexdigest()[:16]


def recipe() -> Recipe:
    """The recipe of this lvsnet."""
    images = resources.directory("images")
    packages: set[str] = set()
    for name in PACKAGE_LISTS:
        packages.update(entries((images / "packages" / f"{name}.txt").read_text()))
    return Recipe(
        suite=SUITE,
        packages=tuple(sorted(packages)),
        excludes=entries((images / "excludes.txt").read_text()),
    )


def entries(text: str) -> tuple[str, ...]:
    """The lines of a list, without comments and empty ones."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(line for line in lines if line)
