"""containerlab topologies run: what lvsnet exports, and what somebody wrote by hand."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from e2e.sites import moves
from e2e.users import VIP, User, requests, table
from lvsnet.docker import labels
from lvsnet.engine.runtime import About, Record
from lvsnet.export.containerlab_topology import topology
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab

TOPOLOGIES = Path(__file__).parents[1] / "pure/topologies"
NGINX01, NGINX02 = "192.168.10.13", "192.168.10.14"


def exported(user: User, name: str) -> str:
    """Path of the topology that labs/dr.yaml becomes, under another name."""
    plan = compile_lab(load(Path(user.lab(name))))
    record = Record(About("", "containerlab", "host", "a test", 0), plan)
    common = labels.of_lab(record)
    images = {node.name: f"lvsnet/{node.role}:key" for node in plan.nodes}
    home = user.home / name
    for file in topology(
        record, images, "lvsnet/base:key", lambda node: {**common, **labels.of_node(node)}
    ):
        path = home / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content)
        path.chmod(file.mode)
    return str(home / f"{name}.clab.yml")


@pytest.fixture(scope="module")
def site(warm_held: User) -> User:
    done = warm_held.tries("deploy", exported(warm_held, "again"))
    assert done.code == 0, done.err
    assert "warning" not in done.err
    assert "image" not in done.err
    return warm_held


def test_an_exported_site_balances_as_the_lab_does(site: User) -> None:
    # Nobody waits for the checks of a topology's keepalived.
    both = f"real_server {NGINX01} in lb01 and real_server {NGINX02} in lb01"
    site.comes(f"vip {VIP} on lb01 and {both}", 15)
    assert table(site, "lb01") == {NGINX01: (0, 0), NGINX02: (0, 0)}
    assert sorted(Counter(requests(site, 10)).values()) == [5, 5]
    assert table(site, "lb01") == {NGINX01: (0, 5), NGINX02: (0, 5)}


def test_nodes_of_an_exported_site_have_their_roles(site: User) -> None:
    lines = site.does("inspect").splitlines()
    roles = {words[0]: words[1] for line in lines if len(words := line.split()) > 2}
    assert (roles["lb01"], roles["nginx02"], roles["br-lan"]) == ("director", "realserver", "host")


def test_an_exported_site_fails_over_and_back(site: User) -> None:
    site.does("stop", "lb01")
    moves(site, VIP, "lb02", 10)
    assert "no answer" not in requests(site, 4)
    site.does("start", "lb01")
    moves(site, VIP, "lb01", 15)
    assert "no answer" not in requests(site, 4)


def test_a_topology_of_links_a_bridge_files_and_commands_runs(warm_user: User) -> None:
    shutil.copytree(TOPOLOGIES / "office", warm_user.home / "office")
    file = shutil.copy(TOPOLOGIES / "office.clab.yml", warm_user.home)
    settled = User(
        warm_user.home, settings={**warm_user.settings, "OFFICE_GREETING": "good morning"}
    )
    done = settled.tries("deploy", str(file))
    assert done.code == 0, done.err
    # Which images a guest does not run is said once.
    assert done.err.count("only --runtime docker runs images: instead of debian:trixie-slim") == 1
    # A desk waits for the server, and asks it through the switch and the router.
    for desk in ("desk1", "desk2"):
        assert warm_user.does("exec", desk, "cat", "/root/answer") == "good morning from server!\n"
    assert warm_user.does("exec", "desk1", "printenv", "GREETING", "CLAB_INTFS") == "none\n1\n"
    assert warm_user.does("exec", "server", "cat", "/etc/motd") == "No smoking.\n"
    assert warm_user.does("exec", "server", "stat", "-c", "%A %U", "/opt/office/serve.sh") == (
        "-rwxr-xr-x root\n"
    )
    mtus = "cat /sys/class/net/ens1/mtu /sys/class/net/ens2/mtu"
    assert warm_user.does("exec", "router", "sh", "-c", mtus) == "1400\n9500\n"
    assert warm_user.does("exec", "desk2", "cat", "/sys/class/net/eth1/address") == (
        "02:00:00:00:02:12\n"
    )
    warm_user.does("stop", "server")
    assert warm_user.tries("exec", "desk1", "curl", "-s", "-m", "1", "http://10.20.1.2:8080/").code
    warm_user.does("start", "server")
    page = warm_user.does("exec", "desk1", "curl", "-s", "-m", "5", "http://10.20.1.2:8080/")
    assert page == "good morning from server\n"
    warm_user.does("destroy", str(file))
    assert warm_user.left() == []


def test_a_command_that_fails_fails_the_deployment_and_is_quoted(warm_user: User) -> None:
    file = warm_user.home / "failing.clab.yml"
    file.write_text(
        "name: failing\n"
        "topology:\n"
        "  nodes:\n"
        "    a:\n"
        "      kind: linux\n"
        "      image: lvsnet/base:key\n"
        "      exec: [ip link show lo, ip link show eth7]\n"
    )
    done = warm_user.tries("deploy", str(file))
    assert done.code == 1
    assert "a: ip link show eth7 ended with code 1:" in done.err
    assert 'Device "eth7" does not exist.' in done.err
    assert warm_user.left() == []


def test_what_lvsnet_cannot_run_is_told_at_its_line(warm_user: User) -> None:
    file = warm_user.home / "wrong.clab.yml"
    file.write_text(
        "name: wrong\n"
        "topology:\n"
        "  nodes:\n"
        "    a: {kind: nokia_srlinux, image: x}\n"
        "    b: {kind: linux, image: x, devices: [/dev/kvm]}\n"
    )
    done = warm_user.tries("deploy", str(file))
    assert done.code == 2
    assert f"{file}:4:15: topology.nodes.a.kind: lvsnet does not run nodes of kind" in done.err
    assert f"{file}:5:32: topology.nodes.b.devices: lvsnet gives nodes no devices" in done.err


def test_strict_refuses_what_would_be_left_out(warm_user: User) -> None:
    file = warm_user.home / "strict.clab.yml"
    file.write_text(
        "name: strict\nmgmt: {network: x}\ntopology: {nodes: {a: {kind: linux, image: x}}}\n"
    )
    done = warm_user.tries("deploy", "--strict", str(file))
    assert done.code == 2
    assert "strict.clab.yml:2:1: " in done.err
    assert "[topology-management]" in done.err
    assert warm_user.left() == []
