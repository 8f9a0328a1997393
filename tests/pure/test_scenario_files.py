"""Files of scenarios and lab files that have some: what is run, and what is wrong with them.

Each wrong file of scenario_errors/ gives exactly the messages beside it. After a change of
messages, ``LVSNET_REWRITE=1 pytest tests/pure/test_scenario_files.py`` writes them anew, to be
read in the diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from lvsnet.compiled import compile_file
from lvsnet.errors import LabFileError
from lvsnet.resources import example_labs
from lvsnet.scenario import files
from lvsnet.scenario.model import Expect, Measured, Send, Single, Stays, Wait

FOLDER = Path(__file__).parent / "scenario_errors"
RIGHT = ("lab", "no-vrrp")
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem not in RIGHT)
DR = example_labs()["dr"].read_text().partition("\nscenarios:")[0]
STEPS = """
scenarios:
  slow:
    description: It takes its time.
    limit: 5m
    always: [no two holders for more than 200ms]
    steps:
      - traffic: {name: web, to: "http://192.168.10.100/", rate: 20, count: 200}
      - fault: stop lb01
      - expect: vip 192.168.10.100 on lb02 within takeover
      - finish: web
      - expect: outage <= takeover + 1s
      - expect: vip 192.168.10.100 on lb02 for 2s
"""


def jobs(path: Path) -> tuple[files.Job, ...]:
    return files.variants(files.collect(path))


def lab(folder: Path, more: str = "", name: str = "dr.yaml") -> Path:
    path = folder / name
    path.write_text(DR + more)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_messages(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    with pytest.raises(LabFileError) as raised:
        jobs(Path(f"{name}.yaml"))
    expected = Path(f"{name}.txt")
    if os.environ.get("LVSNET_REWRITE"):
        expected.write_text(f"{raised.value}\n")
    assert f"{raised.value}\n" == expected.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_every_message_has_its_place(name: str) -> None:
    for line in (FOLDER / f"{name}.txt").read_text().splitlines():
        assert re.match(r"[a-z-]+\.yaml:\d+:\d+: ", line), line


def test_every_case_has_a_file() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == NAMES


def test_a_lab_with_scenarios(tmp_path: Path) -> None:
    path = lab(tmp_path, STEPS)
    (job,) = jobs(path)
    assert (job.lab, job.variant.label, job.variant.values) == (path, "slow", ())
    scenario = job.variant.scenario
    assert (scenario.name, scenario.limit) == ("slow", 300.0)
    assert scenario.description == "It takes its time."
    assert [one.watch for one in scenario.always] == [Single(grace=0.2)]
    send, _, taken, finish, outage, stays = scenario.steps
    assert isinstance(send.act, Send)
    assert (send.act.load.clients, send.act.load.count) == (("client",), 200)
    # 3 s, and (256 - 100) / 256 s of lb02's (RFC 3768, 6.1).
    assert isinstance(taken.act, Expect)
    assert taken.act.within == 3.609375
    assert taken.text == "expect: vip 192.168.10.100 on lb02 within takeover"
    assert outage.act == Expect(Measured("outage", "<=", 4.609375))
    assert isinstance(stays.act, Stays)
    assert path.read_text().splitlines()[taken.line - 1].strip() == f"- {taken.text}"
    # Each step has time for itself: 200 requests take 10 s.
    assert (finish.limit, stays.limit, taken.limit) == (71.0, 62.0, 63.609375)


def test_scenarios_change_nothing_of_the_plan(tmp_path: Path) -> None:
    plain, more = lab(tmp_path), lab(tmp_path, STEPS, "more.yaml")
    assert compile_file(plain).plan == compile_file(more).plan == jobs(more)[0].plan
    assert compile_file(lab(tmp_path, "\nscenarios: {a: {steps: wrong}}\n", "x.yaml")).plan


def test_a_lab_without_scenarios_has_nothing_to_run(tmp_path: Path) -> None:
    path = lab(tmp_path)
    assert jobs(path) == ()
    assert not files.collect(path).is_beside
    path.write_text("name: x\n")
    with pytest.raises(LabFileError, match="'nodes' is missing"):
        jobs(path)


def test_a_file_beside_its_labs(tmp_path: Path) -> None:
    lab(tmp_path)
    lab(tmp_path, "", "other.yaml")
    path = tmp_path / "scenarios.yaml"
    path.write_text(f"lab: dr.yaml\n{STEPS}")
    (job,) = jobs(path)
    assert (job.lab, job.plan.lab, job.variant.values) == (tmp_path / "dr.yaml", "dr", ())
    assert files.collect(path).is_beside
    path.write_text(f"lab: [dr.yaml, other.yaml]\n{STEPS}")
    assert [one.variant.label for one in jobs(path)] == [
        "slow[lab=dr.yaml]",
        "slow[lab=other.yaml]",
    ]
    path.write_text(STEPS.replace("steps:", "matrix: {lab: [other.yaml, dr.yaml]}\n    steps:"))
    assert [one.lab.name for one in jobs(path)] == ["other.yaml", "dr.yaml"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LabFileError, match="no such file"):
        files.collect(tmp_path / "none.yaml")


def test_a_containerlab_topology_with_scenarios_beside_it(tmp_path: Path) -> None:
    (tmp_path / "one.clab.yml").write_text(
        "name: one\ntopology:\n  nodes:\n    a: {kind: linux, image: alpine}\n"
    )
    path = tmp_path / "scenarios.yaml"
    path.write_text(
        "lab: one.clab.yml\nscenarios:\n  a:\n    matrix: {topology.nodes.a.image: [alpine, x]}\n"
        '    steps: [{exec: "a: true"}]\n'
    )
    assert [job.plan.nodes[0].image for job in jobs(path)] == ["alpine", "x"]


def test_values_stand_in_texts(tmp_path: Path) -> None:
    path = lab(
        tmp_path,
        """
scenarios:
  a:
    description: With ${count}.
    matrix: {count: [5, 6], advert_int: [1s, 2s]}
    steps:
      - traffic: {to: "http://192.168.10.100/", count: "${count}", timeout: "${advert_int}"}
      - wait: ${advert_int}
      - finish: all
      - expect: answered == ${count}
      - exec: "client: echo ${HOME} $${count} ${count}"
""",
    )
    found = jobs(path)
    assert [job.variant.values for job in found] == [
        (("count", count), ("advert_int", advert))
        for count in ("5", "6")
        for advert in ("1s", "2s")
    ]
    last = found[-1].variant
    assert last.label == "a[count=6,advert_int=2s]"
    assert last.scenario.description == "With 6."
    send, wait, _, answered, run = last.scenario.steps
    assert isinstance(send.act, Send)
    assert (send.act.load.count, send.act.load.timeout) == (6, 2.0)
    assert wait.act == Wait(2.0)
    assert answered.text == "expect: answered == 6"
    assert run.text == "exec: client: echo ${HOME} ${count} 6"
    assert [f"advert_int {n}" in str(job.plan) for job in found for n in (1, 2)] == [
        True,
        False,
        False,
        True,
    ] * 2
