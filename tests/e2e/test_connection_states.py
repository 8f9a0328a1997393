"""What docs/inactconn.md says of the connections in IPVS's table is what the kernel does.

In virtual time: every timer of it is waited for whole.
"""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from e2e.connections import LATE, POLITE, WAYS, Closed, Round, Way, closed_of, round_of
from e2e.connections_page import Fate, agree, shown, told
from e2e.connections_table import Reading, balance, look, play, rest, run, service
from e2e.users import DEADLINE, LVSNET, VIP, User, kill

RIPS = {"dr": "192.168.10.13", "nat": "172.16.10.13"}
"""Method, which is also the lab's name -> nginx01."""
FLAGS = {"dr": "-g", "nat": "-m"}
DEFAULTS = {"tcp": 900, "tcpfin": 120, "udp": 300}
CHANGED = {"tcp": 600, "tcpfin": 30, "udp": 200}
"""Seconds that --set is given: far from every timeout that the kernel has by itself."""
TIMES = (10, 60, *DEFAULTS.values(), *CHANGED.values())
"""All that a timer can have been started with; see `late`."""
MARGIN = 0.5
"""Seconds before a timer's time at which its entry must be there, and behind it until it is gone:
in virtual time they are exact, but a round has packets at more times than one."""
SPOKEN = 10
"""Seconds after which a connection is used again."""
SHORT = 3
"""Seconds: tcpfin in the steady state."""
RATE = 50
"""Closings per second in it."""
PERSISTENCE = 300


@dataclass(frozen=True)
class Measured:
    method: str
    first: Round
    """Before --set."""
    second: Round
    """Right after it."""
    opened: int
    """The client's port of a connection from before it, used again SPOKEN later."""
    early: Reading
    """Right after the first round."""
    middle: Reading
    """Right after the second."""
    later: dict[float, Reading]
    """Seconds since then -> the table."""


def late(seconds: float) -> float:
    """When a timer that was started with so many must be over: the kernel's fire up to an eighth of
    their time late (LVL_CLK_SHIFT in kernel/time/timer.c)."""
    return seconds * 9 / 8 + MARGIN


@pytest.fixture(scope="module")
def site(warm_held: User) -> User:
    """The labs dr and nat."""
    deploying = [warm_held.begin("deploy", lab) for lab in RIPS]
    try:
        for process in deploying:
            _, said = process.communicate(timeout=DEADLINE)
            assert process.returncode == 0, said.decode()
    finally:
        for process in deploying:
            kill(process)
    return warm_held


def output(user: User, command: str) -> str:
    """What a shell command says that has lvsnet in its PATH."""
    path = f"{LVSNET.parent}:{user.environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**user.environment, "PATH": path},
        timeout=DEADLINE,
        check=False,
    )
    return done.stdout.decode()


def follow(user: User, commands: list[tuple[str, str]]) -> list[str]:
    """Run commands that the page shows; those that say something else, with what they say."""
    wrong = []
    for command, page in commands:
        if "--stats" in command:
            # IPVS adds up its counters every 2 s (IPVS_EST_NTICKS in include/net/ip_vs.h).
            user.passes(2.5, command.split()[2].partition("/")[0])
        if not agree(said := output(user, command), page):
            wrong.append(f"{command}\n{said}")
    return wrong


def test_the_commands_of_the_page_say_what_it_says(site: User) -> None:
    """First of all: the other tests have services of their own in the tables."""
    groups = [[one for one in shown() if f"exec {lab}/" in one[0]] for lab in RIPS]
    others = [command for command, _ in shown() if " exec " not in command]
    assert others == [f"lvsnet deploy {lab}" for lab in RIPS]
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(lambda group: follow(site, group), groups)) == [[], []]


@pytest.mark.parametrize("method", RIPS)
def test_inactconn_stays_for_120_seconds_and_no_longer(site: User, method: str) -> None:
    def inactive() -> list[int]:
        return [one for _, one in look(site, method, 0)[0].counts[80]]

    site.passes(late(120), method)
    begun = site.time(method)
    ask = f"for i in $(seq 50); do curl -I -s {VIP} >/dev/null; done"
    site.does("exec", f"{method}/client", "sh", "-c", ask)
    ended = site.time(method)
    assert inactive() == [25, 25]
    site.passes(begun + 119 - ended, method)
    assert inactive() == [25, 25]
    site.comes("inactive == 0 on lb01", late(120) - 119, method)
    assert site.time(method) - begun >= 120


