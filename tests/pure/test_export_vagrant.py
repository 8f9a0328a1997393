"""Labs as virtual machines: the Vagrantfile, and what provisions the machines.

``LVSNET_UPDATE_GOLDEN=1 pytest`` with the path of this file writes the golden files anew.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from test_export_topology import EXAMPLES, LABS, changed, plan_of

from lvsnet.errors import LvsnetError
from lvsnet.export import tunnels
from lvsnet.export.packages import lists
from lvsnet.export.vagrant import vagrant
from lvsnet.plan import ipvsadm
from lvsnet.plan.model import Daemon, File, Interface, Node, Plan, Process
from lvsnet.plan.sync_daemon import START

HERE = Path(__file__).parent
GOLDEN = HERE / "golden_vagrant"
UNITS = "system/etc/systemd/system"

all_labs = pytest.mark.parametrize("lab", LABS, ids=lambda path: path.stem)


def exported(plan: Plan) -> dict[str, File]:
    return {file.path: file for file in vagrant(plan, lists())}


def machine(plan: Plan, name: str) -> dict[str, str]:
    """The directory of a machine: relative path -> contents."""
    home = f"machines/{name}/"
    return {
        path.removeprefix(home): file.content
        for path, file in exported(plan).items()
        if path.startswith(home)
    }


def of(node: Node) -> dict[str, str]:
    """The directory of this machine in a lab of its own."""
    return machine(replace(plan_of(), nodes=(node,), listed=()), node.name)


def plain(**what: object) -> Node:
    host = Node("n1", "host", (), (), (), (), (), (), (), (), (), False, "")
    return replace(host, **what)  # type: ignore[arg-type]


def calls(text: str, function: str) -> list[list[str]]:
    """The arguments of each call of a function by a script's own lines."""
    lines = (line for line in text.splitlines() if line.startswith(f"{function} "))
    return [shlex.split(line)[1:] for line in lines]


def described(plan: Plan) -> dict[str, list[dict[str, object]]]:
    """Machine -> interfaces, as the Vagrantfile has them, in its order."""
    text = exported(plan)["Vagrantfile"].content
    table = re.search(r"^MACHINES = (\{.*?^\})", text, re.MULTILINE | re.DOTALL)
    assert table is not None
    as_python = re.sub(r"(\w+): ", r'"\1": ', table[1].replace("=>", ":"))
    found: dict[str, list[dict[str, object]]] = ast.literal_eval(as_python)
    return found


@pytest.mark.parametrize("name", ["dr", "nat", "source-vrrp"])
def test_a_lab_becomes_its_golden_files(name: str) -> None:
    golden = GOLDEN / name
    files = exported(plan_of(EXAMPLES[name]))
    found = {path: file.content for path, file in files.items() if "/files/" not in path}
    if os.environ.get("LVSNET_UPDATE_GOLDEN") == "1":
        shutil.rmtree(golden, ignore_errors=True)
        for path, content in found.items():
            (golden / path).parent.mkdir(parents=True, exist_ok=True)
            (golden / path).write_text(content)
    kept = {
        path.relative_to(golden).as_posix(): path.read_text()
        for path in golden.rglob("*")
        if path.is_file()
    }
    assert sorted(found) == sorted(kept)
    for path, content in kept.items():
        assert found[path] == content, path


@all_labs
def test_it_is_the_same_site(lab: Path) -> None:
    plan = plan_of(lab)
    machines = described(plan)
    files = exported(plan)
    for node in plan.nodes:
        assert [one["mac"] for one in machines[node.name]] == [
            one.mac.replace(":", "") for one in node.interfaces
        ]
        assert [one["network"] for one in machines[node.name]] == [
            f"lvsnet-{plan.lab}.{one.segment}" for one in node.interfaces
        ]
        for file in node.files:
            copy = files[f"machines/{node.name}/files{file.path}"]
            assert (copy.content, copy.mode) == (file.content, file.mode)
        assert_configured(node, machine(plan, node.name))


def assert_configured(node: Node, directory: dict[str, str]) -> None:
    configure, services = directory["configure.sh"], directory["services.sh"]
    put = [words for words in calls(configure, "install") if words[4].startswith("files/")]
    assert [(words[4], words[5], int(words[2], 8)) for words in put] == [
        (f"files{file.path}", file.path, file.mode) for file in node.files
    ]
    assert [tuple(words) for words in calls(configure, "keeps")] == list(node.sysctls)
    awaited = [words[1:] for words in calls(configure, "wait_for")]
    assert awaited == [
        *(["has", one.name, address] for one in node.interfaces for address in one.addresses),
        *(["has", extra.interface, extra.address] for extra in node.addresses),
        *(["sh", "-c", tunnels.unwraps(one)] for one in node.unwrapping),
        *(["goes", route.destination, route.via] for route in node.routes),
    ]
    assert calls(directory["interfaces.sh"], "rename") == [
        [one.mac, one.name] for one in node.interfaces
    ]
    started = [unit for (unit,) in calls(services, "restart")]
    assert [unit for unit in started if unit not in ("ipvsadm.service", COMMANDS)] == [
        unit_of(one) for one in sorted(node.daemons, key=lambda daemon: daemon.stage)
    ]
    assert ("ipvsadm.service" in started) == (ipvsadm.LOAD in node.commands)
    # Debian's script of ipvsadm starts its sync daemon, too.
    own = [argv for argv in node.commands if argv != ipvsadm.LOAD and argv[:2] != START]
    assert (COMMANDS in started) == bool(own)


