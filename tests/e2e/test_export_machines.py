"""The scripts that provision an exported virtual machine, on machines of a lab.

Those that name interfaces and configure; test_export_site.py runs those of the services, too.
"""

from __future__ import annotations

import io
import json
import shlex
import tarfile
from pathlib import Path

import pytest

from e2e.exported_machines import HERE, deploy_bare, provision, upload
from e2e.users import User
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.model import Node, Plan
from lvsnet.resources import example_labs

LAB = "nat"
NODES = ("lb01", "nginx01")
SYSCTL = ("net.ipv4.conf.all.log_martians", "1")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with a sysctl and a file of the lab's own."""
    sysctl = f"sysctls: {{{SYSCTL[0]}: '{SYSCTL[1]}'}}"
    own = sysctl + ", files: {/etc/it's: {content: x, mode: '0750'}}"
    text = example_labs()[LAB].read_text()
    for node in NODES:
        assert text.count(f"  {node}:") == 1
        head, line = text.split(f"  {node}:")
        text = f"{head}  {node}:{line.replace('{', '{' + own + ', ', 1)}"
    path = tmp_path_factory.mktemp("lab") / "site.yaml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def plan(lab: Path) -> Plan:
    return compile_lab(load(lab))


@pytest.fixture(scope="module")
def machines(warm_held: User, lab: Path, plan: Plan) -> User:
    user = warm_held
    deploy_bare(user, plan)
    user.does("export", str(lab), "--to", "vagrant", "-o", str(user.home / "out"))
    for name in NODES:
        upload(user, user.home / "out/machines", name)
    return user


def run(user: User, node: str, *argv: str) -> str:
    return user.does("exec", node, *argv)


def interfaces(user: User, node: str) -> dict[str, tuple[str, list[str]]]:
    """Name of an interface -> MAC address, and IPv4 addresses with prefix length."""
    return {
        one["ifname"]: (
            one["address"],
            [
                f"{info['local']}/{info['prefixlen']}"
                for info in one["addr_info"]
                if info["family"] == "inet"
            ],
        )
        for one in json.loads(run(user, node, "ip", "-json", "address"))
    }


def files(user: User, node: str, paths: list[str]) -> dict[str, tuple[int, str]]:
    """Path of a file -> its mode and content."""
    done = user.tries("exec", node, "tar", "-cP", *paths)
    assert done.code == 0, done.err
    found = {}
    with tarfile.open(fileobj=io.BytesIO(done.out)) as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None, member
            found[member.name] = (member.mode, content.read().decode())
    return found


def forget(user: User, node: str) -> None:
    """The machine as it is before it is provisioned: no addresses, names of another order."""
    swap = (
        "ip address flush dev eth1; ip link set eth1 down;"
        "if [ -e /sys/class/net/eth2 ]; then"
        " ip address flush dev eth2; ip link set eth2 down; ip link set eth2 name spare;"
        " ip link set eth1 name eth2; ip link set spare name eth1;"
        "else ip link set eth1 name ens7; fi"
    )
    run(user, node, "sh", "-ec", swap)


def node_of(plan: Plan, name: str) -> Node:
    return next(node for node in plan.nodes if node.name == name)


@pytest.mark.parametrize("name", NODES)
def test_a_machine_becomes_what_it_is_in_the_lab(machines: User, plan: Plan, name: str) -> None:
    node = node_of(plan, name)
    forget(machines, name)
    first = node.interfaces[0]
    assert interfaces(machines, name).get(first.name, ("", []))[0] != first.mac
    # Provisioned twice, as one may.
    for _ in range(2):
        provision(machines, name, "interfaces", "configure")
    found = interfaces(machines, name)
    for one in node.interfaces:
        assert found[one.name] == (one.mac, list(one.addresses))
    keys = [key for key, _ in node.sysctls]
    set_to = run(machines, name, "sysctl", "-n", *keys).splitlines()
    assert dict(zip(keys, set_to, strict=True)) == dict(node.sysctls)
    routes = run(machines, name, "ip", "route", "show").splitlines()
    for route in node.routes:
        assert any(one.startswith(f"{route.destination} via {route.via} ") for one in routes)
    there = files(machines, name, [file.path for file in node.files])
    assert there == {file.path: (file.mode, file.content) for file in node.files}


def test_a_sysctl_that_the_box_sets_otherwise_is_told(machines: User, plan: Plan) -> None:
    assert SYSCTL in node_of(plan, "lb01").sysctls
    forget(machines, "lb01")
    provision(machines, "lb01", "interfaces")
    other = "/etc/sysctl.d/99-box.conf"
    run(machines, "lb01", "sh", "-c", f"echo {SYSCTL[0]} = 0 >{other}")
    done = machines.tries("exec", "lb01", "sh", f"{HERE}/configure.sh")
    run(machines, "lb01", "rm", other)
    assert done.code == 1
    assert f"lb01: {SYSCTL[0]} is to be 1, but `sysctl --system` set 0" in done.err
    provision(machines, "lb01", "configure")


def test_a_machine_that_lacks_an_interface_is_told(machines: User) -> None:
    text = (machines.home / "out/machines/lb01/interfaces.sh").read_text()
    wrong = text.replace("step_aside 02:", "step_aside 06:", 1)
    done = machines.tries("exec", "lb01", "sh", "-c", wrong, "/x")
    assert done.code == 1
    assert "lb01: no interface has the MAC address 06:" in done.err


def test_what_is_not_there_in_time_is_told(machines: User) -> None:
    text = (machines.home / "out/machines/lb01/configure.sh").read_text()
    functions = text[: text.index("\ninstall ")].replace("tries=150", "tries=3")
    wait = shlex.join(("wait_for", "eth1 has no address 1.2.3.4/8", "has", "eth1", "1.2.3.4/8"))
    done = machines.tries("exec", "lb01", "sh", "-c", f"{functions}\n{wait}", "/x")
    assert (done.code, done.err) == (1, "lb01: after 15 s eth1 has no address 1.2.3.4/8\n")
