"""Which places this machine gives: the reasons for the others are told where tests end."""

from __future__ import annotations

import os

import pytest

from conformance import places
from conformance.places import Place


@pytest.mark.parametrize("one", places.asked(), ids=lambda one: one.name)
def test_the_place_can_be_had(one: Place) -> None:
    if lacking := one.lacking():
        reason = f"{one.name} cannot be had: there is no {', no '.join(lacking)}"
        if places.named() or (one.brought and os.geteuid() == 0):
            pytest.fail(reason)
        pytest.skip(reason)
