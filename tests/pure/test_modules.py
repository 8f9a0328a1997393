"""The order in which kernel modules are loaded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.errors import LvsnetError
from lvsnet.guest.modules import load_order, module_name

DEP = """\
kernel/net/netfilter/nf_conntrack.ko: kernel/net/ipv6/nf_defrag_ipv6.ko kernel/net/nf_defrag_ipv4.ko
kernel/net/ipv6/nf_defrag_ipv6.ko:
kernel/net/nf_defrag_ipv4.ko:
kernel/net/ipvs/ip_vs.ko: kernel/net/netfilter/nf_conntrack.ko kernel/net/ipv6/nf_defrag_ipv6.ko \
kernel/net/nf_defrag_ipv4.ko
kernel/net/ipvs/ip_vs_rr.ko: kernel/net/ipvs/ip_vs.ko kernel/net/netfilter/nf_conntrack.ko \
kernel/net/ipv6/nf_defrag_ipv6.ko kernel/net/nf_defrag_ipv4.ko
kernel/net/sched/sch-netem.ko:
"""
BUILTIN = "kernel/net/unix/unix.ko\nkernel/net/tun-nel.ko\n"


def names(order: tuple[str, ...]) -> list[str]:
    return [module_name(path) for path in order]


def test_what_a_module_needs_comes_first_and_once() -> None:
    assert names(load_order(DEP, BUILTIN, ["ip_vs_rr", "ip_vs", "nf_conntrack"])) == [
        "nf_defrag_ipv4",
        "nf_defrag_ipv6",
        "nf_conntrack",
        "ip_vs",
        "ip_vs_rr",
    ]


def test_built_in_modules_are_skipped() -> None:
    assert load_order(DEP, BUILTIN, ["unix", "tun_nel"]) == ()


@pytest.mark.parametrize("name", ["sch_netem", "sch-netem"])
def test_hyphen_and_underscore_are_the_same(name: str) -> None:
    assert load_order(DEP, BUILTIN, [name]) == ("kernel/net/sched/sch-netem.ko",)


def test_every_missing_module_is_named() -> None:
    with pytest.raises(LvsnetError, match=r"no module ip_vs_twos, sctp\. .* `lvsnet kernel build`"):
        load_order(DEP, BUILTIN, ["ip_vs_twos", "ip_vs", "sctp", "ip_vs_twos"])


def test_a_modules_dep_with_a_hole_is_an_error() -> None:
    with pytest.raises(LvsnetError, match=r"no line for kernel/b\.ko"):
        load_order("kernel/a.ko: kernel/b.ko\n", "", ["a"])


def test_compressed_modules_have_the_same_names() -> None:
    assert load_order("kernel/a.ko.xz:\n", "", ["a"]) == ("kernel/a.ko.xz",)


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    """Module -> what it needs directly; only earlier ones, so that there is no circle."""
    count = draw(st.integers(1, 12))
    paths = [f"kernel/m{number}.ko" for number in range(count)]
    return {
        path: draw(st.lists(st.sampled_from(paths[:number]), unique=True)) if number else []
        for number, path in enumerate(paths)
    }


@given(graphs(), st.data())
def test_any_graph_is_loaded_in_order(graph: dict[str, list[str]], data: st.DataObject) -> None:
    text = "".join(f"{path}: {' '.join(needs)}\n" for path, needs in graph.items())
    wanted = data.draw(st.lists(st.sampled_from(sorted(graph))))
    order = load_order(text, "", [module_name(path) for path in wanted])
    assert len(order) == len(set(order))
    assert set(wanted) <= set(order)
    needed = set(wanted)
    for position, path in reversed(list(enumerate(order))):
        assert path in needed
        needed.update(graph[path])
        assert set(graph[path]) <= set(order[:position])
