"""The scenarios of the labs pass: of those that come with lvsnet, and of VRRP's settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.users import SEED, User
from lvsnet.resources import example_labs

LONG = ("vips-3-fast", "vips-4-two-networks", "vips-6-directors")
"""Left to `make scenarios`: they send most; test_spread_labs.py plays them on paper."""
LABS = [
    *(path for name, path in example_labs().items() if name not in LONG),
    *sorted((Path(__file__).parent / "labs").glob("*.yaml")),
]
DEADLINE = 900.0
"""Seconds: those of a lab take 20 on an idle machine."""


@pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)
def test_its_scenarios_pass(user: User, lab: Path) -> None:
    # Tests are spread over the processors; a lab that is tested needs one.
    arguments = ("test", str(lab), "--strict", "--seed", str(SEED), "-j", "1")
    done = user.tries(*arguments, deadline=DEADLINE)
    if done.code:
        pytest.fail(f"lvsnet {' '.join(arguments)}: {done.code}\n{done.text}{done.err}", False)
    assert user.left() == []
