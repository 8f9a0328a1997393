"""Every scheduler of IPVS against its definition, on a real kernel.

What each of them has to do is said here as arithmetic on the real servers that connections have
gone to, in the order in which they were opened; nothing closes meanwhile where loads count.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

import pytest

from e2e.users import User

VIP, OTHER_VIP = "192.168.10.100", "192.168.10.101"
SERVERS = ("rs1", "rs2", "rs3")
SOURCES = "192.168.10.128/26"
MANY = 64
"""Addresses of it."""
ADDRESSES = {"rs1": "192.168.10.21", "rs2": "192.168.10.22", "rs3": "192.168.10.23"}
WEIGHTS: Mapping[str, tuple[int, int, int]] = {
    "rr": (3, 2, 1),
    "wrr": (3, 2, 1),
    "lc": (3, 2, 1),
    "wlc": (3, 2, 1),
    "sed": (3, 2, 1),
    "nq": (4, 2, 1),
    "fo": (1, 3, 2),
    "ovf": (2, 4, 3),
    "lblc": (4, 4, 4),
    "lblcr": (4, 4, 4),
    "dh": (1, 1, 1),
    "sh": (1, 1, 1),
    "mh": (1, 1, 1),
    "twos": (3, 2, 1),
}
FLAGGED = {
    "sh-port": ("sh", "sh-port"),
    "sh-fallback": ("sh", "sh-fallback"),
    "mh-port": ("mh", "mh-port"),
    "mh-fallback": ("mh", "mh-fallback"),
}
PORTS = {name: 8001 + number for number, name in enumerate([*WEIGHTS, *FLAGGED, "elsewhere"])}
THRESHOLD = 4
"""Of the real server that fo prefers."""


def _service(name: str, scheduler: str, more: str = "", vip: str = VIP) -> str:
    # Both ways to configure them take turns; what a test edits is ipvsadm's.
    way = "ipvsadm" if PORTS[name] % 2 or name in ("sh", "mh", *FLAGGED) else "keepalived"
    upper = {"fo": {"rs2": f", uthreshold: {THRESHOLD}"}}.get(name, {})
    real_servers = ", ".join(
        f"{{node: {node}, weight: {weight}{upper.get(node, '')}}}"
        for node, weight in zip(SERVERS, WEIGHTS[scheduler], strict=True)
    )
    return (
        f"  {name}: {{address: {vip}, port: {PORTS[name]}, method: dr, scheduler: {scheduler},"
        f" configured_by: {way}{more}, real_servers: [{real_servers}]}}\n"
    )


LAB = f"""
name: schedulers
allow: [weight-unused]
segments: {{lan: 192.168.10.0/24}}
nodes:
  client:
    role: client
    interfaces: {{lan: 192.168.10.10}}
    exec: [ip route add local {SOURCES} dev lo]
  lb01: {{role: director, interfaces: {{lan: 192.168.10.11}}}}
  rs1: {{role: realserver, interfaces: {{lan: {ADDRESSES["rs1"]}}}}}
  rs2: {{role: realserver, interfaces: {{lan: {ADDRESSES["rs2"]}}}}}
  rs3: {{role: realserver, interfaces: {{lan: {ADDRESSES["rs3"]}}}}}
vrrp:
  VI_1:
    segment: lan
    virtual_router_id: 33
    addresses: [{VIP}, {OTHER_VIP}]
    priority: {{lb01: 150}}
