"""Directories of users of their own, so that tests in several processes see no lab but theirs.

What is expensive, the node file system and the guest kernel, is the machine's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from e2e.users import User
from lvsnet import cache

SHARED = ("agent", "image", "kernel", "kernel-built", "tree")
"""Kinds of the cache; none knows where it lies."""


def make_user(home: Path, settings: Mapping[str, str]) -> User:
    """A user whose home is the empty directory ``home``."""
    user = User(home, settings=settings)
    machines = cache.root()
    lvsnet = home / "cache/lvsnet"
    lvsnet.mkdir(parents=True)
    (home / "run").mkdir()
    for kind in SHARED:
        if (machines / kind).is_dir():
            (lvsnet / kind).symlink_to(machines / kind)
    return user
