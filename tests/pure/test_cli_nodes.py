"""Which nodes a user means, and what `stop`, `start` and `restart` do with several."""

from __future__ import annotations

import json

import pytest
import typer

from lvsnet.cli import nodes, power
from lvsnet.cli.formats import Format
from lvsnet.control import labs
from lvsnet.errors import LvsnetError
from lvsnet.observe.model import Node, Site
from lvsnet.progress import Report


class Engine:
    """A place with one lab of three nodes, of which one is off; remembers what was done."""

    def __init__(self) -> None:
        self.off = {"web01"}
        self.done: list[str] = []

    def running(self) -> list[str]:
        return ["dr"]

    def nodes(self, _lab: str) -> list[str]:
        return ["lb01", "lb02", "web01"]

    def look(self, lab: str) -> Site:
        found = (Node(one, "host", one not in self.off, (), (), ()) for one in self.nodes(lab))
        return Site(tuple(found), ())

    def stop(self, _lab: str, node: str) -> None:
        if node in self.off:
            raise LvsnetError(f"{node} does not run")
        self.off.add(node)
        self.done.append(f"stop {node}")

    def start(self, _lab: str, node: str, _report: Report) -> None:
        if node not in self.off:
            raise LvsnetError(f"{node} runs already")
        self.off.discard(node)
        self.done.append(f"start {node}")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    one = Engine()
    monkeypatch.setattr(labs, "PLACES", {"fake": lambda: one})
    for variable in ("LVSNET_LAB", "LVSNET_EXEC_LAB"):
        monkeypatch.delenv(variable, raising=False)
    return one


def test_an_unknown_node_gets_the_list_and_a_near_name_before_anything_is_done(
    engine: Engine,
) -> None:
    with pytest.raises(
        LvsnetError,
        match=r"^lab dr has no node lb1; it has lb01, lb02, web01; did you mean lb01\?$",
    ):
        power.stop(["lb02", "lb1"])
    with pytest.raises(LvsnetError, match=r"^lab dr has no node x; it has lb01, lb02, web01$"):
        power.restart(["dr/x"])
    assert engine.done == []


@pytest.mark.usefixtures("engine")
def test_what_fails_for_an_unknown_node_says_so_and_what_else_fails_goes_through() -> None:
    place, lab, node = nodes.addressed("lb1", "")
    with pytest.raises(LvsnetError, match="did you mean lb01"), nodes.suggesting(place, lab, node):
        raise LvsnetError("no such node")
    with pytest.raises(LvsnetError, match=r"^broken$"), nodes.suggesting(place, lab, "lb01"):
        raise LvsnetError("broken")


def test_a_lab_that_goes_away_keeps_its_message(engine: Engine) -> None:
    def gone(_lab: str) -> list[str]:
        raise LvsnetError("there is no such lab")

    engine.nodes = gone  # type: ignore[method-assign]  # as one that is just being destroyed
    place, lab, node = nodes.addressed("lb01", "")
    with pytest.raises(LvsnetError, match=r"^cut off$"), nodes.suggesting(place, lab, node):
        raise LvsnetError("cut off")


def test_several_nodes_each_once_and_one_that_fails_keeps_none_from_it(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LvsnetError, match=r"^web01 does not run$"):
        power.stop(["web01", "lb01", "dr/lb01", "lb02"], form=Format.json)
    assert engine.done == ["stop lb01", "stop lb02"]
    assert json.loads(capsys.readouterr().out) == {
        "stopped": [{"lab": "dr", "node": "lb01"}, {"lab": "dr", "node": "lb02"}]
    }


def test_restart_stops_what_runs_and_starts_all(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    power.restart(["web01", "lb01"], form=Format.json)
    assert engine.done == ["start web01", "stop lb01", "start lb01"]
    said = capsys.readouterr()
    assert "lb01: power cut" in said.err
    assert json.loads(said.out) == {
        "restarted": [{"lab": "dr", "node": "web01"}, {"lab": "dr", "node": "lb01"}]
    }


@pytest.mark.usefixtures("engine")
def test_a_lab_in_the_argument_contradicts_the_option_but_not_a_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(typer.BadParameter, match="dr/lb01 is not in lab other"):
        nodes.addressed("dr/lb01", "other")
    for variable in ("LVSNET_LAB", "LVSNET_EXEC_LAB"):
        monkeypatch.setenv(variable, "other")
        assert nodes.addressed("dr/lb01", "other")[1:] == ("dr", "lb01")
        monkeypatch.delenv(variable)
