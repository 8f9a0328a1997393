"""Traffic from inside nodes of a held lab: paced by the lab's clock, and gone with its node."""

from __future__ import annotations

from itertools import pairwise

import pytest

from e2e.users import VIP, User
from lvsnet.control import traffic
from lvsnet.errors import LvsnetError
from lvsnet.guest import labs as place
from lvsnet.progress import silent
from lvsnet.traffic.detached import NAME
from lvsnet.traffic.model import Load, Request, Target

LAB = "traffic"
SECOND = 1_000_000_000
WEB = Target("http", VIP, 80)
RIP = "192.168.10.13"
LIMIT = 120.0


@pytest.fixture(scope="module")
def deployed(warm_held: User) -> User:
    warm_held.does("deploy", warm_held.lab(LAB))
    return warm_held


@pytest.fixture
def lab(deployed: User, monkeypatch: pytest.MonkeyPatch) -> User:
    """A user whose lab this process can ask, too."""
    for name, value in deployed.environment.items():
        monkeypatch.setenv(name, value)
    return deployed


def load(name: str, count: int | None = 20, target: Target = WEB) -> Load:
    return Load(name, ("client",), target, rate=20, count=count)


def result(one: Load) -> list[Request]:
    return traffic.wait(place, LAB, traffic.begin(place, LAB, one), LIMIT, silent)


def generators(user: User, node: str) -> list[str]:
    """States and parents of the processes of traffic that a node's ps(1) shows."""
    shown = user.does("exec", node, "ps", "-eo", "comm=,stat=,ppid=")
    return [line for line in shown.splitlines() if line.startswith(NAME)]


def test_requests_are_sent_by_the_labs_clock(lab: User) -> None:
    identity = traffic.begin(place, LAB, load("web", 200))
    found = traffic.wait(place, LAB, identity, LIMIT, silent)
    assert [one.failure for one in found] == [""] * 200
    assert [one.connection for one in found] == list(range(1, 201))
    assert sorted(one.server for one in found) == ["nginx01"] * 100 + ["nginx02"] * 100
    for number, one in enumerate(found):
        assert abs(one.at - found[0].at - number * SECOND // 20) < SECOND // 1000
    assert generators(lab, "client") == []


def test_a_load_goes_on_by_itself_as_the_clock_is_moved(lab: User) -> None:
    before = lab.time()
    identity = traffic.begin(place, LAB, load("alone", None))
    assert lab.time() - before < 0.05
    (shown,) = generators(lab, "client")
    assert shown.split()[2] == "1"
    lab.passes(3)
    found = traffic.end(place, LAB, identity)
    assert 60 <= len(found) <= 62
    assert all(one.answered for one in found)
    assert generators(lab, "client") == []
    assert traffic.wait(place, LAB, identity, LIMIT, silent) == found


def test_power_loss_ends_the_traffic_of_a_client(lab: User) -> None:
    identity = traffic.begin(place, LAB, load("dark", None))
    lab.passes(1)
    lab.does("stop", "client")
    found = traffic.wait(place, LAB, identity, 1.5, silent)
    assert 19 <= len(found) <= 21
    lab.does("start", "client")
    assert generators(lab, "client") == []
    assert [one.failure for one in result(load("light", 2))] == ["", ""]


@pytest.mark.usefixtures("lab")
def test_clients_take_turns() -> None:
    target = Target("http", RIP, 80)
    both = Load("turns", ("client", "lb02"), target, rate=20, count=9)
    found = result(both)
    assert [one.client for one in found] == ["client", "lb02"] * 4 + ["client"]
    assert [one.connection for one in found] == list(range(1, 10))


def test_a_director_that_dies_costs_requests_until_the_other_one_takes_over(lab: User) -> None:
    identity = traffic.begin(place, LAB, load("failover", 200))
    lab.passes(2)
    lab.does("stop", "lb01")
    found = traffic.wait(place, LAB, identity, LIMIT, silent)
    lab.does("start", "lb01")
    lab.comes(f"vip {VIP} on lb01", 30)
    lost = [one for one in found if not one.answered]
    assert 20 < len(lost) <= 80
    assert {one.failure for one in lost} <= {"timeout", "unreachable"}
    assert all(one.took == pytest.approx(SECOND, abs=SECOND / 100) for one in lost)
    assert all(one.answered for one in found[:38] + found[130:])


def test_a_node_answers_datagrams_from_the_address_that_was_asked(lab: User) -> None:
    lab.does("exec", "nginx01", "ip", "addr", "add", "10.9.9.9/32", "dev", "lo")
    lab.does("exec", "client", "ip", "route", "add", "10.9.9.9", "via", RIP)
    serving = traffic.serve(place, LAB, "nginx01", "udp", 9000)
    found = result(load("datagrams", 5, Target("udp", "10.9.9.9", 9000)))
    assert [(one.server, one.failure) for one in found] == [("nginx01", "")] * 5
    with pytest.raises(LvsnetError, match="nginx01: udp port 9000: Address already in use"):
        traffic.serve(place, LAB, "nginx01", "udp", 9000)
    assert traffic.end(place, LAB, serving) == []
    assert generators(lab, "nginx01") == []


def test_what_freezes_a_client_freezes_its_traffic(lab: User) -> None:
    identity = traffic.begin(place, LAB, load("cold", 100))
    lab.passes(1)
    lab.does("fault", "freeze", "client")
    lab.passes(6)
    with pytest.raises(LvsnetError, match="client is frozen"):
        traffic.begin(place, LAB, load("colder"))
    lab.does("fault", "thaw", "client")
    found = traffic.wait(place, LAB, identity, LIMIT, silent)
    assert len(found) == 100
    pauses = sorted(after.at - one.at for one, after in pairwise(found))
    assert pauses[-1] > 5.9 * SECOND
    assert pauses[-2] < 0.06 * SECOND


@pytest.mark.usefixtures("lab")
def test_a_name_is_what_the_client_takes_it_for() -> None:
    found = result(load("named", 2, Target("http", "nginx02", 80)))
    assert [one.server for one in found] == ["nginx02"] * 2
    with pytest.raises(LvsnetError, match="client does not know nobody"):
        result(load("nobody", 1, Target("http", "nobody", 80)))


@pytest.mark.usefixtures("lab")
def test_what_is_not_there_is_said() -> None:
    with pytest.raises(LvsnetError, match=r"has no node cleint; it has client, lb01"):
        result(Load("wrong", ("cleint",), WEB, rate=1, count=1))
    with pytest.raises(LvsnetError, match=f"lab {LAB} has no traffic nothing; it has "):
        traffic.end(place, LAB, "nothing")
    identity = traffic.begin(place, LAB, load("long", None))
    with pytest.raises(LvsnetError, match=r"long is not over after 1 s: 2\d requests are over"):
        traffic.wait(place, LAB, identity, 1, silent)
    traffic.end(place, LAB, identity)
