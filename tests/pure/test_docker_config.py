"""What a node's container is asked to be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lvsnet.engine.runtimes import docker_config
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.model import Daemon, Node
from lvsnet.resources import example_labs

DAEMON = Daemon("web", ("nginx", "-g", "daemon off;"), 1)


@pytest.fixture(scope="module")
def node() -> Node:
    return compile_lab(load(example_labs()["dr"])).nodes[1]


def of(node: Node, *, apparmor: bool = False) -> tuple[dict[str, object], dict[str, object]]:
    body = docker_config.container(node, "some:image", {"lvsnet.lab": "dr"}, apparmor=apparmor)
    host = body["HostConfig"]
    assert isinstance(host, dict)
    return body, host


def test_a_node_has_no_docker_network_and_is_not_restarted(node: Node) -> None:
    body, host = of(node)
    assert (host["NetworkMode"], host["RestartPolicy"]) == ("none", {"Name": "no"})
    assert (body["Hostname"], body["Image"], body["User"]) == ("lb01", "some:image", "0:0")
    assert body["Labels"] == {"lvsnet.lab": "dr"}


def test_a_node_has_the_least_privilege_that_will_do(node: Node) -> None:
    _, host = of(replace(node, capabilities=("CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_TIME")))
    assert host["CapAdd"] == ["NET_ADMIN", "NET_RAW", "SYS_TIME"]
    assert "Privileged" not in host
    read_only = host["ReadonlyPaths"]
    assert isinstance(read_only, list)
    assert "/proc/sys/kernel" in read_only
    assert not any("/proc/sys/net".startswith(path) for path in read_only)


def test_a_privileged_node_is_given_all(node: Node) -> None:
    _, host = of(replace(node, privileged=True), apparmor=True)
    assert host["Privileged"] is True
    assert not {"MaskedPaths", "ReadonlyPaths", "CapAdd", "SecurityOpt"} & set(host)


def test_apparmor_is_taken_off_only_where_it_is(node: Node) -> None:
    assert of(node, apparmor=True)[1]["SecurityOpt"] == ["apparmor=unconfined"]
    assert "SecurityOpt" not in of(node)[1]


def test_run_and_tmp_are_gone_after_a_reboot(node: Node) -> None:
    tmpfs = of(node)[1]["Tmpfs"]
    assert isinstance(tmpfs, dict)
    assert set(tmpfs) == {"/run", "/tmp"}
    assert "mode=1777" in tmpfs["/tmp"].split(",")
    assert "exec" in tmpfs["/tmp"].split(",")


def test_environment_is_the_nodes(node: Node) -> None:
    body, _ = of(replace(node, environment=(("HOME", "/srv"), ("A", "b c=d"))))
    environment = body["Env"]
    assert isinstance(environment, list)
    assert {"HOME=/srv", "A=b c=d", "TERM=xterm"} == set(environment)


def test_an_image_of_the_users_needs_neither_init_nor_shell(node: Node) -> None:
    own, theirs = node, replace(node, image="registry/app:1")
    assert of(own)[0]["Entrypoint"] == ["/usr/bin/tini", "--", "/usr/bin/sleep", "infinity"]
    entrypoint = of(theirs)[0]["Entrypoint"]
    assert isinstance(entrypoint, list)
    assert entrypoint[0] == "/.lvsnet/tini"
    assert docker_config.daemon(own, DAEMON)[:2] == ["/bin/sh", "-c"]
    command = docker_config.daemon(theirs, DAEMON)
    assert command[:3] == ["/.lvsnet/busybox", "sh", "-c"]
    assert "/.lvsnet/busybox mkdir" in command[3]
    assert docker_config.env(entrypoint[0])[0] == "/.lvsnet/busybox"
    assert docker_config.env("/usr/bin/tini") == ["/usr/bin/env", "--"]


def test_a_daemons_arguments_stay_what_they_are(node: Node) -> None:
    assert docker_config.daemon(node, DAEMON)[-4:] == ["web", "nginx", "-g", "daemon off;"]
