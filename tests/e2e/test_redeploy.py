"""A lab that runs becomes what its file says, and what does not change goes on.

The tests of this module go through one story, from change to change of one lab's file.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from e2e.sites import TAKEOVER, answers, holders, listed, moves
from e2e.users import VIP, User, eventually, kill, line, reads

NAME = "changing"
KEEPALIVED = "/etc/keepalived/keepalived.conf"
LB01 = "  lb01:    {role: director,   interfaces: {lan: 192.168.10.11}}\n"
CLIENT = "  client:  {role: client,     interfaces: {lan: 192.168.10.10}}\n"
NGINX02 = "  nginx02: {role: realserver, interfaces: {lan: 192.168.10.14}}\n"
NGINX03 = "  nginx03: {role: realserver, interfaces: {lan: 192.168.10.15}}\n"
OWN = """\
vrrp_instance VI_1 {
    state BACKUP
    interface eth1
    virtual_router_id 33
    priority 200
    virtual_ipaddress {
        192.168.10.100/32 dev eth1
    }
}
"""


@pytest.fixture(scope="module")
def site(warm_resident: User) -> User:
    warm_resident.does("deploy", warm_resident.lab(NAME))
    return warm_resident


def change(user: User, *changes: tuple[str, str], name: str = NAME) -> None:
    path = user.home / f"{name}.yaml"
    text = path.read_text()
    for old, new in changes:
        assert text.count(old) == 1, (old, text)
        text = text.replace(old, new)
    path.write_text(text)


def redeployed(user: User, *arguments: str) -> str:
    """What a redeploy that must succeed reports."""
    done = user.tries("redeploy", *arguments)
    assert done.code == 0, done
    return done.err


def told(report: str) -> list[str]:
    """Without times, what is said of the nodes."""
    lines = [line.partition(" s  ")[2] for line in report.splitlines()]
    return [line for line in lines if " is changed" in line or " is rebuilt" in line]


def daemon(user: User, node: str, name: str) -> str:
    """Process id of a daemon, by its pid file."""
    return user.does("exec", node, "cat", f"/run/{name}.pid").strip()


def boots(user: User, *nodes: str) -> list[str]:
    """When the nodes' inits started, in ticks since the kernel did (proc_pid_stat(5))."""
    said = [user.does("exec", node, "cat", "/proc/1/stat") for node in nodes]
    return [line.rpartition(")")[2].split()[19] for line in said]


def runs(user: User, node: str) -> bool:
    return user.tries("exec", node, "true").code == 0


def waits(user: User, node: str, condition: str, within: int = 20) -> None:
    """Wait in a node, where a look costs less than from outside, until a condition is true."""
    loop = f"for i in $(seq {within * 2}); do {condition} && exit; sleep 0.5; done; exit 1"
    user.does("exec", node, "sh", "-c", loop)


def taken(user: User, node: str) -> None:
    """Wait until a node has the VIP, and alone has it."""
    waits(user, node, f"ip addr show eth1 | grep -qF 'inet {VIP}/32'")
    moves(user, VIP, node, TAKEOVER)


def balances(user: User, node: str, count: int) -> None:
    """Wait until a director has so many real servers."""
    shown = "ipvsadm -Ln | grep -o '^  -> [0-9][0-9.:]*' | sort -u | wc -l"
    waits(user, node, f"[ $({shown}) = {count} ]")


def connections(user: User, node: str) -> list[str]:
    """Source and destination of each entry of the connection table."""
    lines = user.does("exec", node, "ipvsadm", "-Lnc").splitlines()
    return sorted(" ".join(line.split()[3:]) for line in lines if line.startswith("TCP"))


def test_nothing_changed_is_said_and_touches_nothing(site: User) -> None:
    before = boots(site, "lb01", "nginx01"), daemon(site, "lb01", "keepalived")
    assert f"{NAME}: nothing has changed" in redeployed(site)
    assert f"{NAME}: nothing has changed" in redeployed(site, NAME)
    assert (boots(site, "lb01", "nginx01"), daemon(site, "lb01", "keepalived")) == before
    assert "Reloading" not in site.does("logs", "lb01")


def test_deploy_refuses_and_names_redeploy(site: User) -> None:
    done = site.tries("deploy", str(site.home / f"{NAME}.yaml"))
    assert done.code == 1
    assert f"`lvsnet redeploy {NAME}`" in done.err