def test_it_stands_still_while_the_clock_is_held(site: User) -> None:
    def table() -> str:
        return site.does("exec", "dr/lb01", "ipvsadm", "-Lnc")

    site.does("exec", "dr/client", "curl", "-I", "-s", VIP)
    before = table()
    assert "FIN_WAIT" in before
    time.sleep(2)  # of real time, in which the expiry would go down
    assert table() == before


def measure(site: User, method: str) -> Measured:
    director, client = f"{method}/lb01", f"{method}/client"
    ports = [(way.protocol[0], way.port) for way in WAYS] + [("t", POLITE)]
    services = (
        service(f"-{protocol} {VIP}:{port}", "rr", f"{RIPS[method]}:{port} {FLAGS[method]}")
        for protocol, port in ports
    )
    balance(site, method, *services)
    play(site, f"{method}/nginx01", "serve", "serve")
    opened = int(play(site, client, "hold", "hold", VIP, str(POLITE), str(SPOKEN)))
    first = round_of(play(site, client, "first", "connect", VIP))
    (early,) = look(site, method, 0)
    site.does("exec", director, "ipvsadm", "--set", *map(str, CHANGED.values()))
    second = round_of(play(site, client, "second", "connect", VIP))
    (middle,) = look(site, method, 0)
    assert middle.at - first.begun < MARGIN
    whens = {SPOKEN + CHANGED["tcp"], *TIMES}
    times = sorted({when for one in whens for when in (one - MARGIN, late(one))})
    later = look(site, method, *(first.begun + one for one in times))
    site.does("exec", director, "ipvsadm", "--set", *map(str, DEFAULTS.values()))
    return Measured(
        method, first, second, opened, early, middle, dict(zip(times, later, strict=True))
    )


@pytest.fixture(scope="module")
def everything(site: User) -> dict[str, Measured]:
    """Measured in both labs at the same time."""
    with ThreadPoolExecutor() as pool:
        return {one.method: one for one in pool.map(lambda lab: measure(site, lab), RIPS)}


@pytest.fixture(params=RIPS)
def measured(everything: dict[str, Measured], request: pytest.FixtureRequest) -> Measured:
    return everything[request.param]


def lived(way: Way, measured: Measured, round_: Round) -> list[int]:
    """What its timer was started with: there until then, and gone soon after."""
    return [
        one
        for one in TIMES
        if measured.later[one - MARGIN].of(way, round_)
        and not measured.later[late(one)].of(way, round_)
    ]


def fate(way: Way, measured: Measured) -> Fate | str:
    """As measured: the timer, which --set leaves alone while it runs, and that of the next one."""
    early, middle = measured.early.of(way, measured.first), measured.middle.of(way, measured.second)
    before, after = (lived(way, measured, one) for one in (measured.first, measured.second))
    if early != middle or len(before) != 1 or len(after) != 1:
        return f"{early}, {before} s; after --set {middle}, {after} s"
    settings = {CHANGED[name]: name for name in CHANGED if DEFAULTS[name] == before[0]}
    setting = "" if after == before else settings.get(after[0], f"{after[0]} s after --set")
    counters = {(1, 0): "ActiveConn", (0, 1): "InActConn"}
    (count,) = measured.early.counts[way.port]
    return Fate(early, before[0], setting, counters.get(count, str(count)))


def test_the_table_is_what_the_kernel_does(measured: Measured) -> None:
    expected = told(measured.method)
    assert list(expected) == [way.title for way in WAYS]
    assert {way.title: fate(way, measured) for way in WAYS} == expected


def test_the_next_packet_starts_the_timer_with_what_was_set(measured: Measured) -> None:
    when, key = SPOKEN + CHANGED["tcp"], (measured.opened, POLITE)
    assert measured.early.states[key] == "ESTABLISHED"
    assert measured.later[when - MARGIN].states.get(key) == "ESTABLISHED"
    assert key not in measured.later[late(when)].states


