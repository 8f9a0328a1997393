"""The labs of a pytest run: deployed for a test, or for the tests of a module or session.

`lvsnet.pytest_plugin` imports this when a test asks for a lab.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lvsnet.api.deploying import Deployed, Lab
from lvsnet.api.resetting import holders, reset
from lvsnet.control import labs
from lvsnet.errors import LvsnetError
from lvsnet.progress import on_stderr

SCOPES = ("function", "module", "session")
WORKER = "PYTEST_XDIST_WORKER"
"""``gw0``: set by pytest-xdist in each of its workers."""


@dataclass(frozen=True)
class Wanted:
    """What a test's mark and the options ask for."""

    file: Path
    clock: str | None
    seed: int | None
    keep: str
    """One of `SCOPES`: whose tests share the lab."""
    owner: str
    """The test, the module, or empty for the session."""


@dataclass
class Shared:
    """A lab that goes from test to test."""

    lab: Deployed
    home: Mapping[str, tuple[str, ...]]
    """Who had each VIP after the deploy."""


@dataclass
class Labs:
    """The labs that tests of this process share."""

    shared: dict[Wanted, Shared] = field(default_factory=dict)

    def take(self, wanted: Wanted) -> Deployed:
        """The shared lab, reset, or deployed if there is none or it cannot be reset.

        Raises:
            LvsnetError: it cannot be deployed.
        """
        found = self.shared.get(wanted)
        if found is not None:
            try:
                reset(found.lab, found.home)
            except LvsnetError as error:
                on_stderr(f"{found.lab.name} is deployed anew: {error}")
                self.end(wanted)
            else:
                return found.lab
        lab = deploy(wanted)
        self.shared[wanted] = Shared(lab, holders(lab.look()))
        return lab

    def end(self, wanted: Wanted) -> None:
        """End a shared lab, if there is one."""
        found = self.shared.pop(wanted, None)
        if found is not None:
            found.lab.destroy()

    def leave(self, wanted: Wanted) -> None:
        """Share a lab no longer; it was kept for a look."""
        found = self.shared.pop(wanted, None)
        if found is not None:
            found.lab.destroy()  # which only lets go of it


def resolved(given: str, beside: Path, root: Path) -> Path:
    """The lab file of a mark: from the test's directory, from the root, or an example's name.

    Raises:
        LvsnetError: it is none of them.
    """
    from lvsnet.resources import example_labs

    for path in (beside / given, root / given):
        if path.is_file():
            return path.resolve()
    examples = example_labs()
    if given in examples:
        return examples[given]
    raise LvsnetError(
        f"there is no lab file {given}, neither below {beside} nor below {root}, and no example of "
        f"that name; there is {', '.join(examples)}"
    )


def deploy(wanted: Wanted) -> Deployed:
    """A lab with a name that no other test's has.

    Raises:
        LvsnetError: it cannot be deployed.
    """
    from lvsnet import plan_cache

    name = _free(_name(plan_cache.compiled(wanted.file).plan.lab, wanted))
    with _on_one_processor():
        return Lab(wanted.file, name).deploy(wanted.clock, wanted.seed, report=on_stderr)


def _name(lab: str, wanted: Wanted) -> str:
    """The same in every run, since programs in the lab see it."""
    from lvsnet.testing.naming import distinct

    worker = "" if wanted.keep == "function" else os.environ.get(WORKER, "")
    last = re.split(r"::|/", wanted.owner)[-1]
    words = re.sub(r"[^a-z0-9]+", "-", last.lower()).strip("-")
    origin = "/".join((wanted.owner, worker, str(wanted.clock), str(wanted.seed)))
    return distinct("-".join(filter(None, (lab, words))), origin)


def _free(name: str) -> str:
    """The name, or with a number when a lab of an earlier run has it, which was kept."""
    taken = {lab for lab, _ in labs.running()}
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found


@contextmanager
def _on_one_processor() -> Iterator[None]:
    """What is begun meanwhile stays on this xdist worker's processor: a guest has only one."""
    match = re.fullmatch(r"gw(\d+)", os.environ.get(WORKER, ""))
    allowed = os.sched_getaffinity(0)
    if match is None:
        yield
        return
    os.sched_setaffinity(0, {sorted(allowed)[int(match[1]) % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
