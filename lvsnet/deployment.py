"""From a compiled lab to a running one: what it needs is got, and the place for it chosen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lvsnet.guest import kernel, labs
from lvsnet.guest.launch import Standby
from lvsnet.image import nodefs
from lvsnet.plan.model import Plan
from lvsnet.progress import Report

MEMORY = "512M"


@dataclass(frozen=True)
class Choice:
    """Where a lab runs, and why there."""

    runtime: str
    kernel: str
    reason: str


def deploy(standby: Standby, plan: Plan, file: Path, settle: float, report: Report) -> None:
    """Run a plan that was compiled from ``file``.

    With ``settle``, wait as many seconds until VIPs are held and real servers listed.

    Raises:
        LvsnetError: what is missing or failed; nothing of the lab is left.
    """
    found = kernel.ensure(report)
    if found.note:
        report(found.note)
    machine = labs.machine(plan, found, nodefs.ensure(report), MEMORY)
    choice = Choice(
        "crun",
        f"guest {found.version}",
        "needs no Docker engine, no privilege and no IPVS in this machine's kernel",
    )
    report(f"{plan.lab}: {choice.runtime}, kernel {choice.kernel}: {choice.reason}")
    description = {
        "file": str(file.resolve()),
        "runtime": choice.runtime,
        "kernel": choice.kernel,
        "reason": choice.reason,
        "vips": [condition.address for condition in plan.held],
    }
    labs.deploy(standby, plan, machine, description, settle, report)
    report(f"{plan.lab} runs")
