"""Users who are not root and may do nothing in particular."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e import reduced
from e2e.homes import make_user
from e2e.users import User


@contextmanager
def nobody(*lacking: str, machines: Path | None = None) -> Iterator[User]:
    """An ordinary user whose own cache is empty; ``lacking`` are options of `e2e.reduced`.

    For root's tests a user of another number; ``machines`` is a cache that they find as the
    system's.
    """
    home = Path(tempfile.mkdtemp(prefix="lvsnet-nobody-"))
    home.chmod(0o755)
    options = list(lacking)
    try:
        if os.geteuid() == 0:
            (home / "run").mkdir()
            for path in (home, home / "run"):
                os.chown(path, reduced.NOBODY, reduced.NOBODY)
            if machines is not None:
                options += ["--system-cache", str(machines)]
            user = User(home, before=_before(options))
        else:
            user = make_user(home, {}) if machines is not None else User(home)
            user = User(home, user.session, user.settings, _before(options))
        yield user
    finally:
        shutil.rmtree(home)


def _before(options: list[str]) -> tuple[str, ...]:
    return (sys.executable, str(Path(reduced.__file__)), *options, "--")
