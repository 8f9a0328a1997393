"""``lvsnet setup``: get what labs need into the cache, now rather than at the first deploy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lvsnet.cli import formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption

SystemOption = Annotated[
    bool, typer.Option("--system", help="For all users of this machine: in /var/cache/lvsnet.")
]
WITHOUT_GUEST = (
    "Without one, labs run with --kernel host, where this machine's kernel has IPVS; "
    "`lvsnet doctor` says what is lacking."
)


def setup(system: SystemOption = False, form: FormatOption = Format.table) -> None:
    """Fetch the guest kernel and build the node file system, when they are not there.

    With --system, which needs root, users who may not build them themselves find them there.
    Where no guest can run, they are there all the same, for what does without one.
    """
    from lvsnet import debian
    from lvsnet.errors import LvsnetError
    from lvsnet.guest import starting
    from lvsnet.guest.kernels import choice
    from lvsnet.image import nodefs
    from lvsnet.progress import on_stderr

    place = place_of(system, debian.FOR_ALL_USERS)
    guest = choice.ensure(on_stderr, place)
    if form is not Format.json:
        typer.echo(f"guest kernel: Linux {guest.version} ({guest.package})")
    if guest.note:
        on_stderr(guest.note)
    image = nodefs.ensure(on_stderr, place)
    runs = True
    try:
        starting.compile_agent(guest, image, on_stderr, place)
    except LvsnetError as error:
        runs = False
        on_stderr(f"no guest starts here: {error}\n{WITHOUT_GUEST}")
    if form is Format.json:
        kernel_facts = {"version": guest.version, "package": guest.package, "runs": runs}
        formats.document({"kernel": kernel_facts, "node_file_system": str(image.path)})
        return
    typer.echo(f"node file system: {image.path}")


def place_of(system: bool, command: str) -> Path | None:
    """The cache of the system for ``--system``, None for this user's; ``command`` is root's.

    Raises:
        LvsnetError: this user is not root.
    """
    import os

    from lvsnet import cache
    from lvsnet.errors import LvsnetError

    if not system:
        return None
    if os.geteuid() != 0:
        raise LvsnetError(f"{cache.SYSTEM} is root's; run: {command}")
    os.umask(0o022)
    return cache.SYSTEM
