"""wrk and iperf3: what they are told, what they say, and where iperf3's server listens."""

from __future__ import annotations

import json

import pytest
from plans import compiled, replaced

from lvsnet.errors import LvsnetError
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.model import Plan
from lvsnet.resources import example_labs
from lvsnet.traffic.heavy import Heavy, iperf3, read_iperf3, read_wrk, server, wrk
from lvsnet.traffic.model import Share, Target

WEB = Target("http", "192.168.10.100", 80)
SAID = {
    "requests": 105, "us": 2_000_000, "bytes": 24_000, "connect": 1, "read": 2, "write": 3,
    "status": 5, "timeout": 4, "p50": 300, "p90": 500, "p99": 600, "longest": 900,
    "answers": {"nginx02": 60, "nginx01": 40},
}  # fmt: skip


def heavy(target: Target = WEB, *, keepalive: bool = False) -> Heavy:
    return Heavy("client", target, 2, 3, keepalive, 1, 0)


def spoken(said: object) -> str:
    return f"Running 2s test @ {WEB}\n  1 threads\nlvsnet {json.dumps(said)}\nTransfer/sec: 1KB\n"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_lab(load(example_labs()["dr"]))


def test_what_wrk_says() -> None:
    found = read_wrk("client", 0, spoken(SAID), "")
    assert (found.seconds, found.received, found.rate) == (2.0, 24_000, 50.0)
    told = found.summary
    assert (told.requests, told.answered, told.lost) == (115, 100, 15)
    assert told.failures == (
        ("reset", 5),
        ("status 400 or above", 5),
        ("timeout", 4),
        ("not connected", 1),
    )
    assert told.spread == (Share("nginx01", 40), Share("nginx02", 60))
    assert (told.p50, told.p90, told.p99, told.longest) == (300_000, 500_000, 600_000, 900_000)


@pytest.mark.parametrize(
    ("code", "out", "err", "words"),
    [
        (1, "", "unable to connect to 192.168.10.99:http No route to host\n", "No route to host"),
        (127, "", "timeout: failed to run command 'wrk'\n", "there is no wrk"),
        (124, "Running 2s test\n", "", "did not end in time"),
        (0, "Running 2s test\n", "", "Running 2s test"),
        (1, "", "", "it said nothing"),
    ],
)
def test_wrk_that_fails(code: int, out: str, err: str, words: str) -> None:
    with pytest.raises(LvsnetError, match=f"client: .*{words}"):
        read_wrk("client", code, out, err)


def test_a_connection_for_each_request_or_not() -> None:
    assert "Connection: close" in wrk(heavy())
    assert "Connection: close" not in wrk(heavy(keepalive=True))
    assert wrk(heavy())[-1] == "http://192.168.10.100/"


def test_what_iperf3_says_of_tcp() -> None:
    sums = [{"sum": {"bits_per_second": rate}} for rate in (4e9, 4.8e9)]
    end = {
        "sum_sent": {"bytes": 1_100_000_000, "retransmits": 7},
        "sum_received": {"bytes": 1_000_000_000, "seconds": 2.0},
    }
    found = read_iperf3("client", 0, json.dumps({"intervals": sums, "end": end}), "")
    assert (found.rate, found.sent, found.retransmitted) == (4e9, 1_100_000_000, 7)
    assert found.each_second == (4e9, 4.8e9)
    assert (found.datagrams, found.lost, found.jitter) == (None, None, None)


def test_what_iperf3_says_of_udp() -> None:
    end = {
        "sum_sent": {"bytes": 40_000_000, "packets": 27_000},
        "sum_received": {
            "bytes": 20_000_000, "seconds": 1.0, "jitter_ms": 0.5, "lost_packets": 13_500,
        },
    }  # fmt: skip
    found = read_iperf3("client", 0, json.dumps({"intervals": [], "end": end}), "")
    assert (found.rate, found.datagrams, found.lost) == (160e6, 27_000, 13_500)
    assert (found.jitter, found.retransmitted) == (0.0005, None)


@pytest.mark.parametrize(
    ("code", "out", "words"),
    [
        (1, '{"error": "unable to connect to server: refused"}', "to server: refused"),
        (0, '{"error": "the server has terminated"}', "the server has terminated"),
        (127, "", "there is no iperf3"),
        (0, '{"intervals": [], "end": {}}', "another version of iperf3"),
        (0, "[]", "iperf3 failed"),
    ],
)
def test_iperf3_that_fails(code: int, out: str, words: str) -> None:
    with pytest.raises(LvsnetError, match=f"client: .*{words}"):
        read_iperf3("client", code, out, "")


def test_datagrams_are_sent_as_fast_as_they_go() -> None:
    assert iperf3(heavy(Target("udp", "nginx01", 5201)))[-3:] == ["-u", "-b", "0"]
    assert "-u" not in iperf3(heavy(Target("tcp", "nginx01", 5201)))


@pytest.mark.parametrize("host", ["nginx02", "192.168.10.14"])
def test_iperf3_listens_in_the_node_that_is_named(plan: Plan, host: str) -> None:
    assert server(plan, Target("tcp", host, 5201)) == ("nginx02", 5201)


def test_iperf3_listens_in_the_only_real_server() -> None:
    text = example_labs()["dr"].read_text()
    one = compiled(replaced(text, ("[nginx01, nginx02]", "[nginx01]")))
    assert server(one, Target("tcp", "192.168.10.100", 80)) == ("nginx01", 80)


def test_the_connections_of_iperf3_belong_to_one_server(plan: Plan) -> None:
    with pytest.raises(LvsnetError, match="different real servers, nginx01, nginx02; name one"):
        server(plan, Target("tcp", "192.168.10.100", 80))


def test_nobody_has_the_address(plan: Plan) -> None:
    with pytest.raises(LvsnetError, match="no node has the address"):
        server(plan, Target("tcp", "192.168.10.100", 5201))
