"""Where a lab is to run: what the user wishes, what there is, and what comes of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from lvsnet.errors import LvsnetError


@dataclass(frozen=True)
class Wish:
    """The options of `lvsnet deploy`."""

    runtime: str = "auto"
    """``auto``, ``docker``, ``crun`` or ``containerlab``."""
    kernel: str = "auto"
    """``auto``, ``host`` or ``guest``."""
    privileged: bool = False
    """Every node is to be privileged, whatever the lab file says."""
    strict: bool = False
    """A warning is an error."""
    clock: str = ""
    """``real`` or ``virtual``; empty: nothing was said, which is ``real`` for a lab that begins."""
    seed: int | None = None
    """What the randomness of a lab in virtual time is drawn from; None: any."""

    @property
    def virtual(self) -> bool:
        return self.clock == "virtual"


@dataclass(frozen=True)
class Surroundings:
    """What there is on this machine."""

    root: bool
    no_docker: str
    """Why there is no Docker engine for this user, as the rest of a sentence; empty if there is."""
    no_ipvs: str
    """Why the host's kernel has no IPVS; empty if it has, or can load it."""


@dataclass(frozen=True)
class Choice:
    """Where a lab runs, and why there."""

    runtime: str
    kernel: str
    """``host`` or ``guest``."""
    reason: str


ASKED = "as it was asked for"
ALWAYS = "needs no Docker engine, no privilege and no IPVS in this machine's kernel"


def choose(wish: Wish, look: Callable[[], Surroundings]) -> Choice:
    """Docker on the host's kernel where both can be had, else crun in a guest.

    ``look`` is called only where the wish leaves something open: an engine may be slow to answer.

    Raises:
        LvsnetError: the wish cannot be had at all.
    """
    if wish.seed is not None and not wish.virtual:
        raise LvsnetError("--seed repeats a run in virtual time only: add --clock virtual")
    if wish.virtual and (wish.kernel == "host" or wish.runtime in ("docker", "containerlab")):
        raise LvsnetError(
            "--clock virtual needs a kernel of the lab's own: this machine's clock cannot be held. "
            "Take --kernel host and --runtime out, or --clock real"
        )
    if wish.virtual:
        return Choice("crun", "guest", "the only kernel whose clock can be held")
    if wish.kernel == "guest":
        if wish.runtime in ("docker", "containerlab"):
            raise LvsnetError(
                f"--runtime {wish.runtime} runs on this machine's own kernel only; "
                "take --kernel guest out, or use --runtime crun"
            )
        return Choice("crun", "guest", ASKED)
    if wish.runtime in ("docker", "containerlab"):
        return Choice(wish.runtime, "host", ASKED)
    if wish.runtime == "crun" and wish.kernel == "auto":
        return Choice("crun", "guest", ALWAYS)
    there = look()
    if wish.runtime == "crun":
        if not there.root:
            raise LvsnetError(
                "--runtime crun --kernel host needs root; use sudo, or --kernel guest, which needs "
                "no privilege"
            )
        return Choice("crun", "host", ASKED)
    return _by_kernel(wish, there)


def _by_kernel(wish: Wish, there: Surroundings) -> Choice:
    if wish.kernel == "host":
        if not there.no_docker:
            return Choice("docker", "host", "a Docker engine answers")
        if there.root:
            return Choice("crun", "host", there.no_docker)
        raise LvsnetError(
            f"--kernel host: {there.no_docker}, and without Docker it needs root; use sudo, or "
            "--kernel guest, which needs neither"
        )
    if lacking := [reason for reason in (there.no_docker, there.no_ipvs) if reason]:
        return Choice("crun", "guest", ", and ".join(lacking))
    reason = "a Docker engine answers, and this machine's kernel has IPVS"
    return Choice("docker", "host", reason)


def look_around() -> Surroundings:
    """What there is here; takes some milliseconds."""
    from lvsnet.engine.kernel import Ipvs, ipvs_possible

    has = ipvs_possible()
    root = os.geteuid() == 0
    no_ipvs = "this machine's kernel has no IPVS"
    if has is Ipvs.LOADED or (has is Ipvs.LOADABLE and root):
        no_ipvs = ""
    elif has is Ipvs.LOADABLE:
        no_ipvs = "IPVS is not loaded in this machine's kernel (sudo modprobe ip_vs does it)"
    return Surroundings(root, _why_no_docker(), no_ipvs)


def _why_no_docker() -> str:
    from lvsnet.docker import api

    try:
        api.version()
    except api.NoEngineError:
        return "no Docker engine answers"
    except api.ForbiddenError:
        return "this user may not use the Docker engine"
    except api.OldEngineError:
        return "the Docker engine is too old"
    except LvsnetError:
        return "no Docker engine of this machine is to be used"
    return ""
