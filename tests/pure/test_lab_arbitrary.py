"""Whatever a lab file holds, there is a Lab or a LabFileError whose places are in the file."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lvsnet.errors import LabFileError, Problem
from lvsnet.lab.checks.allow import names
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Node, Plain, plain
from lvsnet.lab.load import examine, load, load_text

LABS = Path(__file__).parents[2] / "labs"
TEXTS_OF_LABS = {
    name: (LABS / f"{name}.yaml").read_text() for name in ("dr", "nat", "source-vrrp-tracked")
}
DR = TEXTS_OF_LABS["dr"]
MODEST = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))

YAML_BITS = st.one_of(
    st.sampled_from("[]{},:-?&*!|>'\"%@`#~ \n\t\\<=."),
    st.sampled_from(["\n  ", ": ", "- ", "&a ", "*a", "<<: ", "!!str ", "!<x> ", "---\n", "...\n"]),
    st.sampled_from(["%YAML 1.2\n", "%TAG ! x\n", "|2-\n", ">+\n", "\\x", "\\U00110000", "0x"]),
    st.sampled_from(["\x85", "\u2028", "\r", "\r\n", "\ufeff", "name", "nodes", "a", "1", ".inf"]),
)
TEXTS = st.one_of(st.text(), st.lists(YAML_BITS, max_size=60).map("".join))

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        "lan back lb01 nginx01 director dr nat VI_1 BACK MASTER 192.168.10.11 172.16.10.1".split()
        + "192.168.10.90/24 10.0.0.0/8 2s [key]".split()
    ),
)
KEYS = st.one_of(
    st.text(max_size=5),
    st.sampled_from(
        "name segments nodes vrrp services role interfaces files exec sysctls routes env".split()
        + "keepalived content source mode to via segment virtual_router_id addresses".split()
        + "priority address port method real_servers check type node weight subnet".split()
        + "state nopreempt unicast track_script track_interface script nodes group".split()
        + "authentication auth_pass configured_by timeouts allow preempt_delay notify".split()
        + ["topology", "lan", "lb01", "[key]", "<<"]
    ),
)
STRUCTURES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=30,
)
Place = list[str | int]


def problems_of(text: str) -> tuple[Problem, ...]:
    """Errors and warnings; a lab that has no errors is one."""
    wrong = False
    try:
        problems = examine(parse(text), Path("x.yaml")).warnings
    except LabFileError as error:
        wrong, problems = True, error.problems
    assert wrong == any(not problem.warning for problem in problems)
    return problems


def attempt(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in problems_of(text):
        assert "\n" not in str(problem)
        if problem.line is not None:
            assert problem.column is not None
            assert 1 <= problem.line <= len(lines)
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


@MODEST
@given(TEXTS)
def test_any_text(text: str) -> None:
    attempt(text)


@MODEST
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.yaml")
        path.write_bytes(data)
        with suppress(LabFileError):
            load(path)


@settings(MODEST, max_examples=120)
@given(st.dictionaries(KEYS, STRUCTURES, max_size=6))
def test_any_structure(data: dict[str, Plain]) -> None:
    attempt(json.dumps(data))


def places(value: Plain, at: Place) -> list[Place]:
    if isinstance(value, dict):
        return [
            place for key, one in value.items() for place in ([*at, key], *places(one, [*at, key]))
        ]
    if isinstance(value, list):
        return [
            place
            for index, one in enumerate(value)
            for place in ([*at, index], *places(one, [*at, index]))
        ]
    return []


@cache
def read(lab: str) -> Node:
    """To read a lab takes longer than to change it."""
    root = parse(TEXTS_OF_LABS[lab]).root
    assert root is not None
    return root


def data_of(lab: str) -> dict[str, Plain]:
    """A lab's values, for one who changes them."""
    data = plain(read(lab))
    assert isinstance(data, dict)
    return data


PLACES = [(lab, place) for lab in TEXTS_OF_LABS for place in places(data_of(lab), [])]
HOWS = st.sampled_from(["delete", "rename", "replace"])


@st.composite
def changed_labs(draw: st.DrawFn) -> dict[str, Plain]:
    """A lab of which up to four places are not as they were."""
    lab = draw(st.sampled_from(sorted(TEXTS_OF_LABS)))
    here = [place for other, place in PLACES if other == lab]
    data = data_of(lab)
    for place in draw(st.lists(st.sampled_from(here), min_size=1, max_size=4)):
        change(data, place, draw(HOWS), draw(STRUCTURES))
    return data


def change(data: dict[str, Plain], place: Place, how: str, value: Plain) -> None:
    inner: Plain = data
    for part in place[:-1]:
        if isinstance(inner, dict):
            inner = inner.get(str(part))
        elif isinstance(inner, list) and isinstance(part, int) and part < len(inner):
            inner = inner[part]
        else:
            return
    last = place[-1]
    if isinstance(inner, dict) and last in inner:
        old = inner.pop(str(last))
        if how == "rename":
            inner[str(value)] = old
        elif how == "replace":
            inner[str(last)] = value
    elif isinstance(inner, list) and isinstance(last, int) and last < len(inner):
        inner[last : last + 1] = {"replace": [value], "rename": [value, value]}.get(how, [])


@settings(MODEST, max_examples=160)
@given(changed_labs(), st.booleans())
def test_any_change_of_a_lab(data: dict[str, Plain], in_lines: bool) -> None:
    """Also in one line, with characters beyond ASCII."""
    attempt(json.dumps(data, indent=1) if in_lines else json.dumps(data, ensure_ascii=False))


@settings(MODEST, max_examples=50)
@given(changed_labs())
def test_allow_takes_away_what_has_a_name_and_nothing_else(data: dict[str, Plain]) -> None:
    strict = problems_of(json.dumps({**data, "allow": []}))
    kind = problems_of(json.dumps({**data, "allow": [*names()]}))
    assert not any(problem.rule for problem in kind)
    assert [one.message for one in strict if not one.rule] == [one.message for one in kind]


@settings(MODEST, max_examples=120)
@given(st.integers(0, len(DR) - 1), st.integers(0, 12), st.one_of(YAML_BITS, st.text(max_size=3)))
def test_any_edit_of_dr(start: int, length: int, inserted: str) -> None:
    attempt(DR[:start] + inserted + DR[start + length :])


def test_the_labs_themselves_are_reached_by_the_changes() -> None:
    assert load_text(json.dumps(data_of("dr")), Path("x.yaml")).name == "dr"
    assert len(PLACES) > 120
