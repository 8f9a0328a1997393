"""Directories of users of their own, so that tests in several processes see no lab but theirs.

What is expensive, the node file system and the guest kernel, is the machine's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from e2e.users import User
from lvsnet import cache
from lvsnet.guest import kernel

SHARED = ("image", "tree")
"""Kinds of the cache that do not know where they lie, as the guest kernel does."""


def make_user(home: Path, settings: Mapping[str, str]) -> User:
    """A user whose home is the empty directory ``home``."""
    user = User(home, settings=settings)
    machines = cache.root()
    real = cache.entry(kernel.KIND, kernel._key())
    lvsnet = home / "cache/lvsnet"
    (lvsnet / kernel.KIND).mkdir(parents=True)
    (home / "run").mkdir()
    for kind in SHARED:
        if (machines / kind).is_dir():
            (lvsnet / kind).symlink_to(machines / kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        cache.entry(kernel.KIND, kernel._key()).symlink_to(real)
    return user
