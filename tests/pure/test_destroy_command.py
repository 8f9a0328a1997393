"""`lvsnet destroy --all` ends the labs of the user who says so, and of nobody else."""

from __future__ import annotations

import json
import os

import pytest
from typer import BadParameter

from lvsnet.cli.destroy import destroy
from lvsnet.cli.formats import Format
from lvsnet.control import labs
from lvsnet.errors import LvsnetError


class Engine:
    """A place that several users share: lab -> its owner."""

    def __init__(self, owners: dict[str, int]) -> None:
        self.owners = owners

    def running(self) -> list[str]:
        return sorted(self.owners)

    def owner(self, lab: str) -> int:
        return self.owners[lab]

    def destroy(self, lab: str) -> None:
        del self.owners[lab]


@pytest.mark.parametrize(
    ("user", "left"), [(1000, ["hers", "roots"]), (1001, ["mine", "roots"]), (0, [])]
)
def test_all_are_ones_own_labs_and_for_root_everybodys(
    user: int, left: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = Engine({"mine": 1000, "hers": 1001, "roots": 0})
    monkeypatch.setattr(labs, "PLACES", {"docker": lambda: engine})
    monkeypatch.setattr(os, "getuid", lambda: user)
    destroy(every=True)
    assert engine.running() == left
    said = capsys.readouterr().err
    assert all(f"{lab} is not yours, but of user" in said for lab in left)


def test_a_lab_that_cannot_be_ended_keeps_no_other_from_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Reluctant(Engine):
        def destroy(self, lab: str) -> None:
            if lab == "b":
                raise LvsnetError("b does not end")
            super().destroy(lab)

    engine = Reluctant(dict.fromkeys("abc", os.getuid()))
    monkeypatch.setattr(labs, "PLACES", {"docker": lambda: engine})
    with pytest.raises(LvsnetError, match=r"^b does not end$"):
        destroy(every=True, form=Format.json)
    assert engine.running() == ["b"]
    assert json.loads(capsys.readouterr().out) == {"destroyed": ["a", "c"]}


def test_all_are_all_whatever_lab_other_commands_are_about(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(dict.fromkeys("ab", os.getuid()))
    monkeypatch.setattr(labs, "PLACES", {"docker": lambda: engine})
    monkeypatch.setenv("LVSNET_LAB", "a")
    destroy("a", every=True)  # which typer took from the variable
    assert engine.running() == []
    with pytest.raises(BadParameter, match="not both"):
        destroy("b", every=True)
