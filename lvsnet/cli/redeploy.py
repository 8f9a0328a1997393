"""``lvsnet redeploy``, which is ``lvsnet deploy --reconfigure``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import formats
from lvsnet.cli.deploy import (
    Kernel,
    KernelOption,
    PrivilegedOption,
    Runtime,
    RuntimeOption,
    StrictOption,
    TimeoutOption,
    WaitOption,
    described,
)
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, LabBesideFileArgument
from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.control.choice import Wish


def redeploy(
    lab: LabBesideFileArgument = "",
    wait: WaitOption = True,
    timeout: TimeoutOption = 60,
    runtime: RuntimeOption = Runtime.auto,
    kernel: KernelOption = Kernel.auto,
    privileged: PrivilegedOption = False,
    strict: StrictOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; change nothing.")
    ] = False,
    form: FormatOption = Format.table,
) -> None:
    """Change a running lab to what its file says now, and leave alone what does not change.

    Files, addresses, routes, sysctls and daemons are changed in nodes that go on running:
    keepalived and nginx read their configuration again, and connections go on. A node is built
    anew where it has to be, as for another image, interface or command. What keepalived refuses
    leaves the lab as it was.

    Without LAB, the only lab that runs. One that does not run is started.
    """
    from lvsnet.control.choice import Wish

    wish = Wish(runtime.value, kernel.value, privileged, strict)
    run(lab, wish, timeout if wait else 0.0, form, dry_run=dry_run)


def run(lab: str, wish: Wish, settle: float, form: Format, *, dry_run: bool) -> None:
    """Change a lab that is given by its name, its file or nothing.

    Raises:
        LabFileError: the file is wrong.
        LvsnetError: no lab is meant, or what cannot be changed or failed.
    """
    from lvsnet import deployment
    from lvsnet.cli import progress

    begun = time.monotonic()
    report = progress.timed()
    path = file_of(lab)
    if dry_run:
        _show(lab, path, wish, form)
        return
    try:
        record = deployment.redeploy(path, wish, settle, report)
    except KeyboardInterrupt:
        report("interrupted; `lvsnet redeploy` completes what had begun")
        raise typer.Exit(130) from None
    if form is Format.json:
        seconds = round(time.monotonic() - begun, 2)
        formats.document({**described(record), "seconds": seconds})


def file_of(lab: str) -> Path:
    """The file that a lab is to be changed to: the one that it came from, or that is given.

    Raises:
        LabFileError: there is no such file, and no lab of that name runs.
        LvsnetError: no lab is given and not exactly one runs; or it came from no file, or from
            one that is not there any more.
    """
    from lvsnet.cli.files import lab_file
    from lvsnet.control import labs

    if lab and ("/" in lab or Path(lab).suffix):
        return lab_file(lab)
    there = dict(labs.running())
    if lab and lab not in there:
        return lab_file(lab)
    name, place = (lab, there[lab]) if lab else labs.the_lab("")
    file = place.about(name).file
    if not file:
        raise LvsnetError(f"lab {name} was started from no file; `lvsnet redeploy FILE` takes one")
    if not Path(file).is_file():
        raise LvsnetError(
            f"lab {name} was started from {file}, which is no longer there; "
            "`lvsnet redeploy FILE` takes another one"
        )
    return Path(file)


def _show(lab: str, path: Path, wish: Wish, form: Format) -> None:
    from lvsnet.cli import diff, dry_run, progress
    from lvsnet.cli.files import lab_name
    from lvsnet.control import labs

    if lab and lab_name(lab) not in dict(labs.running()):
        dry_run.show(path, wish, form, progress.timed())
        return
    diff.show(diff.found_beside(lab, wish), form)
