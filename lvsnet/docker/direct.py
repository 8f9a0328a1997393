"""Labs in Docker's containers, wired by this process."""

from __future__ import annotations

from collections.abc import Mapping

from lvsnet.engine.runtime import Record
from lvsnet.engine.runtimes.docker import Docker
from lvsnet.host import operations
from lvsnet.observe import site
from lvsnet.observe.model import Site
from lvsnet.progress import Report


def deploy(record: Record, settle: float, report: Report) -> None:
    operations.deploy(record, Docker(), settle, report)


def wait(lab: str, settle: float, report: Report) -> None:
    runtime = Docker()
    site.wait(runtime.record(lab).plan, runtime, settle, report)


def look(lab: str) -> Site:
    return operations.look(lab, Docker())


def stop(lab: str, node: str) -> None:
    operations.stop(lab, node, Docker())


def start(lab: str, node: str, report: Report) -> None:
    operations.start(lab, node, Docker(), report)


def reconfigure(record: Record, settle: float, report: Report) -> None:
    operations.reconfigure(record, Docker(), settle, report)


def act(lab: str, name: str, request: Mapping[str, object], report: Report) -> object:
    from lvsnet.host import acts

    runtime = Docker()
    runtime.record(lab)  # says so when there is no such lab
    return acts.perform_here(name, lab, runtime, request, report)


def follow(lab: str, name: str, request: Mapping[str, object], report: Report) -> None:
    act(lab, name, request, report)


def destroy(lab: str) -> None:
    operations.destroy(lab, Docker())
