"""Topologies of topologies/: plans of right ones, messages for wrong ones, and warnings.

After a change of them, ``LVSNET_REWRITE=1 pytest tests/pure/test_topology_files.py`` writes them
anew, to be read in the diff.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from lvsnet.errors import LabFileError
from lvsnet.lab.source import read_text
from lvsnet.lab.topology import keys as topology_keys
from lvsnet.lab.topology import load as topology
from lvsnet.lab.topology.model import ExaminedTopology
from lvsnet.plan.topology import compile_topology

HERE = Path(__file__).parent / "topologies"
ENDING = ".clab.yml"
RIGHT = sorted(path.name.removesuffix(ENDING) for path in HERE.glob(f"*{ENDING}"))
WRONG = sorted(path.name.removesuffix(ENDING) for path in (HERE / "wrong").glob(f"*{ENDING}"))
WARNED = sorted(path.name.removesuffix(ENDING) for path in (HERE / "warned").glob(f"*{ENDING}"))


def examined(name: str) -> ExaminedTopology:
    path = Path(f"{name}{ENDING}")
    return topology.examine(topology.read(read_text(path), {}), path)


def without_empty(value: object) -> object:
    """What a plan says: fields that say nothing are left out."""
    if isinstance(value, dict):
        kept = {key: without_empty(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in ([], "", False)}
    return [without_empty(inner) for inner in value] if isinstance(value, list | tuple) else value


def compare(text: str, kept: Path) -> None:
    if os.environ.get("LVSNET_REWRITE"):
        kept.write_text(text)
    assert text == kept.read_text()


@pytest.mark.parametrize("name", RIGHT)
def test_a_topology_becomes_its_plan(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    plan = compile_topology(examined(name).topology)
    assert compile_topology(examined(name).topology) == plan
    compare(json.dumps(without_empty(asdict(plan)), indent=1) + "\n", Path(f"{name}.json"))


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_said_of_what_is_right(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    assert examined(name).warnings == ()


@pytest.mark.parametrize("name", WRONG)
def test_everything_that_is_wrong_is_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE / "wrong")
    with pytest.raises(LabFileError) as raised:
        examined(name)
    compare(f"{raised.value}\n", Path(f"{name}.txt"))


@pytest.mark.parametrize("name", WARNED)
def test_what_is_left_out_is_warned_of(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE / "warned")
    warnings = examined(name).warnings
    assert all(one.warning and re.fullmatch("topology-[a-z-]+", one.rule) for one in warnings)
    compare("".join(f"{one}\n" for one in warnings), Path(f"{name}.txt"))


def test_every_file_is_of_a_topology() -> None:
    assert sorted(path.stem for path in (HERE / "wrong").glob("*.txt")) == WRONG
    assert sorted(path.stem for path in (HERE / "warned").glob("*.txt")) == WARNED
    assert sorted(path.stem for path in HERE.glob("*.json")) == RIGHT


PAGE = (Path(__file__).parents[2] / "docs/containerlab.md").read_text()


def test_the_page_has_every_key_of_a_node_and_every_warning() -> None:
    shown = set(re.findall(r"`([a-z0-9-]+)", PAGE))
    assert set(topology_keys.NODE) <= shown
    rules = {
        rule
        for module in (HERE.parents[2] / "lvsnet/lab/topology").glob("*.py")
        for rule in re.findall(r'"(topology-[a-z-]+)"', module.read_text())
    }
    assert rules == set(re.findall(r"^\| `(topology-[a-z-]+)`", PAGE, re.MULTILINE))


def test_the_page_shows_a_topology_that_runs(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "www/index.html").write_text("hello\n")
    (shown,) = re.findall(r"```yaml title=\"site.clab.yml\"\n(.*?)```", PAGE, re.DOTALL)
    examined = topology.examine(topology.read(shown, {}), tmp_path / "site.clab.yml")
    assert examined.warnings == ()
    assert len(compile_topology(examined.topology).nodes) == 2
