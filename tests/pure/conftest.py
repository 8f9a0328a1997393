"""Fixtures of the tests that need no guest."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long examples take says how busy the machine is.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

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
