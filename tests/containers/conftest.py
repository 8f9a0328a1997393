"""The Docker engine of the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from lvsnet.progress import silent
from machine import data
from machine import engine as engines


def _can_be_had() -> None:
    """An ordinary user has no engine of his own; anything else that lacks is to be installed."""
    if os.geteuid():
        pytest.skip("a Docker engine of the tests' own needs root")
    if lacking := engines.lacking():
        pytest.fail(f"no Docker engine can be started: there is no {', no '.join(lacking)}")


@pytest.fixture(scope="session")
def engine() -> Iterator[str]:
    """What DOCKER_HOST is to be set to for an engine that has lvsnet's images.

    Each process that runs tests has an engine of its own, and may do with it what it likes.
    """
    _can_be_had()
    with data.engine_with_images(silent) as host:
        yield host


@pytest.fixture(scope="session")
def empty_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same of an engine that has nothing."""
    _can_be_had()
    root = tmp_path_factory.mktemp("engine")
    with engines.running(root, root) as host:
        yield host
