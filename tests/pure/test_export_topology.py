"""Labs as containerlab topologies.

After a change that is meant, ``LVSNET_UPDATE_GOLDEN=1 pytest`` with the path of this file
writes the golden files anew; read their diff before you commit it.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import containerlab_shapes
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lvsnet.engine.runtime import About, Record
from lvsnet.errors import LvsnetError
from lvsnet.export.containerlab_text import written
from lvsnet.export.containerlab_topology import topology
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.model import Daemon, File, Node, Plan, Process
from lvsnet.resources import example_labs

HERE = Path(__file__).parent
GOLDEN = HERE / "golden_containerlab"
EXAMPLES = example_labs()
LABS = [
    *(file for name, file in EXAMPLES.items() if not name.startswith("vips-")),
    EXAMPLES["vips-4-two-networks"],
    *sorted((HERE / "labs").glob("*.yaml")),
]


@cache
def exported(plan: Plan) -> tuple[File, ...]:
    record = Record(About("", "containerlab", "host 6.12", "as it was asked for", 0), plan)
    images = {node.name: node.image or f"lvsnet/{node.role}:key" for node in plan.nodes}
    return topology(record, images, "lvsnet/base:key", lambda node: {"lvsnet.node": node.name})


@cache
def plan_of(lab: Path = EXAMPLES["dr"]) -> Plan:
    return compile_lab(load(lab))


def changed(plan: Plan, name: str, change: Callable[[Node], Node]) -> Plan:
    """``plan`` with another version of one of its nodes."""
    nodes = [change(node) if node.name == name else node for node in plan.nodes]
    return replace(plan, nodes=tuple(nodes))


Document = dict[str, dict[str, dict[str, dict[str, object]]]]


@cache
def as_containerlab_reads(text: str) -> Document:
    document = parsed(text)
    assert isinstance(document, dict)
    return document


def parsed(text: str) -> object:
    """As YAML 1.1, when the template and the variables have been put in."""
    assert "{{" not in text.replace('{{"{{"}}', "")
    text = text.replace('{{"{{"}}', "{{")
    assert "$" not in text.replace("$$", "")
    yaml = YAML(typ="safe")
    yaml.version = (1, 1)
    document: object = yaml.load(text.replace("$$", "$"))
    return document


def node_of(plan: Plan, name: str) -> dict[str, object]:
    node = as_containerlab_reads(exported(plan)[0].content)["topology"]["nodes"][name]
    assert isinstance(node, dict)
    return node


def commands(node: Mapping[str, object], stage: str) -> list[str]:
    stages = node["stages"]
    assert isinstance(stages, dict)
    return [entry["command"] for entry in stages.get(stage, {}).get("exec", [])]


@pytest.mark.parametrize("name", ["dr", "nat", "source-vrrp"])
def test_a_lab_becomes_its_golden_topology(name: str) -> None:
    golden = GOLDEN / name
    files = exported(plan_of(EXAMPLES[name]))
    found = {file.path: file.content for file in files if "/files/" not in file.path}
    if os.environ.get("LVSNET_UPDATE_GOLDEN") == "1":
        shutil.rmtree(golden, ignore_errors=True)
        for name, content in found.items():
            (golden / name).parent.mkdir(parents=True, exist_ok=True)
            (golden / name).write_text(content)
    kept = {
        path.relative_to(golden).as_posix(): path.read_text()
        for path in golden.rglob("*")
        if path.is_file()
    }
    assert sorted(found) == sorted(kept)
    for name, content in kept.items():
        assert found[name] == content, name


@pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)
def test_every_key_and_value_is_one_that_containerlab_takes(lab: Path) -> None:
    text = exported(plan_of(lab))[0].content
    assert containerlab_shapes.topology(as_containerlab_reads(text)) == []
    assert containerlab_shapes.topology(as_containerlab_reads(text + "prefx: x\n")) == [
        "prefx is no key"
    ]


@pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)
def test_nodes_wait_for_each_other_without_a_circle(lab: Path) -> None:
    # containerlab refuses circles between nodes, whatever their stages.
    nodes = as_containerlab_reads(exported(plan_of(lab))[0].content)["topology"]["nodes"]
    waiting = {}
    for name, node in nodes.items():
        stages = node["stages"]
        assert isinstance(stages, dict)
        # Elsewhere than in create, waiting takes up a worker.
        assert not [stage for stage in stages if stage != "create" and "wait-for" in stages[stage]]
        waiting[name] = {entry["node"] for entry in stages.get("create", {}).get("wait-for", [])}
    while waiting:
        free = {name for name, others in waiting.items() if not others & set(waiting)}
        assert free
        waiting = {name: others for name, others in waiting.items() if name not in free}


def test_a_node_s_files_lie_in_its_directory_with_their_permissions() -> None:
    plan = plan_of()
    found = {file.path: file for file in exported(plan)}
    for node in plan.nodes:
        for file in node.files:
            there = found[f"nodes/{node.name}/files{file.path}"]
            assert (there.content, there.mode) == (file.content, file.mode)


def test_no_word_of_a_command_is_changed_on_its_way() -> None:
    words = ("sh", "-c", "echo $HOME $$ ${A:-b} '{{.x}}' \"q\" # no\n\té}}", "", "no", "22:22", "~")
    node = node_of(
        changed(plan_of(), "client", lambda node: replace(node, commands=(words,))), "client"
    )
    assert shlex.split(commands(node, "configure")[0]) == ["timeout", "60", *words]


def test_an_environment_is_text_whatever_it_looks_like() -> None:
    values = (("NO", "no"), ("Y", "22:22"), ("A", "0x1f"), ("B", ""), ("C", "$X {{ 1_000"))
    node = node_of(
        changed(plan_of(), "client", lambda node: replace(node, environment=values)), "client"
    )
    assert node["env"] == dict(values)


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_any_text_comes_out_of_the_file_as_it_went_in(values: dict[str, str]) -> None:
    assert parsed(written(values)) == values


def test_sysctls_of_interfaces_and_what_follows_are_set_by_command() -> None:
    wanted = (
        ("net.ipv4.ip_forward", "1"),
        ("net.ipv4.conf.eth1.rp_filter", "2"),
        ("net.ipv4.conf.all.rp_filter", "0"),
    )
    node = node_of(
        changed(plan_of(), "client", lambda node: replace(node, sysctls=wanted)), "client"
    )
    assert node["sysctls"] == {"net.ipv4.ip_forward": "1"}
    assert commands(node, "create-links")[:2] == [
        "sysctl -w net.ipv4.conf.eth1.rp_filter=2",
        "sysctl -w net.ipv4.conf.all.rp_filter=0",
    ]


def test_an_address_comes_after_the_sysctls_that_hide_it() -> None:
    node = node_of(plan_of(), "nginx01")
    assert node["sysctls"] == {
        "net.ipv4.conf.all.arp_ignore": "1",
        "net.ipv4.conf.all.arp_announce": "2",
    }
    assert "ip address replace 192.168.10.100/32 dev lo" in commands(node, "create-links")


def test_only_a_privileged_node_is_privileged() -> None:
    plan = changed(plan_of(), "lb01", lambda node: replace(node, privileged=True))
    defaults: Mapping[str, object] = as_containerlab_reads(exported(plan)[0].content)["topology"][
        "defaults"
    ]
    # containerlab's own default is true.
    assert defaults["privileged"] is False
    assert node_of(plan, "lb01")["privileged"] is True
    # It may write every sysctl as it is.
    assert not commands(node_of(plan, "lb01"), "create")
    other = node_of(plan, "lb02")
    assert "privileged" not in other
    assert other["cap-add"] == ["NET_ADMIN", "NET_RAW"]
    assert "lvsnet-dr-lb02" in commands(other, "create")[0]


def test_an_image_of_the_user_s_runs_nothing_by_itself() -> None:
    node = node_of(
        changed(plan_of(), "client", lambda node: replace(node, image="alpine:3")), "client"
    )
    assert (node["image"], node["entrypoint"], node["cmd"]) == ("alpine:3", "sleep", "infinity")


def test_modules_are_loaded_on_the_host_before_anything_is_made() -> None:
    plan = plan_of()
    first = next(iter(as_containerlab_reads(exported(plan)[0].content)["topology"]["nodes"]))
    assert "modprobe -a ip_vs ip_vs_rr" in commands(node_of(plan, first), "create")[0]
    without = node_of(replace(plan, kernel=("veth", "bridge")), first)
    assert not commands(without, "create")


def test_a_segment_s_node_has_a_name_of_its_own() -> None:
    plan = plan_of()
    renamed = replace(plan.nodes[0], name="br-lan")
    plan = replace(plan, nodes=(renamed, *plan.nodes[1:]))
    nodes = as_containerlab_reads(exported(plan)[0].content)["topology"]["nodes"]
    assert list(nodes)[:2] == ["br-lan-segment", "br-lan"]


def test_a_name_that_containerlab_keeps_is_refused() -> None:
    plan = plan_of()
    named = replace(plan.nodes[0], name="host")
    with pytest.raises(LvsnetError, match="node host: containerlab keeps this name"):
        exported(replace(plan, nodes=(named, *plan.nodes[1:])))


def test_a_node_s_daemons_start_in_the_order_of_their_stages() -> None:
    daemons = (Daemon("b", ("b",), 2), Daemon("a", ("a",), 1))
    node = node_of(changed(plan_of(), "lb01", lambda node: replace(node, daemons=daemons)), "lb01")
    assert commands(node, "configure") == ["sh /.lvsnet/start-a", "sh /.lvsnet/start-b"]


def test_a_director_waits_for_real_servers_that_run_keepalived_too() -> None:
    plan = plan_of(EXAMPLES["source-vrrp"])
    assert commands(node_of(plan, "nginx01"), "configure") == [
        "sh /.lvsnet/start-nginx",
        "sh /.lvsnet/start-keepalived",
    ]
    stages = node_of(plan, "lb01")["stages"]
    assert isinstance(stages, dict)
    waiting = [(one["node"], one["stage"]) for one in stages["create"]["wait-for"]]
    assert waiting == [("nginx01", "configure"), ("nginx02", "configure")]


def test_what_is_a_containerlab_topology_already_is_refused() -> None:
    process = (Process((), ("sleep", "1"), "", 1),)
    plan = changed(plan_of(), "client", lambda node: replace(node, process=process))
    with pytest.raises(LvsnetError, match="node client: it comes from a containerlab topology"):
        exported(plan)


def test_a_daemon_of_which_nothing_is_known_must_live_for_half_a_second() -> None:
    plan = changed(
        plan_of(), "client", lambda node: replace(node, daemons=(Daemon("d", ("d", "a b"), 1),))
    )
    script = {file.path: file.content for file in exported(plan)}["nodes/client/start-d"]
    assert "setsid d 'a b' </dev/null" in script
    assert "test $tries -le 145" in script


def test_labels_are_those_that_were_asked_for() -> None:
    def node_labels(node: Node) -> Mapping[str, str]:
        return {"lvsnet.role": node.role, "lvsnet.node.spec": "eNo=$"}

    plan = plan_of()
    record = Record(About("", "containerlab", "host", "", 0), plan)
    text = topology(record, {node.name: "i" for node in plan.nodes}, "b", node_labels)[0].content
    nodes = as_containerlab_reads(text)["topology"]["nodes"]
    assert nodes["lb01"]["labels"] == {"lvsnet.role": "director", "lvsnet.node.spec": "eNo=$"}
    # A segment's node is none of the lab's, or it would be looked for in the plan.
    assert nodes["br-lan"]["labels"] == {"lvsnet.segment": "lan"}
