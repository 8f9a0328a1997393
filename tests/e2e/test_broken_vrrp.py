"""labs/broken: what goes wrong with VRRP.

test_broken_labs.py has the others.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from e2e import broken_labs
from e2e.broken_labs import ABOUT_VRRP
from e2e.users import User


@pytest.fixture(scope="module")
def results(resident: User) -> Mapping[str, object]:
    return broken_labs.results(resident, ABOUT_VRRP)


@pytest.mark.parametrize("pair", ABOUT_VRRP)
def test_the_fault_shows_and_the_right_one_works(results: Mapping[str, object], pair: str) -> None:
    broken_labs.check(results, pair)