COMMANDS = "lvsnet-commands.service"


def unit_of(daemon: Daemon) -> str:
    packaged = ("nginx", "keepalived", "vsftpd")
    of_a_package = daemon.argv[0] in packaged or daemon.argv == ("cron", "-f")
    return f"{daemon.name}.service" if of_a_package else f"lvsnet-daemon-{daemon.name}.service"


@all_labs
def test_every_script_is_one_that_a_shell_reads(lab: Path) -> None:
    for path, file in exported(plan_of(lab)).items():
        if path.endswith(".sh"):
            subprocess.run(["/bin/sh", "-n"], input=file.content.encode(), check=True, timeout=20)


def test_real_servers_are_made_before_directors_and_clients_last() -> None:
    for name in ("dr", "source-vrrp", "source-cron"):
        machines = list(described(plan_of(EXAMPLES[name])))
        assert machines == ["nginx01", "nginx02", "lb01", "lb02", "client"]


def test_a_machine_installs_what_its_role_has_and_no_container_s_init() -> None:
    script = machine(plan_of(), "lb01")["packages.sh"]
    names = re.search(r"^for package in (.*); do$", script, re.MULTILINE)
    assert names is not None
    installed = set(names[1].split())
    assert {"ipvsadm", "keepalived", "cron", "curl", "netplan.io"} <= installed
    assert not installed & {"tini", "busybox-static", "nginx-light"}


def test_what_a_script_installs_lies_beside_it() -> None:
    node = plain(
        role="director",
        interfaces=(Interface("eth1", "lan", "p", "02:00:00:00:00:01", (), 1500),),
        environment=(("A", "b"),),
        commands=(("true",),),
        daemons=(Daemon("echo", ("socat", "x"), 1),),
        files=(File("/etc/a b", "x", 0o600),),
    )
    directory = of(node)
    installed = [
        words
        for name in directory
        if "/" not in name
        for words in calls(directory[name], "install")
    ]
    assert sorted(words[4] for words in installed) == sorted(
        name for name in directory if "/" in name
    )
    assert all(words[4].partition("/")[2] == words[5][1:] for words in installed)


def test_interfaces_are_named_by_their_addresses_at_every_start() -> None:
    directory = machine(plan_of(EXAMPLES["nat"]), "lb01")
    (lb01,) = (node for node in plan_of(EXAMPLES["nat"]).nodes if node.name == "lb01")
    for interface in lb01.interfaces:
        link = directory[f"system/etc/systemd/network/10-lvsnet-{interface.name}.link"]
        assert link == f"[Match]\nMACAddress={interface.mac}\n\n[Link]\nName={interface.name}\n"


def test_directors_load_ipvs_before_they_set_its_sysctls() -> None:
    directory = machine(plan_of(), "lb01")
    assert directory["system/etc/modules-load.d/50-lvsnet-export.conf"] == "ip_vs\nip_vs_rr\n"
    assert "modprobe -a ip_vs ip_vs_rr" in directory["configure.sh"].partition("netplan apply")[0]
    assert "modprobe" not in machine(plan_of(), "nginx01")["configure.sh"]


def test_a_daemon_of_the_lab_s_own_is_a_unit_after_those_of_lower_stages() -> None:
    nginx = next(node for node in plan_of().nodes if node.name == "nginx01").daemons[0]
    argv = ("sh", "-c", "exec echo '$A' %n \"b\"; :")
    node = plain(daemons=(Daemon("own", argv, 2, (9,)), nginx), environment=(("A", "it's"),))
    directory = of(node)
    unit = directory[f"{UNITS}/lvsnet-daemon-own.service"].splitlines()
    assert "After=network-online.target nginx.service" in unit
    assert "ExecStart=/usr/local/lib/lvsnet/daemon-own" in unit
    script = directory["system/usr/local/lib/lvsnet/daemon-own"]
    assert shlex.split(script.splitlines()[-1]) == ["exec", *argv]
    assert "export A='it'\"'\"'s'\n" in script
    assert [unit for (unit,) in calls(directory["services.sh"], "restart")] == [
        "nginx.service",
        "lvsnet-daemon-own.service",
    ]
    awaited = [words[0] for words in calls(directory["services.sh"], "wait_for")]
    assert awaited == [
        "nginx.service: it does not listen on TCP port 80",
        "lvsnet-daemon-own.service: it does not listen on TCP port 9",
    ]


