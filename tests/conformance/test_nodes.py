"""What a node is, in every place: the same machine with the same name, wires, disk and rights."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from conformance import sites
from conformance.conftest import NewLab
from conformance.places import Place, may_privilege
from conformance.sites import Site
from e2e.terminals import in_front, terminal
from e2e.users import LVSNET, Done, User, eventually, kill, reads
from lvsnet.engine import capabilities
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.model import Plan


@pytest.fixture(scope="module")
def plan(site: Site) -> Plan:
    return compile_lab(load(Path(site.file)))


def test_inspect_says_what_was_taken_and_why(site: Site) -> None:
    (shown,) = json.loads(site.quick.does("inspect", site.lab, "--format", "json"))["labs"]
    release = site.does("web", "uname", "-r").strip()
    assert (shown["lab"], shown["file"]) == (site.lab, site.file)
    assert (shown["runtime"], shown["kernel"]) == (
        site.place.runtime,
        f"{site.place.kernel} {release}",
    )
    assert (release == os.uname().release) == (site.place.kernel == "host")
    assert shown["reason"]
    nodes = {node["name"]: node for node in shown["nodes"]}
    assert list(nodes) == ["client", "web", "router"]
    assert all(node["running"] for node in nodes.values())
    assert nodes["web"]["daemons"] == [["nginx", True]]
    held = {(one["interface"], one["address"]) for one in nodes["web"]["addresses"]}
    assert held == {("eth1", "192.168.10.13/24"), ("eth2", "172.16.5.13/24")}


def test_names_addresses_and_macs_are_the_plans(site: Site, plan: Plan) -> None:
    for node in plan.nodes:
        assert site.does(node.name, "hostname") == f"{node.name}\n"
        links = json.loads(site.does(node.name, "ip", "-json", "addr"))
        seen = {
            link["ifname"]: (
                link["address"],
                [f"{one['local']}/{one['prefixlen']}" for one in link["addr_info"]
                 if one["family"] == "inet"],
            )
            for link in links
            if link["link_type"] == "ether"
        }  # fmt: skip
        if site.place.name == "containerlab":
            seen.pop("eth0", None)  # its management network
        assert seen == {one.name: (one.mac, [*one.addresses]) for one in node.interfaces}


def test_nodes_reach_each_other_in_their_segments(site: Site) -> None:
    assert site.does("client", "curl", "-s", "-m", "5", "192.168.10.13") == "web\n"
    site.does("router", "ping", "-c1", "-W5", "172.16.5.13")
    # Nobody routes between the segments for the client, and nothing leads out of the lab.
    assert site.quick.tries("exec", f"{site.lab}/client", "ping", "-c1", "-W1", "172.16.5.13").code
    if site.place.name != "containerlab":
        assert "default" not in site.does("client", "ip", "route")


def test_exec_is_as_if_the_command_ran_here(site: Site) -> None:
    user, web = site.user, f"{site.lab}/web"
    said = user.tries("exec", web, "sh", "-c", "cat; echo err >&2; exit 7", stdin=b"in\n")
    assert said == Done(7, b"in\n", "err\n")
    assert user.tries("exec", web, "sh", "-c", "kill -TERM $$").code == 143
    assert user.does("exec", web, "printf", "%s|", "a b", "", "$HOME", "ü") == "a b||$HOME|ü|"
    big = os.urandom(2_000_000)
    assert user.tries("exec", web, "cat", stdin=big).out == big


def test_exec_has_the_nodes_environment_and_what_is_added(site: Site) -> None:
    text = site.user.does("exec", "-e", "A=b c", f"{site.lab}/web", "env")
    variables = dict(line.split("=", 1) for line in text.splitlines())
    assert (variables["GREETING"], variables["A"]) == ("hello  world", "b c")
    assert variables["HOME"] == "/root"
    assert "/usr/sbin" in variables["PATH"]
    assert "XDG_CACHE_HOME" not in variables


def test_what_exec_cannot_find_is_named(site: Site) -> None:
    missing = site.user.tries("exec", f"{site.lab}/web", "no-such-program")
    assert missing.code == 127
    assert "no-such-program" in missing.err
    nowhere = site.user.tries("exec", f"{site.lab}/web9", "true")
    assert nowhere.code == 1
    said, _, there = nowhere.err.partition("; it has ")
    assert said == f"lvsnet: lab {site.lab} has no node web9"
    nodes, _, near = there.strip().partition("; did you mean ")
    assert set(nodes.split(", ")) == {"client", "web", "router"}
    assert near == "web?"
    elsewhere = site.user.tries("exec", f"{site.lab}-not/web", "true")
    assert elsewhere.code == 1
    assert f"lab {site.lab}-not does not run" in elsewhere.err


def test_shell_is_a_terminal_in_the_node(site: Site) -> None:
    user = site.user
    environment = {**user.environment, "TERM": "xterm-256color"}
    shell = (LVSNET, "shell", f"{site.lab}/web")

    def jobs() -> str:
        return site.does("web", "ps", "-eo", "stat,args")

    with terminal(*shell, environment=environment, cwd=user.home, size=(33, 101)) as at:
        at.until("# ")
        at.types(b"echo $(hostname) $PWD $TERM $GREETING $(stty size)\r")
        at.until("\rweb /root xterm-256color hello world 33 101\r\n")
        at.until("# ")
        at.resize(50, 132)
        # What is typed may overtake it.
        eventually(lambda: site.does("web", "stty", "-F", "/dev/pts/0", "size") == "50 132\n", 10)
        at.types(b"sleep 4821\r")
        eventually(lambda: in_front(jobs(), "sleep 4821"), 10, "it runs")
        at.types(b"\x1a")
        at.until("Stopped")
        at.until("# ")
        at.types(b"fg\r")
        eventually(lambda: in_front(jobs(), "sleep 4821"), 10, "it goes on")
        at.types(b"\x03")
        at.until("# ")
        at.types(b"exit 7\r")
        assert at.end() == 7
        assert not at.raw()


def test_shell_shows_all_and_takes_all(site: Site) -> None:
    user = site.user
    shell = (LVSNET, "shell", f"{site.lab}/web")
    with terminal(*shell, "seq", "200000", environment=user.environment, cwd=user.home) as at:
        assert at.end(60) == 0
    assert at.said == b"".join(b"%d\r\n" % number for number in range(1, 200_001))
    lines = b"".join(b"line %06d of what is pasted\n" % number for number in range(3500))
    command = ("sh", "-c", "cat >/root/paste")
    with terminal(*shell, *command, environment=user.environment, cwd=user.home) as at:
        at.types(lines + b"\x04", 60)
        assert at.end(60) == 0
    assert site.does("web", "cat", "/root/paste").encode() == lines


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_shell_that_goes_away_ends_what_runs_in_it(site: Site, number: signal.Signals) -> None:
    user = site.user
    shell = (LVSNET, "shell", f"{site.lab}/web", "sh", "-c", "echo ready; sleep 4822")
    with terminal(*shell, environment=user.environment, cwd=user.home) as at:
        at.until("ready")
        at.send(number)
        assert at.end() == 128 + number
        assert not at.raw()
    eventually(lambda: "sleep 4822" not in site.does("web", "ps", "-eo", "args"), 10, "it ends")


def test_ctrl_c_ends_the_loop_of_a_shell(site: Site) -> None:
    loop = "while :; do echo again; sleep 0.2; done"
    running = site.user.begin("exec", f"{site.lab}/web", "bash", "-c", loop)
    try:
        reads(running, b"again\nagain\n")
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 130
    finally:
        kill(running)


def test_shell_and_logs_of_a_lab_that_is_destroyed_end(user: User, lab: str) -> None:
    user.does("deploy", "--no-wait", sites.plain(user, lab))
    sites.destroy_under_shell_and_logs(user, lab, "web")


def test_logs_have_what_the_daemons_said(site: Site) -> None:
    site.does("web", "mv", "/var/www/html/index.html", "/root/index.html")
    site.does("client", "curl", "-s", "192.168.10.13/missing")
    site.does("web", "mv", "/root/index.html", "/var/www/html/index.html")
    log = f"{site.lab}/web"
    eventually(lambda: "GET /missing" in site.quick.does("logs", log), 5, "nginx logs")
    assert site.quick.does("logs", f"{site.lab}/client") == ""


def test_what_happens_is_told_as_it_happens(site: Site) -> None:
    web = f"{site.lab}/web"
    for what in ("freeze", "thaw"):
        site.quick.does("fault", what, web)
    follower = site.user.begin("events", "-f", "--kind", "fault", site.lab)
    try:
        history = reads(follower, b"fault: thaw web\n", sites.STARTED_S)
        assert history.count(b"fault: freeze web\n") == 1
        site.quick.does("fault", "freeze", web)
        site.quick.does("fault", "thaw", web)
        live = reads(follower, b"fault: thaw web\n", sites.STARTED_S)
        assert live.count(b"\n") == 2
        assert b"web     fault: freeze web\n" in live
        follower.send_signal(signal.SIGINT)
        assert follower.communicate(timeout=sites.STARTED_S) == (b"", b"")
        assert follower.returncode == 130
    finally:
        kill(follower)


def test_it_is_watched_on_a_screen(site: Site) -> None:
    environment = {**site.user.environment, "TERM": "xterm-256color"}
    screen = (LVSNET, "watch", site.lab)
    with terminal(*screen, environment=environment, cwd=site.user.home) as at:
        at.until("no node has virtual services", sites.STARTED_S)
        site.quick.does("fault", "freeze", f"{site.lab}/web")
        at.until("frozen", sites.STARTED_S)
        site.quick.does("fault", "thaw", f"{site.lab}/web")
        at.until("fault: thaw web", sites.STARTED_S)
        at.types(b"q")
        assert at.end() == 0
        assert not at.raw()


def test_sysctls_of_the_network_are_the_nodes_own_and_no_others(site: Site) -> None:
    assert site.does("web", "sysctl", "-n", "net.ipv4.ip_default_ttl") == "77\n"
    assert site.does("client", "sysctl", "-n", "net.ipv4.ip_default_ttl") == "64\n"
    site.does("client", "sysctl", "-w", "net.ipv4.ip_default_ttl=65")
    assert site.does("client", "sysctl", "-n", "net.ipv4.ip_default_ttl") == "65\n"
    assert site.does("web", "sysctl", "-n", "net.ipv4.ip_default_ttl") == "77\n"
    for key in ("kernel.panic", "vm.swappiness"):
        before = site.does("client", "sysctl", "-n", key)
        site.quick.tries("exec", f"{site.lab}/client", "sysctl", "-w", f"{key}=7")
        assert site.does("router", "sysctl", "-n", key) == before


def test_a_node_has_the_rights_of_a_network_machine_and_no_more(site: Site) -> None:
    status = site.does("client", "cat", "/proc/self/status")
    assert capabilities.bounding(status) == {
        *capabilities.DEFAULT, "CAP_NET_ADMIN", "CAP_NET_RAW",
    }  # fmt: skip
    site.does("client", "ip", "link", "add", "name", "d0", "type", "veth")
    site.does("client", "ip", "link", "del", "d0")
    refused = site.quick.tries("exec", f"{site.lab}/client", "mount", "-t", "tmpfs", "x", "/mnt")
    assert refused.code != 0


def test_files_and_commands_of_the_lab_file_are_there(site: Site) -> None:
    assert site.does("web", "cat", "/etc/greeting") == "from the lab file\n"
    assert site.does("web", "stat", "-c", "%a %u", "/usr/local/bin/greet") == "750 0\n"
    assert site.does("web", "greet") == "hello world\n"  # the shell folds the spaces
    assert site.does("web", "cat", "/root/from-exec") == "from the lab file\n"
    assert "state UP" in site.does("web", "cat", "/root/link")


def test_power_loss_keeps_the_disk_and_nothing_else(site: Site, plan: Plan) -> None:
    user, web = site.quick, f"{site.lab}/web"
    site.does("web", "sh", "-c", "echo kept > /root/disk; echo lost > /run/memory")
    site.does("web", "ip", "addr", "add", "192.168.10.99/24", "dev", "eth1")
    user.does("stop", web)
    off = user.tries("exec", web, "true")
    assert (off.code, off.err) == (1, "lvsnet: web does not run; `lvsnet start web` starts it\n")
    assert user.tries("stop", web).code == 1
    unanswered = user.tries("exec", f"{site.lab}/client", "ping", "-c1", "-W1", "192.168.10.13")
    assert unanswered.code != 0
    user.does("start", web)
    assert site.does("web", "cat", "/root/disk", "/etc/greeting") == "kept\nfrom the lab file\n"
    assert user.tries("exec", web, "test", "-e", "/run/memory").code == 1
    interfaces = next(node.interfaces for node in plan.nodes if node.name == "web")
    assert interfaces[0].mac in site.does("web", "ip", "link", "show", "eth1")
    assert "192.168.10.99" not in site.does("web", "ip", "addr")
    assert site.does("client", "curl", "-s", "-m", "5", "192.168.10.13") == "web\n"
    again = user.tries("start", web)
    assert (again.code, again.err) == (1, "lvsnet: web runs already\n")


@pytest.mark.usefixtures("privileging")
def test_a_privileged_node_has_every_right(user: User, new_lab: NewLab) -> None:
    name = new_lab()
    node = "    role: client\n"
    file = sites.plain(user, name, (node, f"{node}    privileged: true\n"))
    user.does("deploy", file)
    status = user.does("exec", f"{name}/client", "cat", "/proc/self/status")
    # Not every engine knows the kernel's newest ones.
    assert capabilities.bounding(status) >= {"CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_RESOURCE"}
    user.does("exec", f"{name}/client", "mount", "-t", "tmpfs", "x", "/mnt")
    others = capabilities.bounding(user.does("exec", f"{name}/web", "cat", "/proc/self/status"))
    assert "CAP_SYS_ADMIN" not in others


def test_rights_that_cannot_be_given_are_told_before_anything_is_made(
    user: User, place: Place, lab: str
) -> None:
    if may_privilege(place):
        return  # the test above goes through with it
    done = user.tries("deploy", "--privileged", sites.plain(user, lab))
    assert done.code == 1
    assert "client: privileged" in done.err
    assert "create" not in done.err
    assert sites.traces(user, place, lab) == []
