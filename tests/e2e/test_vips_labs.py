"""The scenarios of the labs whose VIPs are spread over their directors pass."""

from __future__ import annotations

import pytest

from e2e.example_scenarios import chosen, pass_
from e2e.users import User
from lvsnet.resources import example_labs

LONG = {"vips-3-fast", "vips-4-two-networks", "vips-6", "vips-6-directors"}
ALIKE = {"vips-3": {"each-loss"}, "vips-6-families": {"each-loss"}}
"""Both left to `make scenarios`: the long ones send most, and each loss of three directors with all
their links measured is seen in `vips-2` and `vips-4`. test_spread_labs.py plays all of them on
paper."""
LABS = {
    name: path
    for name, path in example_labs().items()
    if name.startswith("vips-") and name not in LONG
}


@pytest.mark.parametrize("name", LABS)
def test_its_scenarios_pass(user: User, name: str) -> None:
    pass_(user, chosen(LABS[name], ALIKE.get(name, set())))
