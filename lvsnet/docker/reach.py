"""Who wires containers: this process, where it may, or else a helper container."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lvsnet.docker import api
from lvsnet.errors import LvsnetError
from lvsnet.progress import Report

if TYPE_CHECKING:
    from lvsnet.engine.runtime import Record
    from lvsnet.observe.model import Site


class Operations(Protocol):
    """What can be done with labs that takes root among the engine's processes; a module."""

    def deploy(self, record: Record, settle: float, report: Report) -> None:
        """As `lvsnet.host.operations.deploy`; the images are there already."""

    def wait(self, lab: str, settle: float, report: Report) -> None:
        """Wait as many seconds until the site is up, as `lvsnet.observe.site.wait`."""

    def look(self, lab: str) -> Site: ...

    def stop(self, lab: str, node: str) -> None: ...

    def start(self, lab: str, node: str, report: Report) -> None: ...

    def reconfigure(self, record: Record, settle: float, report: Report) -> None:
        """As `lvsnet.host.operations.reconfigure`; the images are there already."""

    def act(self, lab: str, name: str, request: Mapping[str, object], report: Report) -> object:
        """As `lvsnet.host.acts.perform`."""

    def follow(self, lab: str, name: str, request: Mapping[str, object], report: Report) -> None:
        """As `act`, of one that may be silent for ever."""

    def destroy(self, lab: str) -> None: ...


def operations() -> Operations:
    """The way that this process has to the engine's containers.

    Raises:
        LvsnetError: there is none.
    """
    maker = api.maker()
    if why := foreign(maker):
        raise LvsnetError(why)
    if is_root(maker):
        from lvsnet.docker import direct

        return direct
    from lvsnet.docker import helper

    return helper


def foreign(maker: api.Maker) -> str:
    """Why nobody here can wire the engine's containers; empty when somebody can."""
    if maker.uid == 0:
        return ""
    return (
        f"the Docker engine at {api.socket_path()} is not run by root of this machine (rootless, "
        "or in a machine of its own), so its containers cannot be wired from here. "
        f"Use the machine's own, DOCKER_HOST={api.SCHEME}{api.DEFAULT_SOCKET}, or --kernel guest"
    )


def is_root(maker: api.Maker) -> bool:
    """Whether this process is root among the processes that the engine counts."""
    return os.geteuid() == 0 and shares_processes(maker)


def shares_processes(maker: api.Maker) -> bool:
    """Whether this process, root, counts processes as the engine does.

    It does not where lvsnet itself runs in a container that has the engine's socket.
    """
    if not maker.pid:
        return False
    try:
        return Path(f"/proc/{maker.pid}/ns/pid").samefile("/proc/self/ns/pid")
    except OSError:
        return False
