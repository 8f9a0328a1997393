"""When requests are due, and which loads can be sent: without a network."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plans import compiled

from lvsnet.errors import LvsnetError
from lvsnet.resources import example_labs
from lvsnet.traffic import checking, schedule
from lvsnet.traffic.model import Load, Target

SECOND = 1_000_000_000
BEGIN = 12_345
WEB = Target("http", "192.168.10.100", 80)
LOAD = Load("web", ("client",), WEB, rate=20.0, count=200)


def dues(load: Load) -> list[int]:
    """When all requests of all clients are due, from the beginning."""
    found = []
    for client in range(len(load.clients)):
        plan = schedule.of(load, client, BEGIN)
        number = 0
        while not plan.ends_before(number, BEGIN):
            found.append(plan.due(number) - BEGIN)
            number += 1
    return sorted(found)


@pytest.mark.parametrize("clients", [("a",), ("a", "b"), ("a", "b", "c")])
def test_clients_share_one_grid(clients: tuple[str, ...]) -> None:
    assert dues(replace(LOAD, clients=clients)) == [n * SECOND // 20 for n in range(200)]


def test_seconds_end_before_their_last_instant() -> None:
    found = dues(replace(LOAD, count=None, seconds=2.0))
    assert (len(found), found[-1]) == (40, 39 * SECOND // 20)


def test_the_earlier_of_count_and_seconds_ends_a_load() -> None:
    assert len(dues(replace(LOAD, seconds=2.0))) == 40
    assert len(dues(replace(LOAD, count=10, seconds=2.0))) == 10


def test_without_either_a_load_ends_after_an_hour() -> None:
    found = dues(replace(LOAD, rate=1.0, count=None))
    assert (len(found), found[-1]) == (3600, 3599 * SECOND)


def test_more_clients_than_requests() -> None:
    assert dues(replace(LOAD, clients=("a", "b", "c"), count=2)) == [0, SECOND // 20]


@given(
    st.floats(0.1, 200),
    st.integers(1, 4),
    st.one_of(st.none(), st.integers(1, 500)),
    st.floats(0.05, 2),
    st.integers(-SECOND, 3 * SECOND),
)
def test_those_before_a_time_are_counted_without_going_over_them(
    rate: float, clients: int, count: int | None, seconds: float, at: int
) -> None:
    load = Load("x", tuple("abcd"[:clients]), WEB, rate, count, seconds)
    counted = sum(schedule.of(load, n, BEGIN).due_before(BEGIN + at) for n in range(clients))
    assert counted == sum(due < at for due in dues(load))


def test_a_load_that_fits_its_lab_passes() -> None:
    checking.check(LOAD, compiled(example_labs()["dr"].read_text()))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (replace(LOAD, clients=("nobody",)), "has no node nobody"),
        (replace(LOAD, clients=()), "needs a client"),
        (replace(LOAD, clients=("client", "client")), "named twice"),
        (replace(LOAD, name="../x"), "a name has letters"),
        (replace(LOAD, name=""), "a name has letters"),
        (replace(LOAD, rate=-1), "0 to 10000 can be sent"),
        (replace(LOAD, rate=float("nan")), "0 to 10000 can be sent"),
        (replace(LOAD, count=0), "1 at least"),
        (replace(LOAD, seconds=0), "more than 0 are needed"),
        (replace(LOAD, connections=0), "1 to 10000 are possible"),
        (replace(LOAD, timeout=0), "more than 0, and 600 at most"),
        (replace(LOAD, style="fast"), "one of request, keepalive, hold"),
        (replace(LOAD, upload=-1), "upload of -1 bytes"),
        (replace(LOAD, target=replace(WEB, scheme="ftp")), "http://, tcp://, udp://"),
        (replace(LOAD, target=replace(WEB, host="a b")), "neither an address nor a name"),
        (replace(LOAD, target=replace(WEB, port=0)), "no port"),
        (replace(LOAD, target=replace(WEB, path="x")), "no path"),
        (replace(LOAD, target=replace(WEB, path="/\r\nX: 1")), "no path"),
        (replace(LOAD, target=Target("udp", "10.0.0.1", 9), upload=65_001), "0 to 65000"),
        (replace(LOAD, sources=("client",)), "source 'client' is no address"),
        (replace(LOAD, sources=("192.168.10.10", "fd00::1")), "from fd00::1 nothing"),
        (replace(LOAD, sources=("192.168.10.10",) * 1025), "1025 sources: 1024 at most"),
    ],
)
def test_a_load_that_cannot_be_sent_is_refused(wrong: Load, words: str) -> None:
    with pytest.raises(LvsnetError, match=words):
        checking.check(wrong, compiled(example_labs()["dr"].read_text()))


@pytest.mark.parametrize(
    ("node", "scheme", "port", "words"),
    [
        ("nobody", "udp", 9000, "has no node nobody"),
        ("nginx01", "http", 80, "tcp, udp or sctp"),
        ("nginx01", "udp", 65536, "no port"),
    ],
)
def test_who_cannot_answer_is_refused(node: str, scheme: str, port: int, words: str) -> None:
    plan = compiled(example_labs()["dr"].read_text())
    with pytest.raises(LvsnetError, match=words):
        checking.check_responder(node, scheme, port, plan)
