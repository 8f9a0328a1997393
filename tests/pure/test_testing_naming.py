"""What the labs of scenarios are called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.guest.places import NAME
from lvsnet.testing.naming import LONGEST, distinct, lab_name


@pytest.mark.parametrize(
    ("variant", "repeat", "name"),
    [
        (None, None, "dr-director-dies"),
        (2, None, "dr-director-dies-v2"),
        (None, 10, "dr-director-dies-r10"),
        (2, 10, "dr-director-dies-v2-r10"),
    ],
)
def test_a_lab_is_called_after_its_scenario(
    variant: int | None, repeat: int | None, name: str
) -> None:
    assert lab_name("dr", "director-dies", variant, repeat) == name


def test_a_long_name_ends_in_a_hash_and_its_numbers() -> None:
    first = lab_name("dr", "the-first-director-dies-while-the-second-is-busy", 3, 12)
    other = lab_name("dr", "the-first-director-dies-while-the-second-is-idle", 3, 12)
    assert first.startswith("dr-the-first-director-")
    assert first.endswith("-v3-r12")
    assert first != other
    assert len(first) <= LONGEST


def test_names_that_differ_in_case_only_stay_different() -> None:
    names = {lab_name("dr", name, None, None) for name in ("Fails", "fails", "FAILS", "fa_ils")}
    assert len(names) == 4


@given(
    st.from_regex(NAME, fullmatch=True),
    st.text(min_size=1, max_size=80),
    st.none() | st.integers(1, 9999),
    st.none() | st.integers(1, 99999),
)
def test_every_name_is_one_that_a_lab_can_have(
    lab: str, scenario: str, variant: int | None, repeat: int | None
) -> None:
    name = lab_name(lab, scenario, variant, repeat)
    for one in (name, distinct(name, "elsewhere")):
        assert re.fullmatch(NAME, one)
        assert len(one) <= LONGEST
    assert distinct(name, "elsewhere") != name
