"""Fixtures of the tests that need no guest."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534


@contextmanager
def _effective_user(user: int) -> Iterator[None]:
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def ordinary_directory() -> Iterator[Path]:
    """A directory of an ordinary user, who the test then is: root may read and write anything."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        if os.geteuid():
            yield directory
            return
        os.chown(directory, NOBODY, NOBODY)
        with _effective_user(NOBODY):
            yield directory
