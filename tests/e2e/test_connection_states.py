"""What docs/inactconn.md says of the connections in IPVS's table is what the kernel does."""

from __future__ import annotations

import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from e2e.connections import (
    CLIENT_HALF,
    POLITE,
    STAYS,
    WAYS,
    Closed,
    Round,
    Way,
    closed_of,
    round_of,
)
from e2e.connections_page import Fate, agree, shown, told
from e2e.connections_table import (
    DIGIT,
    Entry,
    Reading,
    balance,
    counted,
    look,
    playing,
    service,
    serving,
    tell,
)
from e2e.users import DEADLINE, LVSNET, VIP, User, eventually, kill, reads

RIPS = {"dr": "192.168.10.13", "nat": "172.16.10.13"}
"""Method, which is also the lab's name -> nginx01."""
FLAGS = {"dr": "-g", "nat": "-m"}
CHANGED = {"tcp": 600, "tcpfin": 30, "udp": 200}
"""Seconds that --set is given: far from every timeout that the kernel has by itself."""
SHORT = 3
"""Seconds: tcp_fin in the lab ``short``."""
RATE = 50
"""Closings per second in the steady state."""
LATEST = SHORT * 9 / 8 + 0.5
"""Seconds until such an entry is gone: the kernel's timers fire up to an eighth of their time late
(LVL_CLK_SHIFT in kernel/time/timer.c), and a busy machine may keep its guest from running."""


@dataclass(frozen=True)
class Measured:
    method: str
    first: Round
    before: Reading
    """Right after the first round."""
    after: Reading
    """Of the same connections after --set, and more than a second later."""
    spoken: Entry | None
    """Of the one that stays open, when it has been used since."""
    second: Round
    """After --set."""
    last: Reading
    """Right after the second round."""


@dataclass(frozen=True)
class Brief:
    """What was seen in the lab short."""

    closed: list[Closed]
    samples: list[tuple[float, float, int]]
    """InActConn of that service, between two times."""
    late: str
    """What a client reads that has closed its half, and hears nothing until its entry is gone."""


@dataclass(frozen=True)
class Seen:
    methods: dict[str, Measured]
    short: Brief


@pytest.fixture(scope="module")
def site(resident: User) -> User:
    """The labs dr and nat, and one like dr with another timeout, called short."""
    timeouts = f"timeouts: {{tcp_fin: {SHORT}s}}\n"
    short = resident.lab("short", ("services:\n", f"{timeouts}services:\n"))
    deploying = [resident.begin("deploy", lab) for lab in ("dr", "nat", short)]
    try:
        for process in deploying:
            _, said = process.communicate(timeout=DEADLINE)
            assert process.returncode == 0, said.decode()
    finally:
        for process in deploying:
            kill(process)
    return resident


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
        said = output(user, command)
        # One that only looks may look again: counters lag, and packets may be on their way.
        until = time.monotonic() + (10 if "ipvsadm -L" in command else 0)
        while not agree(said, page) and time.monotonic() < until:
            time.sleep(0.25)
            said = output(user, command)
        if not agree(said, page):
            wrong.append(f"{command}\n{said}")
    return wrong


def test_the_commands_of_the_page_say_what_it_says(site: User) -> None:
    """First of all: the other tests have services of their own in the tables."""
    groups = [[one for one in shown() if f"exec {lab}/" in one[0]] for lab in RIPS]
    others = [command for command, _ in shown() if " exec " not in command]
    assert others == [f"lvsnet deploy {lab}" for lab in RIPS]
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(lambda group: follow(site, group), groups)) == [[], []]


def settled(user: User, method: str, round_: Round) -> Reading:
    """The table once the last packets of a round are through; after 5 s, whatever it is."""
    readings = []
    expected = {title: fate.state for title, fate in told(method).items()}

    def has_settled() -> bool:
        readings.append(reading := look(user, method))
        states = {way.title: entry.state for way in WAYS if (entry := reading.of(way, round_))}
        return states == expected or reading.ended > round_.ended + 5

    eventually(has_settled, DEADLINE)
    return readings[-1]


