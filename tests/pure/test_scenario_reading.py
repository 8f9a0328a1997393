"""Reading scenarios: what is made of steps, and that nothing but messages comes of wrong ones."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.compiled import compile_file
from lvsnet.errors import LabFileError
from lvsnet.faults.model import LinkDown, Put
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Table
from lvsnet.lab.topology.values import Told
from lvsnet.plan.model import Plan
from lvsnet.resources import example_labs
from lvsnet.scenario import commands, files, loads, reading
from lvsnet.scenario.model import Break, Expect, Finish, Run, Scenario, Send, Step
from lvsnet.traffic.model import Target

VIP = "192.168.10.100"
WEB = {"to": f"http://{VIP}/", "count": 10}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_file(example_labs()["dr"]).plan


def read(plan: Plan | None, scenario: dict[str, object]) -> tuple[Scenario | None, list[str]]:
    """A scenario of this JSON, and what is said to be wrong with it."""
    root = parse(json.dumps({"scenarios": {"a": scenario}})).root
    assert isinstance(root, Table)
    told = Told()
    found = None
    for one in reading.written(root, told):
        for combination in one.variants:
            found = reading.scenario(one, combination, plan, told)
    return found, [fault.message for fault in told.faults]


def steps(plan: Plan | None, *some: object) -> tuple[Step, ...]:
    found, wrong = read(plan, {"steps": list(some)})
    assert wrong == []
    assert found is not None
    return found.steps


def messages(plan: Plan | None, *some: object) -> list[str]:
    found, wrong = read(plan, {"steps": list(some)})
    assert found is None
    return wrong


def test_the_only_client_sends_when_nobody_says(plan: Plan) -> None:
    (step,) = steps(plan, {"traffic": dict(WEB)})
    assert isinstance(step.act, Send)
    load = step.act.load
    assert (load.name, load.clients, load.target) == (
        "traffic",
        ("client",),
        Target("http", VIP, 80),
    )
    assert (load.rate, load.count, load.seconds) == (loads.RATE, 10, None)
    assert step.text == f"traffic: traffic: client -> http://{VIP}/, 20/s, 10 requests"


def test_loads_without_names_have_different_ones(plan: Plan) -> None:
    first, second, third, finish = steps(
        plan, *({"traffic": dict(WEB)} for _ in range(3)), {"finish": ["traffic-2", "traffic"]}
    )
    names = [one.act.load.name for one in (first, second, third) if isinstance(one.act, Send)]
    assert names == ["traffic", "traffic-2", "traffic-3"]
    assert finish.act == Finish(("traffic-2", "traffic"))


def test_a_segment_stands_for_the_interface(plan: Plan) -> None:
    (step,) = steps(plan, {"fault": "link  down lb01:lan"})
    assert step.act == Break(Put(LinkDown("lb01", "eth1")))
    assert step.text == "fault: link down lb01:lan"


def test_a_command(plan: Plan) -> None:
    short, long = steps(
        plan,
        {"exec": "client: curl -s x: 1"},
        {
            "exec": {"node": "lb01", "run": "a\n b", "code": "any", "output": "c", "within": "2s"},
            "limit": "5s",
            "pass": "yes",
            "fail": 1,
        },
    )
    assert short.act == Expect(Run("client", "curl -s x: 1"))
    assert long.act == Expect(Run("lb01", "a\n b", None, "c"), 2.0)
    assert long.text == "exec: lb01: a b; any code; output c; within 2 s"
    assert (long.limit, long.on_pass, long.on_fail) == (5.0, "yes", "1")


@pytest.mark.parametrize(
    ("load", "seconds"),
    [
        ({"count": 100, "rate": 20}, 5.0),
        ({"for": "10s"}, 10.0),
        ({"for": "10s", "count": 100, "rate": 20}, 5.0),
        ({"count": 100, "rate": 0, "connections": 5, "timeout": "2s"}, 40.0),
        ({}, None),
    ],
)
def test_how_long_a_load_takes(plan: Plan, load: dict[str, object], seconds: float | None) -> None:
    (step,) = steps(plan, {"traffic": {"to": VIP, **load}})
    assert isinstance(step.act, Send)
    assert loads.length(step.act.load) == seconds


def test_what_follows_from_a_wrong_load_is_not_told(plan: Plan) -> None:
    wrong = messages(
        plan,
        {"traffic": {"name": "web", "to": VIP, "counts": 10}},
        {"finish": "web"},
        {"expect": "lost == 0 of web"},
    )
    assert wrong == ["scenarios.a.steps[0].traffic: unknown key 'counts'; did you mean 'count'?"]


def test_without_a_plan_shapes_and_sentences_are_checked() -> None:
    assert steps(None, {"fault": "stop lb09"}, {"expect": "vip 10.0.0.1 on lb09 within takeover"})
    wrong = messages(None, {"fault": "stpo lb09"}, {"expect": "vip 10.0.0.1 on"})
    assert [one.partition(": ")[0] for one in wrong] == [
        "scenarios.a.steps[0].fault",
        "scenarios.a.steps[1].expect",
    ]


def test_a_name_that_the_client_knows_is_a_target(plan: Plan) -> None:
    assert steps(plan, {"traffic": {"to": "nginx01"}}, {"traffic": {"to": "http://127.0.0.1/"}})
    assert messages(plan, {"traffic": {"to": "nginx1"}}) == [
        "scenarios.a.steps[0].traffic: client knows no host nginx1; did you mean nginx01?"
    ]


def test_too_many_steps() -> None:
    (wrong,) = messages(None, *({"wait": "1ms"} for _ in range(reading.MOST_STEPS + 1)))
    assert wrong == "scenarios.a.steps: has 1001 steps; at most 1000"


words = st.sampled_from(
    (
        *reading.ACTS, *reading.KEYS, *reading.OPTIONS, *commands.KEYS, *loads.KEYS,
        "all", "any", "2s", "20/s", "${a}", "$${a}", "a", VIP, f"http://{VIP}/", "client", "lb01",
        "stop lb01", "link down lb01:eth1", f"vip {VIP} on lb01", "outage <= takeover",
        "lost == 1",
        "spread even within 1%", "no two holders", "client: true", "(", "", "method",
        "priority.lb01", "traffic",
        "services.web", "dr", "nat", "lab", "dr.yaml", "\n", "\x85", "nodes.lb01.sysctls.a.b",
    )
)  # fmt: skip
leaves = st.one_of(words, st.none(), st.booleans(), st.integers(-1, 300), st.floats(0, 2))
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
some_steps = st.lists(
    st.dictionaries(st.sampled_from((*reading.ACTS, *reading.OPTIONS)), values, max_size=2),
    max_size=4,
)
some_scenarios = st.fixed_dictionaries(
    {}, optional={"matrix": values, "always": values, "limit": values, "steps": some_steps | values}
)


@settings(max_examples=50)
@given(some_scenarios | values)
def test_whatever_is_written_a_message_is_all_that_comes_of_it(
    tmp_path_factory: pytest.TempPathFactory, scenario: object
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "dr.yaml").write_text(example_labs()["dr"].read_text())
    path = folder / "scenarios.yaml"
    path.write_text(json.dumps({"lab": "dr.yaml", "scenarios": {"a": scenario}}))
    with suppress(LabFileError):
        for job in files.variants(files.collect(Path(path))):
            assert job.variant.scenario.steps