services:
""" + "".join(
    (
        *(_service(name, name) for name in WEIGHTS),
        *(_service(name, of, f", sched_flags: [{flag}]") for name, (of, flag) in FLAGGED.items()),
        _service("elsewhere", "dh", vip=OTHER_VIP),
    )
)


@pytest.fixture(scope="module")
def site(warm_held: User) -> User:
    file = warm_held.home / "schedulers.yaml"
    file.write_text(LAB)
    warm_held.does("deploy", str(file))
    return warm_held


def chosen(site: User, name: str, count: int, *words: str, vip: str = VIP) -> list[str]:
    """Who has got each of ``count`` connections, in their order; empty for nobody."""
    target = f"http://{vip}:{PORTS[name]}/"
    said = site.does(
        "traffic", target, "--count", str(count), "--rate", "500/s", *words, "-f", "json"
    )
    found = {one["connection"]: one["server"] for one in json.loads(said)["requests"]}
    return [found[number] for number in range(1, count + 1)]


def held(site: User, name: str, count: int) -> list[str]:
    """As `chosen`, of connections that are all open at the end."""
    return chosen(site, name, count, "--style", "hold", "--connections", str(count))


def by_source(site: User, name: str) -> list[str]:
    """Who has got a connection from each of many addresses."""
    return chosen(site, name, MANY, "--source", SOURCES)


def edit(site: User, name: str, command: str, server: str, *words: str) -> None:
    port = PORTS[name]
    real = f"{ADDRESSES[server]}:{port}"
    site.does("exec", "lb01", "ipvsadm", command, "-t", f"{VIP}:{port}", "-r", real, *words)


Cost = Callable[[int, int], Fraction]
"""What a scheduler compares: of open connections, and the weight."""


def costs(
    found: Sequence[str], weights: Sequence[int], cost: Cost
) -> list[tuple[Fraction, Fraction]]:
    """For each connection, the cost of the real server that got it then, and the lowest one."""
    opened: Counter[str] = Counter()
    compared = []
    for server in found:
        then = {
            one: cost(opened[one], weight) for one, weight in zip(SERVERS, weights, strict=True)
        }
        compared.append((then[server], min(then.values())))
        opened[server] += 1
    return compared


def test_rr_takes_turns_whatever_the_weights(site: User) -> None:
    found = chosen(site, "rr", 12)
    assert all(set(found[at : at + 3]) == set(SERVERS) for at in range(10))


def test_wrr_takes_turns_by_weight(site: User) -> None:
    found = chosen(site, "wrr", 24)
    turn = sum(WEIGHTS["wrr"])
    due = dict(zip(SERVERS, WEIGHTS["wrr"], strict=True))
    assert all(Counter(found[at : at + turn]) == due for at in range(24 - turn + 1))


def test_lc_takes_the_least_connections_whatever_the_weights(site: User) -> None:
    compared = costs(held(site, "lc", 12), WEIGHTS["lc"], lambda opened, _: Fraction(opened))
    assert all(taken == least for taken, least in compared)


def test_wlc_takes_the_least_connections_by_weight(site: User) -> None:
    found = held(site, "wlc", 24)
    compared = costs(found, WEIGHTS["wlc"], Fraction)
    assert all(taken == least for taken, least in compared)
    assert Counter(found) == {"rs1": 12, "rs2": 8, "rs3": 4}


def delay(opened: int, weight: int) -> Fraction:
    """The shortest expected one: as if the connection were there already."""
    return Fraction(opened + 1, weight)


def test_sed_takes_the_shortest_expected_delay(site: User) -> None:
    found = held(site, "sed", 24)
    assert all(taken == least for taken, least in costs(found, WEIGHTS["sed"], delay))
    assert "rs3" not in found[:3]  # idle, and to wait all the same


def test_nq_never_queues_while_somebody_is_idle(site: User) -> None:
    found = held(site, "nq", 24)
    assert set(found[:3]) == set(SERVERS)
    assert all(taken == least for taken, least in costs(found, WEIGHTS["nq"], delay)[3:])


def test_fo_takes_the_highest_weight_until_it_is_full(site: User) -> None:
    """Full is what has as many connections as its uthreshold."""
    found = held(site, "fo", 10)
    assert found == ["rs2"] * THRESHOLD + ["rs3"] * (10 - THRESHOLD)


def test_ovf_overflows_by_weight(site: User) -> None:
    """One is passed over when it has more connections than its weight (ip_vs_ovf.c)."""
    lightest, heaviest, middle = (weight + 1 for weight in WEIGHTS["ovf"])
    whole = ["rs2"] * heaviest + ["rs3"] * middle + ["rs1"] * lightest
    assert held(site, "ovf", len(whole) + 2) == [*whole, "", ""]


def test_lblc_keeps_a_destination_at_one_server_until_that_is_overloaded(site: User) -> None:
    """Overloaded: more connections than its weight, and somebody has less than half of that."""
    full = WEIGHTS["lblc"][0] + 1
    found = held(site, "lblc", 3 * full + 4)
    first, second, third = (found[at * full] for at in range(3))
    assert {first, second, third} == set(SERVERS)
    assert found == [first] * full + [second] * full + [third] * (full + 4)


def test_lblcr_replicates_a_destination_when_its_servers_are_overloaded(site: User) -> None:
    """It adds a server to the destination's set, and takes the least loaded of the set."""
    full = WEIGHTS["lblcr"][0] + 1
    found = held(site, "lblcr", 3 * full + 6)
    first, second, third = (found[at * full] for at in range(3))
    assert {first, second, third} == set(SERVERS)
    assert found[: 3 * full] == [first] * full + [second] * full + [third] * full
    assert Counter(found[3 * full :]) == dict.fromkeys(SERVERS, 2)