def measure(site: User, method: str) -> Measured:
    director, client = f"{method}/lb01", f"{method}/client"
    services = (
        service(
            f"-{way.protocol[0]} {VIP}:{way.port}",
            "rr",
            f"{RIPS[method]}:{way.port} {FLAGS[method]}",
        )
        for way in WAYS
    )
    balance(site, method, *services)
    with serving(site, f"{method}/nginx01"), playing(site, client, "connect", VIP) as one:
        first = round_of(reads(one, b"\n", DEADLINE).decode())
        before = settled(site, method, first)
        site.does("exec", director, "ipvsadm", "--set", *map(str, CHANGED.values()))
        eventually(lambda: look(site, method).begun > before.ended + 1.5, DEADLINE)
        after = look(site, method)
        assert tell(one, "") == "asked\n"
        spoken = look(site, method).of(STAYS, first)
        with playing(site, client, "connect", VIP) as other:
            second = round_of(reads(other, b"\n", DEADLINE).decode())
            last = settled(site, method, second)
    site.does("exec", director, "ipvsadm", "--set", "900", "120", "300")
    return Measured(method, first, before, after, spoken, second, last)


def measure_short(site: User) -> Brief:
    polite, half = f"{VIP}:{POLITE}", f"{VIP}:{CLIENT_HALF.port}"
    balance(
        site,
        "short",
        service(f"-t {polite}", "rr", f"{RIPS['dr']}:{POLITE} -g"),
        service(f"-t {half}", "rr", f"{RIPS['dr']}:{CLIENT_HALF.port} -g"),
    )
    each = f"cat /proc/uptime; ipvsadm -Ln -t {polite}; cat /proc/uptime; sleep 0.25"
    loop = f"for i in $(seq {3 * 2 * SHORT}); do {each}; done"
    closings = ("close", VIP, str(POLITE), str(2 * SHORT * RATE), str(1 / RATE))
    with (
        serving(site, "short/nginx01") as server,
        playing(site, "short/client", "half", VIP, str(CLIENT_HALF.port)) as waiting,
        playing(site, "short/client", *closings) as closing,
    ):
        source = int(reads(waiting, b"\n", DEADLINE))
        sampled = site.does("exec", "short/lb01", "sh", "-c", loop)
        closed = closed_of(reads(closing, b"\n", DEADLINE).decode())
        gone = (source, CLIENT_HALF.port)
        eventually(lambda: gone not in look(site, "short").entries, DEADLINE)
        assert tell(server, str(CLIENT_HALF.port)) == "said\n"
        late = tell(waiting, "")
    samples = [
        (float(begun), float(ended) + DIGIT, counted(ipvsadm)[0][1])
        for begun, ipvsadm, ended in re.findall(
            r"^([\d.]+) [\d.]+\n((?:\D.*\n)+)([\d.]+) [\d.]+$", sampled, re.MULTILINE
        )
    ]
    return Brief(closed, samples, late)


@pytest.fixture(scope="module")
def seen(site: User) -> Seen:
    """Measured in the three labs at the same time."""
    with ThreadPoolExecutor() as pool:
        methods = {method: pool.submit(measure, site, method) for method in RIPS}
        short = pool.submit(measure_short, site)
    return Seen({method: one.result() for method, one in methods.items()}, short.result())


@pytest.fixture(params=RIPS)
def measured(seen: Seen, request: pytest.FixtureRequest) -> Measured:
    return seen.methods[request.param]


def could_be(seconds: int, entry: Entry, reading: Reading, round_: Round) -> bool:
    """Whether a timer of so many seconds, started since the round began, has that much left."""
    return entry.expire <= seconds <= entry.expire + (reading.ended - round_.begun) + 1


def fate(way: Way, measured: Measured, expected: Fate) -> Fate | str:
    """As measured; ``seconds`` is the expected number if it can be, else what was left of it."""
    early = measured.before.of(way, measured.first)
    late = measured.last.of(way, measured.second)
    if early is None or late is None or early.state != late.state:
        return f"{early}, after --set {late}"
    right = could_be(expected.seconds, early, measured.before, measured.first)
    settings = [
        name
        for name, seconds in CHANGED.items()
        if could_be(seconds, late, measured.last, measured.second)
    ]
    counters = {(1, 0): "ActiveConn", (0, 1): "InActConn"}
    (count,) = measured.before.counts[way.port]
    return Fate(
        early.state,
        expected.seconds if right else early.expire,
        " or ".join(settings),
        counters.get(count, str(count)),
    )


