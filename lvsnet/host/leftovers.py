"""What a lab has on the machine beside its containers and namespaces: faults, traffic, journal."""

from __future__ import annotations

import shutil
from pathlib import Path

from lvsnet.host.state import state_directory


def faults_of(lab: str) -> Path:
    """The file with the lab's standing faults; there is none while none stands."""
    return state_directory() / "faults" / f"{lab}.json"


def traffic_of(lab: str) -> Path:
    """The directory with what the lab's traffic generators have recorded."""
    return state_directory() / "traffic" / lab


def journal_of(lab: str) -> Path:
    """The file with what was done to the lab (`lvsnet.host.journal`); others are beside it."""
    return state_directory() / "journal" / lab


def remove(lab: str) -> None:
    """Forget all of it; what is not there is fine."""
    faults_of(lab).unlink(missing_ok=True)
    if traffic_of(lab).is_dir():
        shutil.rmtree(traffic_of(lab))
    journal = journal_of(lab)
    for path in (journal, *(journal.with_name(f"{lab}.{end}") for end in ("old", "new"))):
        path.unlink(missing_ok=True)