def test_the_user_s_commands_run_before_daemons_and_after_the_rules_are_loaded() -> None:
    node = plain(
        commands=(ipvsadm.LOAD, ("sh", "-c", "a | b"), ("c", "d e")),
        daemons=(Daemon("cron", ("cron", "-f"), 1),),
    )
    directory = of(node)
    script = directory["system/usr/local/lib/lvsnet/commands"].splitlines()
    assert [shlex.split(line) for line in script[-2:]] == [
        ["timeout", "60", "sh", "-c", "a | b"],
        ["timeout", "60", "c", "d e"],
    ]
    assert [unit for (unit,) in calls(directory["services.sh"], "restart")] == [
        "ipvsadm.service",
        COMMANDS,
        "cron.service",
    ]
    unit = directory[f"{UNITS}/{COMMANDS}"].splitlines()
    assert "After=network-online.target ipvsadm.service" in unit
    added = directory[f"{UNITS}/cron.service.d/60-lvsnet-export.conf"]
    assert added == f"[Unit]\nAfter=ipvsadm.service {COMMANDS}\n"


def test_a_package_s_daemon_has_the_node_s_environment() -> None:
    node = plain(daemons=(Daemon("cron", ("cron", "-f"), 1),), environment=(("A", '50% "x"'),))
    added = of(node)[f"{UNITS}/cron.service.d/60-lvsnet-export.conf"]
    assert added == '[Service]\nEnvironment="A=50%% \\"x\\""\n'
    assert of(node)["system/etc/profile.d/lvsnet-export.sh"] == "export A='50% \"x\"'\n"


def test_one_that_is_started_in_another_way_is_no_package_s() -> None:
    node = plain(daemons=(Daemon("nginx", ("nginx", "-c", "/x", "-g", "daemon off;"), 1),))
    assert calls(of(node)["services.sh"], "restart") == [["lvsnet-daemon-nginx.service"]]


def test_the_environment_of_scripts_is_what_the_lab_says() -> None:
    value = "a'b\"$HOME `id` \\ \n é%"
    script = of(
        plain(
            daemons=(Daemon("d", ("sh", "-c", 'printf %s "$X"'), 1),), environment=(("X", value),)
        )
    )["system/usr/local/lib/lvsnet/daemon-d"]
    ran = subprocess.run(
        ["/bin/sh"], input=script.encode(), capture_output=True, check=True, timeout=20
    )
    assert ran.stdout.decode() == value


def test_an_mtu_of_its_own_is_the_network_s_too() -> None:
    def large(node: Node) -> Node:
        return replace(node, interfaces=(replace(node.interfaces[0], mtu=9000),))

    (interface,) = described(changed(plan_of(), "client", large))["client"]
    assert interface["mtu"] == 9000
    assert "mtu" not in described(plan_of())["client"][0]


def test_vagrant_s_own_network_makes_way_for_the_lab_s() -> None:
    def moved(address: str) -> str:
        def change(node: Node) -> Node:
            return replace(node, interfaces=(replace(node.interfaces[0], addresses=(address,)),))

        return exported(changed(plan_of(), "client", change))["Vagrantfile"].content

    assert "--natnet1" not in moved("10.0.3.4/24")
    assert '"--natnet1", "172.31.255.0/24"]' in moved("10.0.2.4/24")
    assert '"--natnet1", "192.168.255.0/24"]' in moved("0.0.0.1/1").replace("172.31", "192.168")
    assert 'management_network_address = "172.31.255.0/24"' in moved("192.168.121.9/24")
    with pytest.raises(LvsnetError, match="leave no network for Vagrant"):
        moved("1.2.3.4/0")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda node: replace(node, image="alpine:3"), "cannot run its image alpine:3"),
        (lambda node: replace(node, name="a_b"), "letters, digits, '-' and '.'"),
        (lambda node: replace(node, interfaces=node.interfaces * 8), "it has 8 interfaces"),
        (lambda node: replace(node, process=(Process((), (), "", 1),)), "export a lab file"),
    ],
)
def test_what_no_virtual_machine_can_be_is_refused(
    change: Callable[[Node], Node], words: str
) -> None:
    with pytest.raises(LvsnetError, match=f"^node (client|a_b): .*{re.escape(words)}"):
        exported(changed(plan_of(), "client", change))


def test_the_readme_asks_through_the_vip() -> None:
    readme = exported(plan_of())["README.md"].content
    assert "vagrant ssh client -c 'for i in 1 2 3 4; do curl -s http://192.168.10.100/; done'" in (
        readme.splitlines()
    )
    assert "curl" not in exported(replace(plan_of(), listed=()))["README.md"].content
