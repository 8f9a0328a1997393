"""Users for end-to-end tests, each with a cache and a runtime directory of their own.

So tests in several processes see nothing of each other's labs. What is expensive, the node file
system and the guest kernel, is the machine's own, built first when it is missing.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from e2e.homes import make_user
from e2e.users import HELD, LVSNET, User
from e2e.warm import Warm
from lvsnet import cache


@pytest.fixture(scope="session")
def built() -> Path:
    """The machine's cache, with kernel and node file system in it; returns its directory."""
    done = subprocess.run([LVSNET, "setup"], capture_output=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return cache.root()


@pytest.fixture(scope="session")
def new_user(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], User]:
    """Makes users."""
    assert built.is_dir()
    return lambda name: make_user(tmp_path_factory.mktemp(name), {})


def _end_all(user: User) -> None:
    user.tries("destroy", "--all")
    for pid in user.processes():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def user(new_user: Callable[[str], User]) -> Iterator[User]:
    """A user for one test."""
    one = new_user("user")
    yield one
    _end_all(one)


@pytest.fixture(scope="module")
def resident(new_user: Callable[[str], User]) -> Iterator[User]:
    """A user for all tests of a module."""
    one = new_user("resident")
    yield one
    _end_all(one)


@pytest.fixture(scope="module")
def held(new_user: Callable[[str], User]) -> Iterator[User]:
    """A user for all tests of a module, whose labs are in virtual time."""
    one = replace(new_user("held"), settings=HELD)
    yield one
    _end_all(one)


@pytest.fixture
def held_user(new_user: Callable[[str], User]) -> Iterator[User]:
    """A user for one test, whose labs are in virtual time."""
    one = replace(new_user("held"), settings=HELD)
    yield one
    _end_all(one)


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """Runs the commands of the users below whose names begin so."""
    one = Warm()
    yield one
    one.end()


@pytest.fixture
def warm_user(user: User, warm: Warm) -> User:
    """As `user`, whose commands are run in processes that need not be started from nothing."""
    return replace(user, warm=warm)


@pytest.fixture(scope="module")
def warm_resident(resident: User, warm: Warm) -> User:
    """As `resident`."""
    return replace(resident, warm=warm)


@pytest.fixture(scope="module")
def warm_held(held: User, warm: Warm) -> User:
    """As `held`."""
    return replace(held, warm=warm)
