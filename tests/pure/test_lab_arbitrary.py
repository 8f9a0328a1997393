"""Whatever a lab file holds, there is a Lab or a LabFileError whose places are in the file."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lvsnet.errors import LabFileError, Problem
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Plain, plain
from lvsnet.lab.load import load, load_text

DR = (Path(__file__).parents[2] / "labs" / "dr.yaml").read_text()
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
        ["lan", "lb01", "director", "dr", "192.168.10.11", "10.0.0.0/8", "2s", "[key]"]
    ),
)
KEYS = st.one_of(
    st.text(max_size=5),
    st.sampled_from(
        "name segments nodes vrrp services role interfaces files exec sysctls routes env".split()
        + "keepalived content source mode to via segment virtual_router_id addresses".split()
        + "priority address port method real_servers check type node weight subnet".split()
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
    """None when the text is a lab."""
    try:
        load_text(text, Path("x.yaml"))
    except LabFileError as error:
        return error.problems
    return ()


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


@MODEST
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


def data_of_dr() -> dict[str, Plain]:
    root = parse(DR).root
    assert root is not None
    data = plain(root)
    assert isinstance(data, dict)
    return data


PLACES = places(data_of_dr(), [])


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


@MODEST
@given(
    st.lists(
        st.tuples(
            st.sampled_from(PLACES), st.sampled_from(["delete", "rename", "replace"]), STRUCTURES
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_change_of_dr(changes: list[tuple[Place, str, Plain]]) -> None:
    data = data_of_dr()
    for place, how, value in changes:
        change(data, place, how, value)
    attempt(json.dumps(data, indent=1))
    attempt(json.dumps(data, ensure_ascii=False))


@MODEST
@given(st.integers(0, len(DR) - 1), st.integers(0, 12), st.one_of(YAML_BITS, st.text(max_size=3)))
def test_any_edit_of_dr(start: int, length: int, inserted: str) -> None:
    attempt(DR[:start] + inserted + DR[start + length :])


def test_dr_itself_is_reached_by_the_changes() -> None:
    assert load_text(json.dumps(data_of_dr()), Path("x.yaml")).name == "dr"
    assert len(PLACES) > 40
