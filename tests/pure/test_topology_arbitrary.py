"""Whatever is written in a topology, the answer is a topology or messages with places."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.errors import LabFileError, Problem
from lvsnet.export.containerlab_text import Value, written
from lvsnet.lab.topology import keys as topology_keys
from lvsnet.lab.topology import load as topology
from lvsnet.plan.topology import compile_topology
from lvsnet.plan.topology_process import without_images

PATH = Path("no-such-directory/x.clab.yml")

words = st.one_of(
    st.sampled_from(
        [
            *("linux", "bridge", "host", "a", "b", "sw", "", "none", "true", "x:1", "a:eth1"),
            *("b:eth1", "sw:p1", "container:a", "create", "configure", "on-exit", "sh -c 'x'"),
            *("NET_ADMIN", "/run", "missing:/x", "root", "no", "__clabDir__", "'", "10.0.0.1/24"),
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=6),
    st.integers(-5, 70000),
    st.booleans(),
)
keys = st.one_of(
    st.sampled_from(
        [
            *(topology_keys.NODE + topology_keys.STAGES + topology_keys.TOPOLOGY),
            *(topology_keys.LINK_OF_BRIEF + topology_keys.ENDPOINT),
            *("wait-for", "stage", "command", "phase", "target", "a", "b", "sw", "linux"),
        ]
    ),
    st.text("abc-", min_size=1, max_size=4),
)
anything: st.SearchStrategy[Value] = st.recursive(
    words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4)
)
levels = st.dictionaries(keys, anything, max_size=4)
topologies = st.fixed_dictionaries(
    {},
    optional={
        "defaults": levels | anything,
        "kinds": st.dictionaries(st.sampled_from(["linux", "bridge"]), levels, max_size=2),
        "groups": st.dictionaries(words.map(str), levels, max_size=2),
        "nodes": st.dictionaries(st.sampled_from(["a", "b", "sw"]), levels, max_size=3) | anything,
        "links": st.lists(
            st.fixed_dictionaries(
                {"endpoints": st.lists(words | levels, min_size=2, max_size=2)},
                optional={"type": words, "mtu": words},
            )
            | anything,
            max_size=3,
        ),
    },
)


def outcome(text: str) -> tuple[Problem, ...]:
    """What is told of a text; nothing of one that becomes a plan."""
    try:
        examined = topology.examine(topology.read(text, {"x": "y"}), PATH)
    except LabFileError as error:
        return error.problems
    without_images(compile_topology(examined.topology))
    return ()


@settings(deadline=None, max_examples=50)
@given(topologies, words)
def test_any_document_is_read_or_refused_with_places(body: Value, name: str | int | bool) -> None:
    problems = outcome(written({"name": name, "topology": body}))
    assert all(problem.line is not None for problem in problems)
    assert len(set(problems)) == len(problems)


@settings(deadline=None)
@given(st.text("name: topology\n{}[]$\"'&*-x", max_size=40))
def test_any_text_is_refused_with_reasons(text: str) -> None:
    assert outcome(f"topology:{text}")