def test_priorities_swapped_move_the_vip_and_no_daemon_restarts(site: User) -> None:
    answers(site, 4)
    before = daemon(site, "lb01", "keepalived"), daemon(site, "lb02", "keepalived")
    table = connections(site, "lb01")
    assert len(table) == 4
    change(site, ("lb01: 150, lb02: 100", "lb01: 100, lb02: 150"))
    report = redeployed(site, str(site.home / f"{NAME}.yaml"))
    assert [line.split()[0] for line in told(report)] == ["lb01", "lb02"]
    taken(site, "lb02")
    after = daemon(site, "lb01", "keepalived"), daemon(site, "lb02", "keepalived")
    assert after == before
    assert connections(site, "lb01") == table
    assert answers(site, 4) == {"nginx01": 2, "nginx02": 2}


def test_a_real_server_is_added_while_a_connection_lasts(site: User) -> None:
    nodes = ("client", "lb01", "lb02", "nginx01", "nginx02")
    before = boots(site, *nodes), daemon(site, "lb02", "keepalived")
    slow = "(printf 'GET / HTTP/1.0\\r\\n'; read go; printf '\\r\\n') | nc -q 5 192.168.10.100 80"
    with (
        begun(site, "exec", "client", "sh", "-c", slow, stdin=subprocess.PIPE) as lasting,
        begun(site, "events", "-f") as events,
        begun(site, "capture", "lan", "--", "src 192.168.10.15") as packets,
    ):
        eventually(lambda: any("ESTABLISHED" in line for line in entries(site, "lb02")), 10)
        table = connections(site, "lb02")
        assert line(packets.stderr).startswith("capturing at ")
        reads(events, b"MASTER")
        change(
            site,
            (NGINX02, NGINX02 + NGINX03),
            ("[nginx01, nginx02]", "[nginx01, nginx02, nginx03]"),
        )
        report = redeployed(site)
        assert "nginx03 is created" in report
        assert (boots(site, *nodes), daemon(site, "lb02", "keepalived")) == before
        assert set(table) <= set(connections(site, "lb02"))
        # Who follows the lab has followed it to what it is now.
        assert b"nginx03  is on" in reads(events, b"nginx03 (192.168.10.15:80) in tcp ")
        assert b"nginx03:eth1  out" in reads(packets, b"SYN-ACK")
        out, _ = lasting.communicate(b"go\n", timeout=20)
    assert b"200 OK" in out
    assert set(listed(site, "lb01")) == {f"192.168.10.{n}:80" for n in (13, 14, 15)}
    assert answers(site, 6) == {"nginx01": 2, "nginx02": 2, "nginx03": 2}


