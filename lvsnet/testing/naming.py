"""What the lab of a task is called: ``dr-director-dies-v2-r10``."""

from __future__ import annotations

import re
from hashlib import sha256

LONGEST = 40
"""Characters. A lab's name may have 63, but its socket's path has 107 bytes (unix(7)), of which the
runtime directory of a test or of a CI job may have many."""
HASH = 6
"""Characters of what stands for the rest of a long name."""


def lab_name(lab: str, scenario: str, variant: int | None, repeat: int | None) -> str:
    """The name for a lab that runs a scenario; a number that is None is the only one.

    It is the same in every run, since programs in the lab see it.
    """
    words = [lab, _in_lower_case(scenario)]
    numbers = [
        f"{letter}{number}"
        for letter, number in (("v", variant), ("r", repeat))
        if number is not None
    ]
    whole = "-".join((*words, *numbers))
    if len(whole) <= LONGEST and words[1] == scenario:
        return whole
    # Of names that differ only in what a lab's name cannot have, each has another hash.
    mark = sha256("/".join((lab, scenario)).encode()).hexdigest()[:HASH]
    tail = "-".join((mark, *numbers))
    return f"{'-'.join(words)[: LONGEST - len(tail) - 1].rstrip('-')}-{tail}"


def distinct(name: str, origin: str) -> str:
    """Another name for what has one that is in use already, by where it comes from."""
    mark = sha256(origin.encode()).hexdigest()[:HASH]
    return f"{name[: LONGEST - HASH - 1].rstrip('-')}-{mark}"


def _in_lower_case(scenario: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", scenario.lower()).strip("-")
