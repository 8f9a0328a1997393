"""Labs as containerlab topologies for machines that have no lvsnet."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from functools import cache as once
from pathlib import Path

import containerlab_shapes
import pytest
from test_export_topology import EXAMPLES, LABS, as_containerlab_reads, changed, commands, plan_of

from lvsnet import cache, resources
from lvsnet.export.containerlab_alone import containerlab
from lvsnet.export.packages import OF_PROGRAMS, lists, of_machine
from lvsnet.image.recipe import IMAGE_OF
from lvsnet.plan.model import File, Node, Plan

all_labs = pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)


@once
def files_of(plan: Plan) -> tuple[File, ...]:
    return tuple(containerlab(plan, lists()))


def exported(plan: Plan) -> dict[str, str]:
    return {file.path: file.content for file in files_of(plan)}


def nodes_of(plan: Plan) -> Mapping[str, dict[str, object]]:
    nodes = as_containerlab_reads(exported(plan)[f"{plan.lab}.clab.yml"])["topology"]["nodes"]
    return {name: dict(node) for name, node in nodes.items()}


def blocks(readme: str) -> list[list[list[str]]]:
    """The commands of a README: block -> line -> words."""
    found = re.findall(r"^```sh\n(.*?)\n```$", readme, re.MULTILINE | re.DOTALL)
    return [[shlex.split(line) for line in block.splitlines()] for block in found]


@all_labs
def test_containerlab_takes_it(lab: Path) -> None:
    plan = plan_of(lab)
    text = exported(plan)[f"{plan.lab}.clab.yml"]
    assert containerlab_shapes.topology(as_containerlab_reads(text)) == []


@all_labs
def test_it_is_the_same_site(lab: Path) -> None:
    plan = plan_of(lab)
    files = {file.path: file for file in files_of(plan)}
    document = as_containerlab_reads(files[f"{plan.lab}.clab.yml"].content)
    links: object = document["topology"]["links"]
    assert isinstance(links, list)
    ends = [end for link in links for end in link["endpoints"] if "mac" in end]
    macs = {(end["node"], end["interface"]): end["mac"] for end in ends}
    wired = [(node, one) for node in plan.nodes for one in node.interfaces]
    assert macs == {(node.name, one.name): one.mac for node, one in wired}
    for node in plan.nodes:
        described = document["topology"]["nodes"][node.name]
        assert_described(node, described)
        for file in node.files:
            copy = files[f"nodes/{node.name}/files{file.path}"]
            assert (copy.content, copy.mode) == (file.content, file.mode)
        install = files[f"nodes/{node.name}/install"].content
        copied = [shlex.split(line)[-1] for line in install.splitlines() if line[:3] == "cp "]
        assert copied == [file.path for file in node.files]


def assert_described(node: Node, described: dict[str, object]) -> None:
    early = described.get("sysctls", {})
    assert isinstance(early, dict)
    run = [shlex.split(line) for line in commands(described, "create-links")]
    late = dict(words[2].split("=", 1) for words in run if words[:2] == ["sysctl", "-w"])
    assert {**early, **late} == dict(node.sysctls)
    assert {(words[-1], words[3]) for words in run if words[:2] == ["ip", "address"]} == {
        *((one.name, address) for one in node.interfaces for address in one.addresses),
        *((extra.interface, extra.address) for extra in node.addresses),
    }
    assert [(words[3], words[5]) for words in run if words[:2] == ["ip", "route"]] == [
        (route.destination, route.via) for route in node.routes
    ]
    assert described.get("env", {}) == dict(node.environment)
    started = [shlex.split(line) for line in commands(described, "configure")]
    assert started == [
        *(["timeout", "60", *argv] for argv in node.commands),
        *(
            ["sh", f"/.lvsnet/start-{one.name}"]
            for one in sorted(node.daemons, key=lambda daemon: daemon.stage)
        ),
    ]


def test_nothing_in_it_is_of_this_machine_or_of_lvsnet_s_own_images() -> None:
    everything = "\n".join(text for one in exported(plan_of()).items() for text in one)
    for own in (str(cache.root()), str(resources.PACKAGE), str(Path.home()), "lvsnet/"):
        assert own not in everything.replace("/.lvsnet/", "")


@all_labs
def test_the_images_that_nodes_have_are_those_that_are_built(lab: Path) -> None:
    plan = plan_of(lab)
    files = exported(plan)
    (loop, build, _), *_ = blocks(files["README.md"])
    built = [word.strip(";") for word in loop[3:-1]]
    assert build[:2] == ["docker", "build"]
    used = {str(node["image"]) for node in nodes_of(plan).values()}
    users = {node.image for node in plan.nodes}
    assert used - users == {f"lvsnet-export/{one}" for one in built}
    assert re.findall(r"^FROM .* AS (.*)$", files["images/Dockerfile"], re.MULTILINE) == built


def test_a_machine_has_the_packages_of_its_role() -> None:
    stages = exported(plan_of())["images/Dockerfile"].split("\nFROM ")[1:]
    installed = {
        stage.partition(" AS ")[2].partition("\n")[0]: set(re.findall(r"^ {8}(\S+)", stage, re.M))
        for stage in stages
    }
    for node in plan_of().nodes:
        found = installed["base"] | installed[IMAGE_OF[node.role]]
        # One image does for machines that serve and for those that do not.
        assert found - set(of_machine(node, lists())) <= set(OF_PROGRAMS.values())
        assert found >= set(of_machine(node, lists()))


def test_an_image_of_the_user_s_is_not_built() -> None:
    plan = changed(plan_of(), "client", lambda node: replace(node, image="alpine:3"))
    assert nodes_of(plan)["client"]["image"] == "alpine:3"
    assert "AS client" not in exported(plan)["images/Dockerfile"]


def test_its_names_are_containerlab_s_own() -> None:
    plan = plan_of()
    assert "prefix" not in as_containerlab_reads(exported(plan)["dr.clab.yml"])
    assert "/run/netns/clab-dr-lb01 " in commands(nodes_of(plan)["lb01"], "create")[0]
    assert nodes_of(plan)["lb01"]["labels"] == {"lvsnet.role": "director"}


def test_the_readme_asks_through_the_vip() -> None:
    _, deploy, request, end = blocks(exported(plan_of())["README.md"])
    assert deploy == [["sudo", "containerlab", "deploy", "-t", "dr.clab.yml"]]
    assert request[0][8:] == [
        *("docker", "exec", "clab-dr-client", "curl", "-s", "http://192.168.10.100/;", "done")
    ]
    assert end[0][2] == "destroy"


def test_where_nobody_can_ask_the_readme_says_nothing_of_it() -> None:
    plan = plan_of()
    without = replace(plan, nodes=plan.nodes[1:])
    assert len(blocks(exported(without)["README.md"])) == 3
    assert len(blocks(exported(replace(plan, listed=()))["README.md"])) == 3


def test_no_shell_takes_the_brackets_of_an_ipv6_address_for_its_own() -> None:
    plan = plan_of(EXAMPLES["ipv6"])
    six = tuple(one for one in plan.listed if one.service.startswith("["))
    readme = exported(replace(plan, listed=six))["README.md"]
    assert "curl -s 'http://[fd00:10::100]/'; done" in readme