@contextmanager
def begun(
    user: User, *arguments: str, stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs meanwhile."""
    process = user.begin(*arguments, stdin=stdin)
    try:
        yield process
    finally:
        kill(process)


def entries(user: User, node: str) -> list[str]:
    return user.does("exec", node, "ipvsadm", "-Lnc").splitlines()


def test_scheduler_and_weights(site: User) -> None:
    change(
        site,
        ("scheduler: rr", "scheduler: wrr"),
        ("[nginx01, nginx02, nginx03]", "[{node: nginx01, weight: 3}, nginx02]"),
    )
    redeployed(site)
    for director in ("lb01", "lb02"):
        assert "TCP  192.168.10.100:80 wrr" in site.does("exec", director, "ipvsadm", "-Ln")
        assert listed(site, director) == {
            "192.168.10.13:80": ("Route", "3"),
            "192.168.10.14:80": ("Route", "1"),
        }
    assert answers(site, 8) == {"nginx01": 6, "nginx02": 2}


def test_a_node_is_removed(site: User) -> None:
    change(site, (NGINX03, ""))
    assert "nginx03 is removed" in redeployed(site)
    done = site.tries("exec", "nginx03", "true")
    assert done.code == 1
    assert "no node nginx03" in done.err
    assert "nginx03" not in site.does("exec", "client", "cat", "/etc/hosts")


def test_a_vip_is_added_with_a_service(site: User) -> None:
    before = boots(site, "nginx01")
    change(site, ("addresses: [192.168.10.100]", "addresses: [192.168.10.100, 192.168.10.101]"))
    with (site.home / f"{NAME}.yaml").open("a") as file:
        file.write(
            "  second: {address: 192.168.10.101, port: 80, method: dr, scheduler: rr,"
            " real_servers: [nginx01]}\n"
        )
    redeployed(site)
    assert "inet 192.168.10.101/32" in site.does("exec", "nginx01", "ip", "addr", "show", "lo")
    assert holders(site, "192.168.10.101") == ["lb02"]
    fetch = ("exec", "client", "curl", "-s", "-m", "5", "192.168.10.101")
    eventually(lambda: site.tries(*fetch).text == "nginx01\n", 10)
    assert boots(site, "nginx01") == before


def test_routes_sysctls_files_and_daemons_of_a_node_that_goes_on(site: User) -> None:
    before = boots(site, "client")
    own = (
        "{role: client, interfaces: {lan: 192.168.10.10}, routes: [{to: 10.9.0.0/16, via: %s}],"
        " sysctls: {net.ipv4.tcp_syncookies: %d}, files: {/srv/x/one: %s, /tmp/two: b},"
        " daemons: {echo: sleep %d}}\n"
    )

    def client(*words: object) -> str:
        return "  client:  " + own % words

    change(site, (CLIENT, client("192.168.10.13", 0, "a", 1000)))
    redeployed(site)
    shell = ("exec", "client", "sh", "-c")
    shown = "ip route show 10.9.0.0/16; cat /proc/sys/net/ipv4/tcp_syncookies /srv/x/one /tmp/two"
    said = site.does(*shell, shown)
    assert "10.9.0.0/16 via 192.168.10.13 dev eth1" in said
    assert said.splitlines()[-2:] == ["0", "ab"]
    change(site, (client("192.168.10.13", 0, "a", 1000), client("192.168.10.14", 2, "c", 2000)))
    redeployed(site)
    said = site.does(*shell, shown + "; pgrep -fa sleep | grep -v infinity")
    assert "via 192.168.10.14" in said
    assert ("2\ncb" in said, "sleep 2000" in said, "sleep 1000" in said) == (True, True, False)
    assert boots(site, "client") == before
    change(site, (client("192.168.10.14", 2, "c", 2000), CLIENT))
    # The kernel's default of a sysctl is not known: this takes a new node.
    assert "client is rebuilt: sysctl net.ipv4.tcp_syncookies is no longer" in redeployed(site)
    assert site.tries("exec", "client", "test", "-e", "/srv/x/one").code == 1
    assert boots(site, "client") != before


def test_nginxs_page_and_its_configuration(site: User) -> None:
    before = boots(site, "nginx02"), daemon(site, "nginx02", "nginx")
    own = NGINX02.replace("}}", "}, files: {/var/www/html/index.html: hello}}")
    change(site, (NGINX02, own))
    redeployed(site)
    assert site.does("exec", "client", "curl", "-s", "192.168.10.14") == "hello"
    change(site, (own, NGINX02))
    redeployed(site)
    assert site.does("exec", "client", "curl", "-s", "192.168.10.14") == "nginx02\n"
    assert (boots(site, "nginx02"), daemon(site, "nginx02", "nginx")) == before


def test_a_wrong_configuration_of_ones_own_is_refused_and_all_goes_on(site: User) -> None:
    before = daemon(site, "lb01", "keepalived"), site.does("exec", "lb01", "cat", KEEPALIVED)
    (site.home / "own.conf").write_text(OWN.replace("virtual_router_id 33", "virtual_router_id x"))
    text = (site.home / f"{NAME}.yaml").read_text()
    own = LB01.replace("}}\n", "}, keepalived: own.conf}\n")
    more = CLIENT.replace("}}\n", "}, files: {/srv/new: x}}\n")
    change(site, (LB01, own), (CLIENT, more), ("{lb01: 100, lb02: 150}", "{lb02: 150}"))
    done = site.tries("redeploy")
    assert done.code == 1, done
    assert "lb01: keepalived.conf: " in done.err
    assert done.err.splitlines()[-1] == f"lab {NAME} goes on as it was"
    after = daemon(site, "lb01", "keepalived"), site.does("exec", "lb01", "cat", KEEPALIVED)
    assert after == before
    assert site.tries("exec", "client", "test", "-e", "/srv/new").code == 1
    (site.home / "own.conf").write_text(OWN)
    redeployed(site)
    assert daemon(site, "lb01", "keepalived") == before[0]
    taken(site, "lb01")
    (site.home / f"{NAME}.yaml").write_text(text)
    redeployed(site)
    taken(site, "lb02")


def test_a_node_that_is_off_stays_off_and_starts_as_the_new_plan_says(site: User) -> None:
    site.does("exec", "nginx01", "sh", "-c", "echo old >/root/disk")
    site.does("stop", "nginx01")
    own = "  nginx01: {role: realserver, interfaces: {lan: 192.168.10.13}"
    change(site, (own, own + ", files: {/srv/new: x}"))
    report = redeployed(site)
    assert "nginx01 is changed: /srv/new is added; it is off: this is done when it is" in report
    assert not runs(site, "nginx01")
    assert "nothing has changed" in redeployed(site)
    assert "nginx01 is made anew" in site.tries("start", "nginx01").err
    assert site.does("exec", "nginx01", "cat", "/srv/new") == "x"
    assert site.tries("exec", "nginx01", "test", "-e", "/root/disk").code == 1
    site.does("stop", "nginx01")
    site.does("start", "nginx01")
    assert site.does("exec", "nginx01", "cat", "/srv/new") == "x"
    balances(site, "lb02", 2)


def test_a_file_of_the_images_comes_back_when_the_plan_has_none(site: User) -> None:
    path = "/etc/nginx/mime.types"
    image = site.does("exec", "client", "cat", path)
    change(site, (NGINX02, NGINX02.replace("}}", f"}}, files: {{{path}: types {{}}}}}}")))
    change_back = (f", files: {{{path}: types {{}}}}}}", "}")
    (site.home / f"{NAME}.yaml").write_text(
        (site.home / f"{NAME}.yaml").read_text().replace("types {}", "'types {}'")
    )
    redeployed(site)
    assert site.does("exec", "nginx02", "cat", path) == "types {}"
    text = (site.home / f"{NAME}.yaml").read_text()
    (site.home / f"{NAME}.yaml").write_text(
        text.replace(change_back[0].replace("types {}", "'types {}'"), change_back[1])
    )
    assert f"nginx02 is rebuilt: {path} is removed, and its image has one" in redeployed(site)
    assert site.does("exec", "nginx02", "cat", path) == image


def test_a_segment_is_added_and_another_mtu_is_one_more(site: User) -> None:
    before = boots(site, "lb01", "lb02")
    router = "  router:  {role: router, interfaces: {lan: 192.168.10.1, back: 10.1.0.1}}\n"
    host = "  far:     {role: host, interfaces: {back: 10.1.0.2}}\n"
    change(site, ("  lan: 192.168.10.0/24\n", "  lan: 192.168.10.0/24\n  back: 10.1.0.0/24\n"))
    change(site, (NGINX02, NGINX02 + router + host))
    report = redeployed(site)
    assert "segment back is added" in report
    assert "1 received" in site.does("exec", "router", "ping", "-c1", "-W5", "10.1.0.2")
    assert boots(site, "lb01", "lb02") == before
    change(site, ("back: 10.1.0.0/24", "back: {subnet: 10.1.0.0/24, mtu: 1400}"))
    report = redeployed(site)
    assert "segment back is made anew: its MTU is 1400, not 1500" in report
    assert "mtu 1400" in site.does("exec", "far", "ip", "link", "show", "eth1")
    assert "1 received" in site.does("exec", "router", "ping", "-c1", "-W5", "10.1.0.2")
    change(site, (router + host, ""), ("  back: {subnet: 10.1.0.0/24, mtu: 1400}\n", ""))
    assert "segment back is removed" in redeployed(site)
    assert boots(site, "lb01", "lb02") == before


def test_a_dead_daemon_is_started_when_its_file_changes(site: User) -> None:
    site.does("exec", "lb01", "pkill", "-KILL", "keepalived")
    change(site, ("interval: 2s", "interval: 1s"))
    redeployed(site)
    balances(site, "lb01", 2)


def test_two_changes_at_one_moment(site: User) -> None:
    change(site, ("interval: 1s", "interval: 2s"))
    both = [site.begin("redeploy", NAME) for _ in range(2)]
    said = [one.communicate(timeout=120)[1].decode() for one in both]
    refused = [err for err, one in zip(said, both, strict=True) if one.returncode]
    assert all(f"lab {NAME} is just being deployed, changed or destr" in err for err in refused)
    assert len(refused) < 2, said
    assert "nothing has changed" in redeployed(site)


@pytest.fixture
def third(site: User) -> Iterator[User]:
    """The file names a third real server, which the lab has not got; afterwards neither has."""
    path = site.home / f"{NAME}.yaml"
    before = path.read_text()
    change(site, (NGINX02, NGINX02 + NGINX03), ("nginx02]", "nginx02, nginx03]"))
    yield site
    path.write_text(before)
    site.tries("redeploy", NAME)


def interrupted(user: User, when: str, number: int) -> str:
    """What a redeploy says after ``when``, at which it gets a signal."""
    process = user.begin("redeploy", NAME)
    assert process.stderr is not None
    try:
        said = b""
        for line in process.stderr:
            said += line
            if when.encode() in line:
                process.send_signal(number)
                return process.stderr.read().decode()
        pytest.fail(f"it never said {when!r}, but {said!r}")
    finally:
        kill(process)


@pytest.mark.parametrize("when", ["create nginx03", "wire and configure", "reload keepalived"])
def test_kill_9_in_the_middle_is_mended(third: User, when: str) -> None:
    interrupted(third, when, signal.SIGKILL)
    # What runs in the guest ends a moment later.
    eventually(lambda: third.tries("redeploy", "--no-wait", NAME).code == 0, 60)
    assert "nothing has changed" in redeployed(third, NAME)
    eventually(lambda: len(holders(third)) == 1, 20)
    balances(third, holders(third)[0], 3)
    assert set(answers(third, 10)) == {"nginx01", "nginx02", "nginx03"}


def test_ctrl_c_in_the_middle_says_how_to_go_on(third: User) -> None:
    before = boots(third, "lb01")
    said = interrupted(third, "create nginx03", signal.SIGINT)
    assert "interrupted; `lvsnet redeploy` completes what had begun" in said
    eventually(lambda: third.tries("redeploy", "--no-wait", NAME).code == 0, 60)
    assert runs(third, "nginx03")
    assert boots(third, "lb01") != before, "nobody knows what it was, so it is rebuilt"


def test_what_cannot_be_changed_names_destroy_and_deploy(site: User) -> None:
    text = (site.home / f"{NAME}.yaml").read_text()
    other = site.home / "big.yaml"
    other.write_text("memory: 1G\n" + text)
    for arguments, words in (
        ((str(other),), "the memory of lab changing"),
        ((NAME, "--kernel", "host"), "runs by crun on the guest's kernel"),
    ):
        done = site.tries("redeploy", *arguments)
        assert (done.code, done.err.splitlines()[-1].count("`lvsnet destroy changing`")) == (1, 1)
        assert words in done.err


def test_the_file_it_came_from_is_not_there_any_more(site: User) -> None:
    path = site.home / f"{NAME}.yaml"
    text = path.read_text()
    path.unlink()
    try:
        done = site.tries("redeploy")
        assert (done.code, done.err.count("\n")) == (1, 1)
        assert "which is no longer there; `lvsnet redeploy FILE` takes another one" in done.err
    finally:
        path.write_text(text)


def test_a_lab_that_does_not_run_is_started(warm_user: User) -> None:
    lab = warm_user.lab("new")
    warm_user.does("deploy", "--reconfigure", "--no-wait", lab)
    assert warm_user.does("exec", "lb01", "hostname") == "lb01\n"
    Path(lab).write_text(Path(lab).read_text().replace("rr\n", "wrr\n"))
    warm_user.does("deploy", "--reconfigure", "--no-wait", lab)
    assert "wrr" in warm_user.does("exec", "lb01", "cat", KEEPALIVED)


def test_without_any_lab(warm_user: User) -> None:
    done = warm_user.tries("redeploy")
    assert (done.code, done.err) == (1, "lvsnet: no lab runs; `lvsnet deploy LAB` starts one\n")
    assert warm_user.tries("redeploy", "nosuch").code == 2