def test_dh_goes_by_the_destination(site: User) -> None:
    assert len(set(by_source(site, "dh"))) == 1
    assert len(set(chosen(site, "elsewhere", 8, "--source", SOURCES, vip=OTHER_VIP))) == 1


@pytest.mark.parametrize("scheduler", ["sh", "mh"])
def test_hashes_of_the_source_send_it_to_one_server(site: User, scheduler: str) -> None:
    found = chosen(site, scheduler, 2 * MANY, "--source", SOURCES)
    assert found[:MANY] == found[MANY:]
    assert set(found) == set(SERVERS)
    assert len(set(chosen(site, scheduler, 8))) == 1


@pytest.mark.parametrize("name", ["sh-port", "mh-port"])
def test_with_port_each_connection_has_a_hash_of_its_own(site: User, name: str) -> None:
    assert set(chosen(site, name, 24)) == set(SERVERS)


def test_mh_is_stable_when_a_server_goes_and_sh_is_not(site: User) -> None:
    kept = {}
    for name in ("mh", "sh"):
        before = by_source(site, name)
        edit(site, name, "-d", "rs2")
        after = by_source(site, name)
        assert "rs2" not in after
        pairs = list(zip(before, after, strict=True))
        staying = [was == now for was, now in pairs if was != "rs2"]
        kept[name] = sum(staying) / len(staying)
    assert kept["mh"] > 0.9, kept
    assert kept["sh"] < 0.8, kept


@pytest.mark.parametrize("name", ["sh-fallback", "mh-fallback"])
def test_with_fallback_others_take_the_clients_of_one_without_weight(site: User, name: str) -> None:
    before = by_source(site, name)
    edit(site, name, "-e", "rs2", "-g", "-w", "0")
    after = by_source(site, name)
    assert set(after) == {"rs1", "rs3"}
    assert all(was == now for was, now in zip(before, after, strict=True) if was != "rs2")


@pytest.mark.parametrize("name", ["sh-port", "mh-port"])
def test_without_it_they_are_refused(site: User, name: str) -> None:
    edit(site, name, "-e", "rs2", "-g", "-w", "0")
    assert set(chosen(site, name, 24)) == {"rs1", "rs3", ""}


def test_twos_stays_between_the_loads(site: User) -> None:
    """Of two that are drawn by weight it takes the one with less: nobody falls far behind."""
    found = held(site, "twos", 60)
    shares = Counter(found)
    for server, weight in zip(SERVERS, WEIGHTS["twos"], strict=True):
        assert abs(shares[server] - 60 * weight / 6) <= 5, shares
    # By draw: it does not take turns, as wlc does.
    assert any(taken != least for taken, least in costs(found, WEIGHTS["twos"], Fraction))
    assert any(one == other for one, other in pairwise(found))


def test_the_table_of_sh_has_no_room_for_more_than_256(site: User) -> None:
    """Which is why a lab's weights are compared with it."""
    edit(site, "sh-fallback", "-e", "rs3", "-g", "-w", "256")
    assert set(by_source(site, "sh-fallback")) == {"rs3"}


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("-a -t {vip} -r 192.168.10.99 -x 5 -y 6", "Numerical result out of range"),
        ("-a -t {vip} -r 192.168.10.99 -y 6", "Numerical result out of range"),
        ("-E -t {vip} -s rr -o", "only for UDP"),
        ("-E -t {vip} -s rr -b sh-port", "incompatible scheduler flag"),
    ],
)
def test_what_is_refused_in_a_lab_is_refused_by_ipvsadm(site: User, rule: str, reason: str) -> None:
    arguments = rule.format(vip=f"{VIP}:{PORTS['rr']}").split()
    done = site.tries("exec", "lb01", "ipvsadm", *arguments)
    assert done.code
    assert reason in done.err


def test_calls_are_found_in_datagrams_alone(site: User) -> None:
    """The engine sip takes no TCP, so no connection is ever made."""
    port = PORTS["dh"]
    service = ("-E", "-t", f"{VIP}:{port}", "-s", "rr", "-p", "60", "--pe", "sip")
    site.does("exec", "lb01", "ipvsadm", *service)
    assert chosen(site, "dh", 2) == ["", ""]
