"""Deploying labs, for programs in Python: ``lvsnet.Lab("labs/dr.yaml").deploy()``."""

from __future__ import annotations

import atexit
import os
import re
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from lvsnet.api.clock import Span, nanoseconds
from lvsnet.api.lab import Running
from lvsnet.control.choice import Wish
from lvsnet.control.clock import SECOND
from lvsnet.errors import LvsnetError
from lvsnet.guest.places import NAME
from lvsnet.progress import Report, silent

if TYPE_CHECKING:
    from lvsnet.owned import Owned

SETTLE = "60s"
CLOCKS = (None, "virtual", "real")
RUNTIMES = ("auto", "docker", "crun", "containerlab")
KERNELS = ("auto", "host", "guest")


class Deployed(Running):
    """A lab that this process has deployed, and that ends with it, however it ends.

    As a context manager it ends with the ``with``; else by `destroy`, or with the process. `keep`
    has it outlive all that.
    """

    def __init__(self, owned: Owned, stack: ExitStack) -> None:
        """``stack`` is what ends the lab when it is closed."""
        super().__init__(owned.name, owned.place)
        self._owned = owned
        self._stack = stack
        self._over = False
        self._process = os.getpid()
        # Holds this object: a node or a VIP that it gave away is of use while the process lives.
        atexit.register(self.destroy)

    def keep(self) -> None:
        """Let the lab outlive this process and the ``with``, as one of `lvsnet deploy`."""
        if not self._over:
            self._owned.keep()

    def destroy(self) -> None:
        """End the lab, unless it was kept, and wait until nothing is left of it.

        A second time nothing happens.
        """
        atexit.unregister(self.destroy)
        # A process that the owner forked may end before it, and without taking the lab along.
        if not self._over and os.getpid() == self._process:
            self._over = True
            self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.destroy()


class Lab:
    """A lab file, to be deployed: any number of times, under other names also at once."""

    def __init__(self, file: str | Path, name: str | None = None) -> None:
        """``file``: its path, or the name of an example lab; ``name``: another one for the lab.

        Addresses and MACs are the same whatever its name is.

        Raises:
            LabFileError: there is no such file, and no such example.
            LvsnetError: no lab can be called that.
        """
        from lvsnet.resources import lab_file

        if name is not None and not re.fullmatch(NAME, name):
            raise LvsnetError(
                f"{name!r} is no name for a lab: it has lower-case letters, digits and dashes, 63 "
                "at most, no dash at an end"
            )
        self.file = lab_file(str(file)).resolve()
        self.name = name
        """None: as the file says."""

    def __repr__(self) -> str:
        named = "" if self.name is None else f", {self.name!r}"
        return f"Lab({str(self.file)!r}{named})"

    def deploy(
        self,
        clock: str | None = None,
        seed: int | None = None,
        runtime: str = "auto",
        kernel: str = "auto",
        *,
        settle: Span = SETTLE,
        strict: bool = False,
        report: Report = silent,
    ) -> Deployed:
        """Run it; the lab ends with the ``with``, or with this process.

        ``clock``: ``virtual`` or ``real``; None: virtual where the guest kernel has it. ``seed``:
        of virtual time, else any. ``runtime`` and ``kernel`` as of `lvsnet deploy`. ``settle``: how
        long VIPs may take to be held and real servers to be listed; 0: they are not waited for.
        ``report`` is told how it goes, a line at a time.

        Raises:
            LabFileError: the file is wrong; nothing has been begun.
            LvsnetError: what is missing or failed; nothing of the lab is left.
        """
        from lvsnet.deployment import planned
        from lvsnet.owned import owned
        from lvsnet.testing.performing import wished

        for what, given, possible in (
            ("clock", clock, CLOCKS),
            ("runtime", runtime, RUNTIMES),
            ("kernel", kernel, KERNELS),
        ):
            if given not in possible:
                raise LvsnetError(
                    f"{what} {given!r}: it is one of {', '.join(map(repr, possible))}"
                )
        patience = nanoseconds(settle) / SECOND if settle else 0.0
        wish = Wish(runtime, kernel, strict=strict, clock=clock or "", seed=seed)
        plan = planned(self.file, wish, report)
        if self.name is not None:
            plan = replace(plan, lab=self.name)
        wish = wished(wish, report)
        with ExitStack() as stack:
            lab = stack.enter_context(owned(plan, self.file, wish, patience, report))
            return Deployed(lab, stack.pop_all())
