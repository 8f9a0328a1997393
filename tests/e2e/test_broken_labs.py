"""labs/broken: what goes wrong with addresses, packets and real servers.

test_broken_vrrp.py has what goes wrong between directors.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from e2e import broken_labs
from e2e.broken_labs import ABOUT_VRRP, PAIRS
from e2e.users import User

BALANCING = [name for name in PAIRS if name not in ABOUT_VRRP]


@pytest.fixture(scope="module")
def results(resident: User) -> Mapping[str, object]:
    return broken_labs.results(resident, BALANCING)


@pytest.mark.parametrize("pair", BALANCING)
def test_the_fault_shows_and_the_right_one_works(results: Mapping[str, object], pair: str) -> None:
    broken_labs.check(results, pair)
