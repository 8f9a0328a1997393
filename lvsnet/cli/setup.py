"""``lvsnet setup``: get what labs need into the cache, now rather than at the first deploy."""

from __future__ import annotations

import typer


def setup() -> None:
    """Fetch the guest kernel and build the node file system, when they are not in the cache."""
    from lvsnet.guest import kernel
    from lvsnet.image import nodefs
    from lvsnet.progress import on_stderr

    guest = kernel.ensure(on_stderr)
    typer.echo(f"guest kernel: Linux {guest.version} ({guest.package})")
    if guest.note:
        on_stderr(guest.note)
    image = nodefs.ensure(on_stderr)
    typer.echo(f"node file system: {image.path}")
