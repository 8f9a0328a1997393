"""Which lab a command is about, among the labs of all places."""

from __future__ import annotations

from types import ModuleType

import pytest

from lvsnet.control import labs
from lvsnet.errors import LvsnetError


class Place(ModuleType):
    """A place with these labs."""

    def __init__(self, *names: str) -> None:
        super().__init__("place")
        self.names = names

    def running(self) -> list[str]:
        return list(self.names)


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> dict[str, Place]:
    found: dict[str, Place] = {}
    monkeypatch.setattr(labs, "PLACES", {name: lambda n=name: found[n] for name in ("one", "two")})
    return found


def test_the_only_lab_is_meant_wherever_it_runs(places: dict[str, Place]) -> None:
    places.update(one=Place(), two=Place("dr"))
    assert labs.the_lab("") == ("dr", places["two"])
    assert labs.the_lab("dr") == ("dr", places["two"])


def test_none_and_several_are_told(places: dict[str, Place]) -> None:
    places.update(one=Place(), two=Place())
    with pytest.raises(LvsnetError, match="no lab runs; `lvsnet deploy LAB` starts one"):
        labs.the_lab("")
    places.update(one=Place("a"), two=Place("b"))
    with pytest.raises(LvsnetError, match=r"several labs run \(a, b\); say which"):
        labs.the_lab("")


def test_a_lab_that_does_not_run_is_told_with_those_that_do(places: dict[str, Place]) -> None:
    places.update(one=Place("a"), two=Place("b"))
    with pytest.raises(LvsnetError, match=r"lab dr does not run; there is a, b"):
        labs.the_lab("dr")
    places.update(one=Place(), two=Place())
    with pytest.raises(LvsnetError, match="lab dr does not run; none does; `lvsnet deploy LAB`"):
        labs.the_lab("dr")


def test_a_place_is_not_asked_when_an_earlier_one_has_the_lab(places: dict[str, Place]) -> None:
    places["one"] = Place("dr")  # there is no "two": asking it would be a KeyError
    assert labs.the_lab("dr") == ("dr", places["one"])
