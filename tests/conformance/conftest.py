"""A place, and users in it, for the conformance set."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from conformance import places
from conformance.places import Place
from conformance.sites import Site, plain
from e2e.conftest import built
from e2e.homes import make_user
from e2e.users import User
from e2e.warm import Warm
from lvsnet.engine.syscalls import CLONE_NEWNS, unshare
from lvsnet.image import tree
from lvsnet.progress import silent
from machine import boot, data, engine

__all__ = ["built"]

PRIVATE = ("/run/lvsnet", "/run/netns")
"""Where labs on this machine's own kernel have what belongs to the machine as a whole."""
NUMBERS = count(1)

NewUser = Callable[[], User]
NewLab = Callable[[], str]


@pytest.fixture(scope="session", params=places.to_run(), ids=lambda place: place.name)
def place(request: pytest.FixtureRequest) -> Place:
    """Each place that can be had, in turn."""
    one: Place = request.param
    if lacking := one.lacking():
        pytest.fail(f"{one.name} cannot be had: there is no {', no '.join(lacking)}")
    return one


@pytest.fixture(scope="session")
def _private() -> None:
    """This process, and what it starts, has labs of its own on this machine's kernel.

    Tests run in several processes, and `lvsnet inspect` shows every lab of the machine. A machine
    that is there for one run of the set alone hides nothing from it, nor does one whose engine the
    set is to use: what lvsnet starts there may look for these directories, too.
    """
    if os.geteuid() or boot.DISK.is_mount() or places.given_engine():
        return
    unshare(CLONE_NEWNS)
    commands = [["mount", "--make-rprivate", "/"]]
    for directory in PRIVATE:
        Path(directory).mkdir(parents=True, exist_ok=True)
        commands.append(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", directory])
    for command in commands:
        subprocess.run(command, check=True, timeout=10)


@pytest.fixture(scope="session")
def new_user(
    place: Place, built: Path, _private: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NewUser]:
    """Makes users of the place."""
    assert built.is_dir()
    if place.name == "crun/host":
        tree.ensure(silent)
    with ExitStack() as owned:
        settings = dict(place.wishes)
        if place.by_docker:
            settings["DOCKER_HOST"] = places.given_engine() or owned.enter_context(
                data.engine_with_images(silent)
            )
        yield lambda: make_user(tmp_path_factory.mktemp("user"), settings)


@pytest.fixture(scope="session")
def warm(_private: None) -> Iterator[Warm]:
    """Runs commands of users. In a test machine it takes seconds to start and import anything."""
    one = Warm()
    yield one
    one.end()


@pytest.fixture(scope="session")
def new_lab() -> NewLab:
    """Names of labs: what a lab has on the machine is known by its name."""
    return lambda: f"conf-{os.getpid()}-{next(NUMBERS)}"


def _end(user: User) -> None:
    """End the labs whose files the user has, and no others: this may be somebody's machine."""
    for file in user.home.glob("*.yaml"):
        user.tries("destroy", file.stem)
    for pid in user.processes():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def user(new_user: NewUser) -> Iterator[User]:
    """A user for one test."""
    one = new_user()
    yield one
    _end(one)


@pytest.fixture
def lab(new_lab: NewLab) -> str:
    """A name for a lab."""
    return new_lab()


@pytest.fixture(scope="module")
def site(place: Place, new_user: NewUser, new_lab: NewLab, warm: Warm) -> Iterator[Site]:
    """A running lab of the plain kind, for all tests of a module."""
    user, name = new_user(), new_lab()
    file, quick = plain(user, name), replace(user, warm=warm)
    try:
        quick.does("deploy", file)
        yield Site(user, place, name, file, quick)
    finally:
        _end(user)


@pytest.fixture(scope="module")
def balanced(
    place: Place, new_user: NewUser, new_lab: NewLab, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """A running lab with IPVS directors, for all tests of a module; its client is privileged where
    that may be."""
    if not places.has_ipvs(place):
        pytest.skip(f"{place.name}: this machine's kernel has no IPVS")
    warm: Warm = request.getfixturevalue("warm")  # it takes a second
    user, name = new_user(), new_lab()
    quick = replace(user, warm=warm)
    changes = [("{role: client, ", "{role: client, privileged: true, ")]
    file = user.lab(name, *(changes if places.may_privilege(place) else []))
    try:
        quick.does("deploy", file)
        yield Site(user, place, name, file, quick)
    finally:
        _end(user)


@pytest.fixture
def privileging(place: Place) -> Place:
    """A place that may make a node privileged."""
    if not places.may_privilege(place):
        pytest.skip(f"{place.name}: this machine may not give every capability")
    return place


@pytest.fixture(scope="session")
def machine_disk() -> Path:
    """What the test machine boots with, for its Docker engine; not when a place was named."""
    if places.named():
        pytest.skip("the set was asked for in named places only")
    if os.geteuid():
        pytest.skip("no test machine with IPVS: that needs root")
    if lacking := [*boot.lacking(), *engine.lacking()]:
        pytest.fail(f"no test machine with IPVS: there is no {', no '.join(lacking)}")
    tree.ensure(silent)
    return data.ensure(silent).disk
