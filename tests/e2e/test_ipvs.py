"""What `lvsnet ipvs` shows is what ipvsadm shows in the node, at the same time of a held clock."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple

import pytest

from e2e.terminals import terminal
from e2e.users import LVSNET, VIP, User, reads
from lvsnet.observe.table_model import Connections, Table, TableServer, TableService, Timeouts
from lvsnet.plan import codec
from lvsnet.resources import example_labs

RULES = f"""\
-A -u {VIP}:5000 -s wrr
-a -u {VIP}:5000 -r 192.168.10.13:5000 -g -w 3
-a -u {VIP}:5000 -r 192.168.10.14:5000 -g -w 1
-A -u {VIP}:5001 -s rr -o
-a -u {VIP}:5001 -r 192.168.10.14:5001 -g -w 1
-A --sctp-service {VIP}:9000 -s sh -b sh-port
-a --sctp-service {VIP}:9000 -r 192.168.10.13:9000 -g -w 1 -x 10 -y 5
-A -t {VIP}:82 -s mh -b mh-fallback,mh-port -p 60 -M 255.255.255.0
-a -t {VIP}:82 -r 192.168.10.13:82 -i -w 0 --tun-type gue --tun-port 6080
-a -t {VIP}:82 -r 192.168.10.99:82 -i -w 2
-A -f 7 -s lc -p 300
-a -f 7 -r 192.168.10.13:0 -g -w 1
-a -f 7 -r 192.168.10.14:0 -g -w 1
-A -f 8 -6 -s rr -p 300 -M 64
-a -f 8 -6 -r [fd00:10::14]:0 -g -w 1
"""
MARKS = (
    "add table inet marks; "
    "add chain inet marks in { type filter hook prerouting priority mangle; }; "
    f"add rule inet marks in ip daddr {VIP} tcp dport 80 mark set 7; "
    "add rule inet marks in ip6 daddr fd00:10::100 tcp dport 80 mark set 8"
)
PROTOCOLS = {"tcp": "TCP", "udp": "UDP", "sctp": "SCTP", "fwmark": "FWM"}
METHODS = {"dr": "Route", "nat": "Masq", "tun": "Tunnel", "local": "Local"}
Words = Sequence[object]


@pytest.fixture(scope="module")
def site(warm_held: User) -> User:
    """A site of both IPs, with services of every kind on lb01 beside those of keepalived."""
    text = example_labs()["ipv6"].read_text().partition("\nscenarios:")[0]
    path = warm_held.home / "ipv6.yaml"
    path.write_text(text)
    warm_held.does("deploy", str(path))
    lb01 = ("exec", "lb01")
    warm_held.does(*lb01, "ipvsadm", "-R", stdin=RULES.encode())
    warm_held.does(*lb01, "ipvsadm", "--set", "0", "60", "0")
    for words in ("master --mcast-interface eth1 --syncid 5", "backup --mcast-interface eth2"):
        warm_held.does(*lb01, "ipvsadm", "--start-daemon", *words.split())
    warm_held.does(*lb01, "nft", MARKS)
    for target in (f"http://{VIP}", "http://[fd00:10::100]", "http://[fd00:10::100]:8080"):
        warm_held.does("traffic", f"{target}/", "--count", "10")
    serve = [f"--serve={node}:udp/5000" for node in ("nginx01", "nginx02")]
    warm_held.does("traffic", f"udp://{VIP}:5000", *serve, "--count", "10")
    for target in (f"sctp://{VIP}:9000", f"http://{VIP}:82/"):
        warm_held.does("traffic", target, "--count", "3")
    return warm_held


def tables(said: str) -> tuple[Table, ...]:
    """What was said as JSON."""
    found = json.loads(said)
    assert found["lab"] == "ipv6"
    return tuple(
        codec.decode(Table, {**one, "time": round(one["time"] * 10**9)}, "table")
        for one in found["tables"]
    )


def table(user: User, *options: str) -> Table:
    (found,) = tables(user.does("ipvs", "lb01", "-f", "json", *options))
    return found


def connections(user: User, *options: str) -> Connections:
    found = table(user, "--connections", *options).connections
    assert found is not None
    return found


def ipvsadm(user: User, *options: str) -> list[list[str]]:
    """The words of each line that is about a service, a real server or a connection, sorted."""
    said = user.does("exec", "lb01", "ipvsadm", *options)
    pattern = re.compile(r"(TCP|UDP|SCTP|FWM|IP|->) .*\d")
    lines = [line.split() for line in said.splitlines() if pattern.match(line.strip())]
    return sorted(line for line in lines if line[1] != "Virtual")


def as_ipvsadm(
    found: Table,
    of_service: Callable[[TableService], Words],
    of_server: Callable[[TableServer], Words],
) -> list[list[str]]:
    lines: list[Words] = []
    for one in found.services:
        version = ["IPv6"] if one.ipv6 and one.protocol == "fwmark" else []
        lines.append([PROTOCOLS[one.protocol], one.address, *version, *of_service(one)])
        lines += [["->", line.address, *of_server(line)] for line in one.real_servers]
    return sorted([str(word) for word in line] for line in lines)


def how(service: TableService) -> Words:
    """What `ipvsadm -Ln` says of a service."""
    words: list[object] = [service.scheduler]
    words += [f"({','.join(service.flags)})"] if service.flags else []
    if service.persistence:
        words += ["persistent", service.persistence.timeout]
        if service.persistence.mask not in ("255.255.255.255", "128"):
            words += ["mask", service.persistence.mask]
    return [*words, *(["ops"] if service.one_packet else [])]


def test_services_and_real_servers_are_those_of_ipvsadm(site: User) -> None:
    found = table(site)
    for options, of in (
        ((), lambda one: (METHODS[one.method], one.weight, one.active, one.inactive)),
        (("--thresholds",), lambda one: (one.upper, one.lower, one.active, one.inactive)),
        (
            ("--persistent-conn",),
            lambda one: (one.weight, one.persistent, one.active, one.inactive),
        ),
    ):  # type: tuple[tuple[str, ...], Callable[[TableServer], Words]]
        assert as_ipvsadm(found, how, of) == ipvsadm(site, "-Ln", *options), options


def test_counters_and_rates_are_those_of_ipvsadm(site: User) -> None:
    found = table(site)
    there = ipvsadm(site, "-Ln", "--stats", "--exact")
    assert (
        as_ipvsadm(found, lambda one: astuple(one.total), lambda one: astuple(one.total)) == there
    )
    assert any(all(map(int, words[-5:])) for words in there), "there is something to compare"
    there = ipvsadm(site, "-Ln", "--rate", "--exact")
    assert as_ipvsadm(found, lambda one: astuple(one.rate), lambda one: astuple(one.rate)) == there
    assert any(all(map(int, words[-5:])) for words in there)


def test_timeouts_sync_daemons_and_tunnels_are_shown(site: User) -> None:
    found = table(site)
    assert found.timeouts == Timeouts(900, 60, 300)
    assert "900 60 300" in site.does("exec", "lb01", "ipvsadm", "-L", "--timeout")
    shown = [
        f"{one.state} sync daemon (mcast={one.interface}, syncid={one.syncid}, "
        for one in found.daemons
    ]
    said = site.does("exec", "lb01", "ipvsadm", "-L", "--daemon")
    assert [said.count(words) for words in shown] == [1, 1]
    text = site.does("ipvs", "lb01")
    assert "timeouts: tcp 15m, tcp_fin 1m, udp 5m\n" in text
    assert "sync daemon: master on eth1, syncid 5, 224.0.0.81:8848\n" in text
    assert re.search(r"^  nginx01 +192.168.10.13:82 +tun gue 6080 +0 ", text, re.MULTILINE)


def test_connections_are_those_of_ipvsadm(site: User) -> None:
    found = connections(site)
    assert found.count == len(found.listed) > 30
    shown = {}
    for one in found.listed:
        ends, protocol = (one.client, one.service, one.real_server), PROTOCOLS[one.protocol]
        if one.protocol == "fwmark":
            # ipvsadm takes the mark for the first 32 bits of an address.
            ipv6 = one.client.startswith("[")
            mark = f"[0:{one.service}::]:0" if ipv6 else f"0.0.0.{one.service}:0"
            ends, protocol = (one.client, mark, one.real_server), "IP"
        shown[protocol, one.state, *ends] = one.expires
    there = {
        (protocol, *rest): 60 * int(expires[:-3]) + int(expires[-2:])
        for protocol, expires, *rest in ipvsadm(site, "-Lnc")
    }
    assert shown.keys() == there.keys()
    assert all(abs(shown[key] - there[key]) <= 1 for key in shown), "expires"
    states = {one.state for one in found.listed}
    assert states >= {"FIN_WAIT", "TIME_WAIT", "SYN_RECV", "UDP", "INIT1", "ASSURED", "NONE"}
    assert {one.origin for one in found.listed} == {"local"}


def test_they_are_narrowed_down(site: User) -> None:
    def count(*options: str) -> int:
        return connections(site, *options).count

    assert count("--state", "time_wait") == count("--service", "[fd00:10::100]:8080") == 10
    assert count("--service", f"udp {VIP}") == 10
    by_node = count("--service", f"{VIP}:5000", "--real-server", "nginx01")
    assert by_node == count("--service", f"{VIP}:5000", "--real-server", "192.168.10.13:5000") != 0
    assert count("--real-server", "nginx01:81") == 0
    text = site.does("ipvs", "lb01", "-c", "--limit", "3", "--state", "TIME_WAIT")
    assert len(text.splitlines()) == 3 + 2 + 3 + 1
    assert text.endswith("  … and 7 more\n")
    (only,) = table(site, "--service", "fwmark 7", "--real-server", "nginx02").services
    assert [line.node for line in only.real_servers] == ["nginx02"]
    nothing = site.does("ipvs", "lb01", "--real-server", "192.168.10.77")
    assert nothing.endswith("\nnothing of that service or real server\n")


def test_each_director_is_shown_and_others_by_name(site: User) -> None:
    found = tables(site.does("ipvs", "-f", "json"))
    assert [one.node for one in found] == ["lb01", "lb02"]
    text = site.does("ipvs", "nginx01", "lb02")
    assert re.match(r"nginx01 at 0:00:\d\d\.\d{6}\nno virtual services\n\nlb02 at ", text)
    for arguments, why in (
        (("lb3",), "lab ipv6 has no node lb3; it has client, lb01, lb02, nginx01,"),
        (("--real-server", "nginx07"), "lab ipv6 has no node nginx07; it has client, lb01,"),
    ):
        done = site.tries("ipvs", *arguments)
        assert (done.code, done.text) == (1, ""), done
        assert done.err.startswith(f"lvsnet: {why}")
        assert done.err.count("\n") == 1
    for option, wrong in (
        ("--service", "192.168.10:80"), ("--service", "tcp 192.168.10.100:0"),
        ("--service", "fwmark x"), ("--real-server", ":80"), ("--state", "ESTABLISHED"),
    ):  # fmt: skip
        done = site.tries("ipvs", option, wrong)
        assert (done.code, done.text) == (2, ""), done
        assert option in done.err
    done = site.tries("ipvs", "--connections", "--state", "ESTABLISED")
    assert (done.code, done.text) == (2, "")
    assert done.err.endswith("; did you mean ESTABLISHED?\n")


@contextmanager
def watching(user: User, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    process = user.begin("ipvs", "--watch", *options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def samples(
    process: subprocess.Popen[bytes], last: Callable[[Table], bool]
) -> list[tuple[Table, ...]]:
    """What is told up to a sample whose first table is as it is to be."""
    found: list[tuple[Table, ...]] = []
    said = b""
    while not found or not last(found[-1][0]):
        *lines, said = (said + reads(process, b"\n")).split(b"\n")
        found += [tables(line.decode()) for line in lines]
    assert not said
    return found


def weight(seen: Table) -> int:
    """Of nginx02 in the service of UDP."""
    (service,) = (one for one in seen.services if one.address == f"{VIP}:5000")
    return service.real_servers[1].weight


def test_watching_moves_no_held_clock_and_shows_what_changes(site: User) -> None:
    before = site.time()
    with watching(site, "-f", "json") as process:
        ((first, second),) = samples(process, lambda _: True)
        assert (first.node, second.node, weight(first)) == ("lb01", "lb02", 1)
        assert site.time() == pytest.approx(before, abs=0.01)
        edit = ("-e", "-u", f"{VIP}:5000", "-r", "192.168.10.14:5000", "-g", "-w", "9")
        site.does("exec", "lb01", "ipvsadm", *edit)
        site.passes(2)
        found = samples(process, lambda one: weight(one) == 9)
        assert found[-1][0].time % 10**9 < 10**6, "on a grid of seconds"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130


def test_a_picture_is_drawn_in_its_place_and_fits_its_window(site: User) -> None:
    environment = {**site.environment, "TERM": "xterm"}
    del environment["COLUMNS"]
    command = (LVSNET, "ipvs", "--watch")
    whole = r"more lines\x1b\[K\r\n\x1b\[J"
    with terminal(*command, environment=environment, cwd=site.home, size=(10, 40)) as one:
        text = one.until(whole)
        assert text.startswith("\x1b[2J\x1b[Hlb01 at ")
        lines = re.sub(r"\x1b\[\d*[A-Z]", "", text).splitlines()
        assert len(lines) == 9
        assert max(map(len, lines)) <= 40
        one.resize(8, 60)
        text = one.until(whole)
        assert text.startswith("\x1b[Hlb01 at ")
        assert text.count("\n") == 7
        one.types(b"\x03")
        assert one.end() == 130


def test_a_node_that_is_off_and_a_lab_that_ends(site: User) -> None:
    site.does("stop", "lb02")
    assert re.search(r"^lb02 at .*\noff; `lvsnet start lb02` starts it\n", site.does("ipvs"), re.M)
    with watching(site) as process:
        assert reads(process, b"lb02 at ").startswith(b"lb01 at ")
        site.does("destroy")
        assert process.wait(timeout=20) == 1
        _, err = process.communicate()
        assert err == b"lvsnet: the lab was destroyed\n"
    done = site.tries("ipvs")
    assert (done.code, done.err) == (1, "lvsnet: no lab runs; `lvsnet deploy LAB` starts one\n")
