"""A node's container: what it may do and what it sees."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TypeVar

import pytest

from lvsnet.engine.runtimes import oci
from lvsnet.plan.model import Node

NODE = Node(
    name="lb01", role="director", interfaces=(), addresses=(), routes=(), sysctls=(), files=(),
    daemons=(), commands=(), environment=(("LANG", "C"), ("PATH", "/opt/bin")),
    capabilities=("CAP_NET_ADMIN", "CAP_NET_RAW"), privileged=False, image="",
)  # fmt: skip

T = TypeVar("T")


def configured(
    lab: str = "dr", node: Node = NODE, allowed: Collection[str] = ("CAP_SYS_RESOURCE",)
) -> Mapping[str, object]:
    return oci.config(lab, node, "/nodes/lb01/root", "/disks/lb01", allowed)


def part(config: object, *path: str, kind: type[T]) -> T:
    for key in path:
        assert isinstance(config, Mapping)
        config = config[key]
    assert isinstance(config, kind)
    return config


def test_a_node_has_namespaces_of_its_own() -> None:
    config = configured()
    kinds = part(config, "linux", "namespaces", kind=list)
    assert {one["type"] for one in kinds} == {"pid", "network", "ipc", "uts", "mount", "cgroup"}
    assert part(config, "hostname", kind=str) == "lb01"
    assert part(config, "root", "path", kind=str) == "/nodes/lb01/root"
    assert part(config, "process", "args", kind=list)[0] == "/usr/bin/tini"


def test_labs_do_not_share_control_groups() -> None:
    groups = {part(configured(lab), "linux", "cgroupsPath", kind=str) for lab in ("a", "b")}
    assert len(groups) == 2


@pytest.mark.parametrize("kind", ["bounding", "effective", "permitted"])
def test_the_nodes_capabilities_are_added_to_the_usual_ones(kind: str) -> None:
    given = part(configured(), "process", "capabilities", kind, kind=list)
    assert {"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_CHOWN"} <= set(given)
    assert not {"CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_PTRACE"} & set(given)
    assert given == sorted(set(given))


def test_a_privileged_node_has_all_capabilities_and_writes_everywhere() -> None:
    config = configured(node=replace(NODE, privileged=True))
    given = part(config, "process", "capabilities", "bounding", kind=list)
    assert len(given) == 41  # CAP_LAST_CAP is 40, include/uapi/linux/capability.h
    assert "CAP_SYS_ADMIN" in given
    linux = part(config, "linux", kind=dict)
    assert not {"readonlyPaths", "maskedPaths"} & linux.keys()
    mounts = part(config, "mounts", kind=list)
    assert not [one for one in mounts if "ro" in one["options"]]


def test_of_proc_sys_a_node_writes_net_alone() -> None:
    config = configured()
    read_only = part(config, "linux", "readonlyPaths", kind=list)
    assert "/proc/sys/kernel" in read_only
    assert not {"/proc/sys", "/proc/sys/net", "/proc"} & set(read_only)


def test_run_and_tmp_are_gone_after_a_reboot() -> None:
    mounts = part(configured(), "mounts", kind=list)
    kinds = {one["destination"]: one["type"] for one in mounts}
    assert kinds["/run"] == "tmpfs"
    assert not {"/", "/etc", "/var", "/root"} & kinds.keys()


def test_what_a_node_can_fill_is_on_the_labs_disks_or_small() -> None:
    mounts = {one["destination"]: one for one in part(configured(), "mounts", kind=list)}
    assert mounts["/tmp"]["source"] == "/disks/lb01/tmp"
    assert mounts["/dev/shm"]["source"] == "/disks/lb01/shm"
    assert "noexec" in mounts["/dev/shm"]["options"]
    for one in mounts.values():
        if one["type"] == "tmpfs":
            assert [option for option in one["options"] if option in ("size=1m", "size=8m")]
        elif one["type"] == "bind":
            assert "bind" in one["options"]


def test_a_nodes_init_is_spared_when_memory_runs_out_where_that_may_be_asked_for() -> None:
    assert part(configured(), "process", "oomScoreAdj", kind=int) == -1000
    assert "oomScoreAdj" not in part(configured(allowed=()), "process", kind=dict)


def test_the_users_environment_goes_before_the_usual_one() -> None:
    variables = part(configured(), "process", "env", kind=list)
    assert {"LANG=C", "PATH=/opt/bin", "HOME=/root"} <= set(variables)
    assert len([one for one in variables if one.startswith("PATH=")]) == 1


def test_the_configuration_is_json() -> None:
    config = configured()
    assert json.loads(json.dumps(config)) == config