def test_the_table_is_what_the_kernel_does(measured: Measured) -> None:
    expected = told(measured.method)
    assert list(expected) == [way.title for way in WAYS]
    assert {way.title: fate(way, measured, expected[way.title]) for way in WAYS} == expected


def test_set_does_not_change_a_timer_that_runs(measured: Measured) -> None:
    before, after = measured.before, measured.after
    least, most = after.begun - before.ended - 1, after.ended - before.begun + 1
    for way in WAYS:
        early, late = before.of(way, measured.first), after.of(way, measured.first)
        assert early is not None
        # An entry in CLOSE, which has 10 s, may be gone.
        passed = early.expire - (late.expire if late else 0)
        assert passed <= most, way.title
        assert late is None or least <= passed, way.title


def test_the_next_packet_starts_the_timer_with_what_was_set(measured: Measured) -> None:
    assert measured.spoken is not None
    assert measured.spoken.state == "ESTABLISHED"
    assert measured.spoken.expire <= CHANGED["tcp"]


def test_the_lab_file_sets_a_timeout(site: User) -> None:
    timeouts = site.does("exec", "short/lb01", "ipvsadm", "-L", "--timeout")
    assert timeouts == f"Timeout (tcp tcpfin udp): 900 {SHORT} 300\n"


def closed_within(closed: list[Closed], begun: float, ended: float) -> range:
    """How many of them may be in the lab short's table, all the time from begun to ended."""
    least = [one for one in closed if one.ended <= begun and ended <= one.begun + SHORT]
    most = [one for one in closed if one.begun <= ended and begun <= one.ended + LATEST]
    return range(len(least), len(most) + 1)


def test_in_a_steady_state_inactconn_is_closings_per_second_times_tcpfin(seen: Seen) -> None:
    brief = seen.short
    for begun, ended, inactive in brief.samples:
        assert inactive in closed_within(brief.closed, begun, ended), (begun, ended, brief.closed)
    since, until = brief.closed[0].begun + LATEST, brief.closed[-1].begun
    assert [one for one in brief.samples if since < one[0] and one[1] < until], brief


def test_a_client_that_waits_for_longer_than_tcpfin_is_reset(seen: Seen) -> None:
    assert seen.short.late == "! RST\n"


def test_lc_takes_an_open_connection_for_256_closed_ones(site: User) -> None:
    rips = (RIPS["dr"], "192.168.10.14")
    balance(
        site, "dr", service(f"-t {VIP}:{POLITE}", "lc", *(f"{one}:{POLITE} -g" for one in rips))
    )
    with (
        serving(site, "dr/nginx01"),
        serving(site, "dr/nginx02"),
        playing(site, "dr/client", "hold", VIP, str(POLITE)) as held,
    ):
        reads(held, b"open\n", DEADLINE)
        with playing(site, "dr/client", "close", VIP, str(POLITE), "300", "0") as client:
            reads(client, b"\n", DEADLINE)
            busy, idle = sorted(look(site, "dr").counts[POLITE], reverse=True)
    assert (busy[0], idle[0], busy[1] + idle[1]) == (1, 0, 300)
    assert abs(256 * busy[0] + busy[1] - idle[1]) <= 1


def test_an_upper_threshold_counts_closed_connections(site: User) -> None:
    limited, other = f"{RIPS['nat']}:{POLITE} -m -x 5", f"172.16.10.14:{POLITE} -m"
    balance(site, "nat", service(f"-t {VIP}:{POLITE}", "rr", limited, other))
    with (
        serving(site, "nat/nginx01"),
        serving(site, "nat/nginx02"),
        playing(site, "nat/client", "close", VIP, str(POLITE), "20", "0") as client,
    ):
        reads(client, b"\n", DEADLINE)
        counts = look(site, "nat").counts[POLITE]
    assert sorted(counts) == [(0, 5), (0, 15)]
