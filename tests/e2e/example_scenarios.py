"""Labs' scenarios, run by `lvsnet test` as somebody types it."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from e2e.users import SEED, User

DEADLINE = 900.0
"""Seconds: those of a lab take 20 on an idle machine."""


def chosen(lab: Path, left: Set[str]) -> list[str]:
    """A lab file's scenarios without those that are ``left`` out, as `lvsnet test` names them."""
    names = list(YAML(typ="safe").load(lab)["scenarios"])
    assert left < set(names), f"{lab} has no such scenarios, or no others"
    return [f"{lab}::{name}" for name in names if name not in left] if left else [str(lab)]


def pass_(user: User, scenarios: list[str]) -> None:
    """Run scenarios, which must pass, and leave nothing."""
    # Tests are spread over the processors; a lab that is tested needs one.
    arguments = ("test", *scenarios, "--strict", "--seed", str(SEED), "-j", "1")
    done = user.tries(*arguments, deadline=DEADLINE)
    if done.code:
        pytest.fail(f"lvsnet {' '.join(arguments)}: {done.code}\n{done.text}{done.err}", False)
    assert user.left() == []