def closed_within(closed: list[Closed], at: float) -> range:
    """How many of them may be in the table then, whose timers had SHORT seconds."""
    least = [one for one in closed if one.ended <= at <= one.begun + SHORT]
    most = [one for one in closed if one.begun <= at <= one.ended + late(SHORT)]
    return range(len(least), len(most) + 1)


@pytest.mark.usefixtures("everything")
def test_in_a_steady_state_inactconn_is_closings_per_second_times_tcpfin(site: User) -> None:
    site.does("exec", "dr/lb01", "ipvsadm", "--set", "0", str(SHORT), "0")
    closings = (VIP, str(POLITE), str(3 * SHORT * RATE), str(1 / RATE))
    play(site, "dr/client", "close", "close", *closings)
    now = site.time("dr")
    times = [now + 0.25 * number for number in range(4 * 4 * SHORT)]
    samples = look(site, "dr", *times)
    closed = closed_of(rest(site, "dr/client", "close"))
    site.does("exec", "dr/lb01", "ipvsadm", "--set", "0", str(DEFAULTS["tcpfin"]), "0")
    for one in samples:
        ((active, inactive),) = one.counts[POLITE]
        assert (active, inactive in closed_within(closed, one.at)) == (0, True), (one.at, inactive)
    since, until = closed[0].begun + late(SHORT), closed[-1].begun
    steady = [one.counts[POLITE][0][1] for one in samples if since < one.at < until]
    assert len(steady) > 10
    assert all(SHORT * RATE <= one <= late(SHORT) * RATE + 1 for one in steady), steady


@pytest.mark.usefixtures("everything")
def test_a_client_that_waits_for_longer_than_tcpfin_is_reset(site: User) -> None:
    balance(site, "dr", service(f"-t {VIP}:{LATE}", "rr", f"{RIPS['dr']}:{LATE} -g"))
    assert run(site, "dr/client", "half", VIP, str(LATE)) == "! RST\n"


@pytest.mark.usefixtures("everything")
def test_a_client_stays_with_its_real_server_until_its_persistence_is_over(site: User) -> None:
    edited = ("-E", "-t", f"{VIP}:80", "-s", "rr", "-p", str(PERSISTENCE))
    site.does("exec", "dr/lb01", "ipvsadm", *edited)

    def server() -> str:
        return site.does("exec", "dr/client", "curl", "-s", VIP)

    first = server()
    now = site.time("dr")
    assert [server(), server()] == [first, first]
    there, gone = look(site, "dr", now + PERSISTENCE - MARGIN, now + late(PERSISTENCE))
    assert there.states[0, 80]
    assert (0, 80) not in gone.states
    assert server() != first


@pytest.mark.usefixtures("everything")
def test_lc_takes_an_open_connection_for_256_closed_ones(site: User) -> None:
    rips = (RIPS["dr"], "192.168.10.14")
    site.does("exec", "dr/lb01", "ipvsadm", "-D", "-t", f"{VIP}:{POLITE}")
    balance(
        site, "dr", service(f"-t {VIP}:{POLITE}", "lc", *(f"{one}:{POLITE} -g" for one in rips))
    )
    play(site, "dr/nginx02", "serve", "serve")
    play(site, "dr/client", "open", "hold", VIP, str(POLITE), "1000")
    run(site, "dr/client", "close", VIP, str(POLITE), "300", "0")
    busy, idle = sorted(look(site, "dr", 0)[0].counts[POLITE], reverse=True)
    assert (busy[0], idle[0], busy[1] + idle[1]) == (1, 0, 300)
    assert abs(256 * busy[0] + busy[1] - idle[1]) <= 1


@pytest.mark.usefixtures("everything")
def test_an_upper_threshold_counts_closed_connections(site: User) -> None:
    limited, other = f"{RIPS['nat']}:{POLITE} -m -x 5", f"172.16.10.14:{POLITE} -m"
    site.does("exec", "nat/lb01", "ipvsadm", "-D", "-t", f"{VIP}:{POLITE}")
    balance(site, "nat", service(f"-t {VIP}:{POLITE}", "rr", limited, other))
    play(site, "nat/nginx02", "serve", "serve")
    run(site, "nat/client", "close", VIP, str(POLITE), "20", "0")
    assert sorted(look(site, "nat", 0)[0].counts[POLITE]) == [(0, 5), (0, 15)]
