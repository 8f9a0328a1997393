"""The places where labs can run, and what this machine lacks of each."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lvsnet.engine import capabilities
from machine import engine

VARIABLE = "LVSNET_TEST_PLACE"
"""Names the places to run the set for, with commas between; they must all be had."""
SYSTEMS_ENGINE = Path("/var/run/docker.sock")


@dataclass(frozen=True)
class Place:
    """One way of running a lab."""

    runtime: str
    kernel: str
    lacking: Callable[[], list[str]]
    """What this machine has not that the place needs; empty when it can be had."""

    @property
    def name(self) -> str:
        return "containerlab" if self.runtime == "containerlab" else f"{self.runtime}/{self.kernel}"

    @property
    def brought(self) -> bool:
        """Whether `make test` brings, as root, all that it needs."""
        return self.runtime != "containerlab"

    @property
    def by_docker(self) -> bool:
        return self.runtime != "crun"

    @property
    def wishes(self) -> Mapping[str, str]:
        """The environment variables that choose it."""
        return {"LVSNET_RUNTIME": self.runtime, "LVSNET_KERNEL": self.kernel}


def _nothing() -> list[str]:
    return []


def _for_crun() -> list[str]:
    return ["root"] if os.geteuid() else _programs("crun", "unsquashfs")


def _for_docker() -> list[str]:
    return [] if given_engine() else engine.lacking()


def _for_containerlab() -> list[str]:
    has_image = "LVSNET_CONTAINERLAB_IMAGE" in os.environ
    found = [] if has_image else _programs("containerlab")
    return found if given_engine() else [*found, f"Docker engine that {engine.GIVEN} names"]


def _programs(*names: str) -> list[str]:
    return [name for name in names if shutil.which(name) is None]


ALL = (
    Place("crun", "guest", _nothing),
    Place("crun", "host", _for_crun),
    Place("docker", "host", _for_docker),
    Place("containerlab", "host", _for_containerlab),
)


def asked() -> tuple[Place, ...]:
    """The places that somebody named; all when nobody did."""
    names = [name for name in os.environ.get(VARIABLE, "").split(",") if name]
    known = {place.name: place for place in ALL}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"{VARIABLE}: no {', '.join(unknown)}; there are {', '.join(known)}")
    return tuple(known[name] for name in names) or ALL


def to_run() -> tuple[Place, ...]:
    """Those of the places that were asked for that can be had; a named one must be."""
    return tuple(place for place in asked() if named() or not place.lacking())


def named() -> bool:
    return bool(os.environ.get(VARIABLE))


def given_engine() -> str:
    """DOCKER_HOST of an engine that is there; empty when the tests are to start one.

    A user who is not root cannot start one, and takes this machine's.
    """
    given = os.environ.get(engine.GIVEN, "")
    if not given and os.geteuid() and os.access(SYSTEMS_ENGINE, os.W_OK):
        return f"unix://{SYSTEMS_ENGINE}"
    return given


def has_ipvs(place: Place) -> bool:
    """Whether the kernel that the place's labs run on has IPVS, or can load it."""
    if place.kernel == "guest" or Path("/proc/net/ip_vs").exists():
        return True
    modprobe = shutil.which("modprobe", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if modprobe is None:
        return False
    asked = subprocess.run([modprobe, "ip_vs"], capture_output=True, timeout=20, check=False)
    return asked.returncode == 0


def may_privilege(place: Place) -> bool:
    """Whether the place can make a node privileged: a machine may itself have lost rights."""
    if place.kernel == "guest" or (place.by_docker and given_engine()):
        return True
    return capabilities.of_process(0) >= capabilities.known()
