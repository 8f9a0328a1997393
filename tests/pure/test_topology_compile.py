"""What a topology becomes, and what lvsnet exports becomes again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from lvsnet.engine.runtime import About, Record
from lvsnet.export.containerlab_topology import topology as exported
from lvsnet.lab.load import load
from lvsnet.lab.topology import load as topology
from lvsnet.lab.topology.model import ExaminedTopology
from lvsnet.plan.addressing import mac_address
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.model import File, Node, Plan
from lvsnet.plan.topology import compile_topology
from lvsnet.plan.topology_process import remark, without_images
from lvsnet.resources import example_labs

LABS = [
    *(file for name, file in example_labs().items() if not name.startswith("vips-")),
    example_labs()["vips-4-two-networks"],
    *sorted((Path(__file__).parent / "labs").glob("*.yaml")),
]


def read(text: str, path: Path = Path("x.clab.yml")) -> ExaminedTopology:
    return topology.examine(topology.read(text, {}), path)


def compiled(text: str) -> Plan:
    return compile_topology(read(text).topology)


def nodes(**written: str) -> str:
    """The text of a topology with these nodes of kind linux."""
    lines = [f"    {name}: {{image: 'x:1', {keys}}}\n" for name, keys in written.items()]
    return "name: x\ntopology:\n  defaults: {kind: linux}\n  nodes:\n" + "".join(lines)


def test_a_link_is_a_segment_with_two_ports() -> None:
    text = nodes(a="", b="") + "  links: [{endpoints: [a:eth1, b:ens3], mtu: 1400}]\n"
    plan = compiled(text)
    (segment,) = plan.segments
    assert (segment.bridge, segment.mtu) == ("link1", 1400)
    (first,), (second,) = (node.interfaces for node in plan.nodes)
    assert (first.name, first.port, first.segment) == ("eth1", "a-eth1", segment.name)
    assert (second.name, second.port, second.segment) == ("ens3", "b-ens3", segment.name)
    assert (first.mtu, second.mtu) == (1400, 1400)
    assert first.addresses == second.addresses == ()
    assert first.mac == mac_address("x", "a", "eth1")


def test_links_to_a_bridge_are_ports_of_one_segment() -> None:
    text = nodes(a="", b="") + (
        "    sw: {kind: bridge}\n"
        "    lonely: {kind: bridge}\n"
        "    jumbo: {kind: bridge}\n"
        "  links:\n"
        "    - {endpoints: [a:eth9, jumbo:p1], mtu: 16000}\n"
        "    - {endpoints: [a:eth1, sw:p1], mtu: 1500}\n"
        "    - {endpoints: [sw:p2, b:eth1]}\n"
        "    - type: veth\n"
        "      endpoints: [{node: sw, interface: p3, mac: 02-00-00-00-00-03},\n"
        "                  {node: b, interface: eth2, mac: 02-00-00-00-00-0A}]\n"
    )
    plan = compiled(text)
    assert [(one.name, one.bridge, one.mtu) for one in plan.segments] == [
        ("sw", "sw", 1500),
        ("lonely", "lonely", 9500),
        ("jumbo", "jumbo", 16000),
    ]
    assert [(one.segment, one.mtu) for one in plan.nodes[0].interfaces] == [
        ("jumbo", 16000),
        ("sw", 1500),
    ]
    assert [(one.segment, one.mtu) for one in plan.nodes[1].interfaces] == [
        ("sw", 9500),
        ("sw", 9500),
    ]
    assert plan.nodes[1].interfaces[1].mac == "02:00:00:00:00:0a"


def test_names_in_the_fabric_are_unique_and_fit() -> None:
    long = "a-name-that-is-much-too-long"
    text = nodes(**{"link1": "", f"{long}1": "", f"{long}2": ""}) + (
        f"    {long}-bridge: {{kind: bridge}}\n"
        "    link2: {kind: bridge}\n"
        "  links:\n"
        f"    - endpoints: [{long}1:eth1, {long}-bridge:p1]\n"
        f"    - endpoints: [{long}2:eth1, link2:p1]\n"
        f"    - endpoints: [{long}1:eth2, {long}2:eth2]\n"
    )
    plan = compiled(text)
    names = [one.bridge for one in plan.segments]
    names += [one.port for node in plan.nodes for one in node.interfaces]
    assert len(set(names)) == len(names) == 7
    assert all(len(name) <= 15 for name in names)


def test_a_node_is_privileged_unless_it_says_no() -> None:
    plan = compiled(nodes(a="", b="privileged: false", c="privileged: true", d="privileged: No"))
    assert [node.privileged for node in plan.nodes] == [True, False, True, False]


def test_labels_are_variables_but_lvsnets_own() -> None:
    (node,) = compiled(nodes(a="labels: {my-label/x.y: 1, lvsnet.lab.spec: long}")).nodes
    environment = dict(node.environment)
    assert environment["CLAB_LABEL_MY_LABEL_X_Y"] == "1"
    assert not any("LVSNET" in name for name in environment)


def test_commands_come_after_the_process_of_their_stage() -> None:
    plan = compiled(
        nodes(
            a="stages: {create: {wait-for: [{node: b, stage: configure}]}}, exec: [one]",
            b="cmd: serve, exec: [two]",
        )
    )
    first, second = plan.nodes
    assert [(one.argv, one.stage) for one in first.afterwards] == [(("one",), 2)]
    assert [(one.argv, one.stage) for one in second.afterwards] == [(("two",), 1)]
    assert second.process[0].stage == 1


def test_stages_come_in_their_order_and_exec_last() -> None:
    stages = (
        "exec: [exec], stages: {configure: {exec: {on-exit: [d], on-enter: [c]}}, "
        "create-links: {exec: [{command: b, phase: on-exit}, {command: a}, {command: a}]}, "
        "create: {exec: [{command: first, phase: on-exit, target: container}]}}"
    )
    (node,) = compiled(nodes(a=stages)).nodes
    assert [one.argv[0] for one in node.afterwards] == ["first", "a", "a", "b", "c", "d", "exec"]


@pytest.mark.parametrize(
    ("written", "modules"),
    [
        ("", []),
        ("exec: [ipvsadm -Ln]", ["ip_vs"]),
        ("cmd: 'sh -c \"ipvsadm -R; sleep infinity\"'", ["ip_vs"]),
        (
            "stages: {create: {exec: [{command: sudo modprobe -a ip-vs 8021q, target: host}]}}",
            ["ip_vs", "8021q"],
        ),
        ("exec: [modprobe dummy]", []),
    ],
)
def test_the_kernel_is_asked_for_what_is_named(written: str, modules: list[str]) -> None:
    assert compiled(nodes(a=written)).kernel == ("veth", "bridge", *modules)


def test_a_bound_configuration_of_keepalived_asks_for_its_schedulers(tmp_path: Path) -> None:
    configuration = "virtual_server 10.0.0.1 80 {\n  lvs_sched wrr\n}\n"
    (tmp_path / "keepalived.conf").write_text(configuration)
    text = nodes(a="binds: ['keepalived.conf:/etc/keepalived/keepalived.conf:ro']")
    plan = compile_topology(read(text, tmp_path / "x.clab.yml").topology)
    assert plan.kernel == ("veth", "bridge", "ip_vs", "ip_vs_wrr")
    assert File("/etc/keepalived/keepalived.conf", configuration, 0o644) in [
        File(file.path, file.content, 0o644) for file in plan.nodes[0].files
    ]


def test_magic_variables_lead_to_the_labs_own_directory(tmp_path: Path) -> None:
    own = tmp_path / "clab-x/a"
    own.mkdir(parents=True)
    (own / "conf").write_text("a's")
    (tmp_path / "clab-x/all").write_text("all's")
    text = nodes(a="binds: [__clabNodeDir__/conf:/conf, __clabDir__/all:/all]")
    plan = compile_topology(read(text, tmp_path / "x.clab.yml").topology)
    files = {file.path: file.content for file in plan.nodes[0].files}
    assert (files["/conf"], files["/all"]) == ("a's", "all's")


def test_what_a_node_binds_takes_the_place_of_its_own_files(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("mine")
    text = nodes(a="binds: [hosts:/etc/hosts]")
    plan = compile_topology(read(text, tmp_path / "x.clab.yml").topology)
    assert [file.content for file in plan.nodes[0].files if file.path == "/etc/hosts"] == ["mine"]


def exported_again(lab: Path, tmp_path: Path) -> tuple[Plan, ExaminedTopology]:
    """A lab's plan, and its exported topology as it is read."""
    plan = compile_lab(load(lab))
    record = Record(About("", "containerlab", "host", "a test", 0), plan)
    images = {node.name: node.image or f"lvsnet/{node.role}:key" for node in plan.nodes}

    def labels(node: Node) -> Mapping[str, str]:
        return {"lvsnet.role": node.role}

    for file in exported(record, images, "lvsnet/base:key", labels):
        path = tmp_path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content)
        path.chmod(file.mode)
    (written,) = tmp_path.glob("*.clab.yml")
    return plan, read(written.read_text(), written)


@pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)
def test_what_lvsnet_exports_it_runs_without_a_warning(lab: Path, tmp_path: Path) -> None:
    before, examined = exported_again(lab, tmp_path)
    assert examined.warnings == ()
    plan = compile_topology(examined.topology)
    after = {node.name: node for node in without_images(plan).nodes}
    assert set(plan.kernel) == set(before.kernel)
    for node in before.nodes:
        again = after[node.name]
        assert again.role == node.role
        assert again.privileged == node.privileged
        assert set(again.capabilities) == set(node.capabilities)
        assert [(one.name, one.mac, one.mtu) for one in again.interfaces] == [
            (one.name, one.mac, one.mtu) for one in node.interfaces
        ]
        assert set(node.environment) <= set(again.environment)
        # An exported container only waits; its daemons are started by its commands.
        assert again.daemons == ()
        carried = {file.path: file.content for file in again.files}
        for file in node.files:
            assert carried[f"/.lvsnet/files{file.path}"] == file.content
    own = [node.image for node in before.nodes if node.image]
    assert bool(remark(plan)) == bool(own)


def test_directors_of_an_export_begin_when_real_servers_are_done(tmp_path: Path) -> None:
    _, examined = exported_again(example_labs()["dr"], tmp_path)
    stage = {machine.name: machine.stage for machine in examined.topology.machines}
    assert stage["nginx01"] == stage["nginx02"] < stage["lb01"] == stage["lb02"] < stage["client"]
