"""Runs of scenarios as reports have them, made by hand: a director that dies, and odd ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lvsnet.observe.event import Event
from lvsnet.observe.packet import Packet
from lvsnet.report.model import Curve, Load, Requests, Run
from lvsnet.scenario.result import FAILED, PASSED, SKIPPED, StepResult
from lvsnet.traffic import analysis
from lvsnet.traffic.model import Request

SECOND = 1_000_000_000
SERVERS = ("nginx01", "nginx02")
VIP = "192.168.10.100"


def event(seconds: float, kind: str, node: str, what: str, subject: str, text: str = "") -> Event:
    return Event(round(seconds * SECOND), kind, node, what, subject, text or f"{subject} {what}")


def fail_over() -> Run:
    """12 s: lb01 dies at 2 s, lb02 has the VIP at 5.5 s, lb01 is back at 9 s, and a step fails."""
    requests = [_request(n) for n in range(200)]
    return Run(
        title="labs/dr.yaml::director-dies",
        file="labs/dr.yaml",
        lab="dr-director-dies",
        scenario="director-dies",
        description="When lb01 dies, clients lose no more than 4 s.",
        state="failed",
        error="",
        command="lvsnet test labs/dr.yaml::director-dies --seed 7",
        clock="virtual",
        seed=7,
        kernel="guest 7.2.12-lvsnet",
        runtime="crun",
        begun=3 * SECOND,
        ended=15 * SECOND,
        steps=(
            _step("traffic: web: client -> http://192.168.10.100/, 20/s", 61, 0, 0.1),
            _step("wait: 2s", 62, 0.1, 2),
            _step("fault: stop lb01", 63, 2, 2.001),
            _step(f"expect: vip {VIP} on lb02 within takeover", 64, 2.001, 5.5, seen="3.50 s"),
            _step("fault: start lb01", 65, 5.5, 5.6),
            _step("finish: web", 68, 5.6, 11.9, seen="200 requests, 70 lost"),
            replace(
                _step("expect: outage <= 3s", 69, 11.9, 11.9, seen="3.55 s, from 2.000 s"),
                state=FAILED,
                expected="outage <= 3s",
                said="clients noticed",
            ),
            StepResult("expect: lost <= 80", 70, SKIPPED, 0, 0),
        ),
        always=(StepResult("no two holders", 59, PASSED, 0, 12 * SECOND, seen="never two"),),
        events=(
            event(2, "fault", "lb01", "put", "stop lb01", "fault: stop lb01"),
            event(2, "node", "lb01", "off", "lb01", "is off"),
            event(2, "vip", "lb01", "lost", VIP, f"holds {VIP} on eth1 no more"),
            event(5.5, "vrrp", "lb02", "master", "VI_1", "VI_1 enters MASTER"),
            event(5.5, "vip", "lb02", "gained", VIP, f"holds {VIP} on eth1"),
            *(
                event(5.5, "arp", "lb02", "gratuitous", VIP, f"says that {VIP} is at 02:00 on lan")
                for _ in range(5)
            ),
            event(5.5, "fault", "lb01", "mended", "start lb01", "fault: start lb01"),
            event(5.52, "vrrp", "lb01", "backup", "VI_1", "VI_1 enters BACKUP (init)"),
            event(5.57, "node", "lb01", "on", "lb01", "is on"),
            event(9, "vrrp", "lb01", "master", "VI_1", "VI_1 enters MASTER"),
            event(9, "vrrp", "lb02", "backup", "VI_1", "VI_1 enters BACKUP"),
            event(9, "vip", "lb02", "lost", VIP, f"holds {VIP} on eth1 no more"),
            event(9, "vip", "lb01", "gained", VIP, f"holds {VIP} on eth1"),
        ),
        initial=(
            event(0, "vrrp", "lb01", "master", "VI_1", "VI_1 is MASTER"),
            event(0, "vrrp", "lb02", "backup", "VI_1", "VI_1 is BACKUP"),
            event(0, "vip", "lb01", "gained", VIP, f"holds {VIP} on eth1"),
        ),
        loads=(load("web", requests),),
        samples=tuple(
            Curve(
                node,
                f"tcp {VIP}:80",
                f"192.168.10.{13 + n}:80",
                at=(0, SECOND, 2 * SECOND, 6 * SECOND, 11 * SECOND),
                weight=(1, 1, -1, 0, 1) if node == "lb01" else (1,) * 5,
                active=(0, 1 + n, 0, 0, 0) if node == "lb01" else (0,) * 5,
                inactive=(0, 10, 0, 0, 9) if node == "lb01" else (0, 0, 0, 5, 35 + n),
            )
            for node in ("lb01", "lb02")
            for n in range(2)
        ),
        packets=(Packet(5_500_000_000, "lb02", "eth1", "vrrp", "VRRPv2 VI 33 prio 100"),),
        files={
            "lb01": {"/etc/keepalived/keepalived.conf": "global_defs {\n    router_id lb01\n}\n"},
            "nginx01": {"/etc/nginx/nginx.conf": "events {}\n"},
        },
        names={"192.168.10.13": "nginx01", "192.168.10.14": "nginx02"},
        roles={
            "client": "client",
            "lb01": "director",
            "lb02": "director",
            "nginx01": "realserver",
            "nginx02": "realserver",
        },
        picture='<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"/>',
        missing=(),
    )


def without_outcome() -> Run:
    """What could not be deployed."""
    return replace(
        fail_over(),
        title="labs/dr.yaml::spread",
        state="error",
        error="no guest kernel\nrun lvsnet setup",
        begun=0,
        ended=0,
        steps=(),
        always=(),
        events=(),
        initial=(),
        loads=(),
        samples=(),
        packets=(),
        files={},
        names={},
        roles={},
        picture="",
        missing=("site",),
    )


def hour(count: int = 100_000, seconds: int = 3600) -> Run:
    """As many requests at a steady rate, with answer times that vary and some that are lost."""
    apart = seconds * SECOND // count
    requests = [
        Request(
            at=n * apart + n * 7919 % 1000,
            took=200_000 + n * 104729 % 900_000 + (50_000_000 if n % 997 == 0 else 0),
            client="client",
            server="" if n % 5000 < 40 else f"nginx{n % 4 + 1:02}",
            failure="timeout" if n % 5000 < 40 else "",
        )
        for n in range(count)
    ]
    points = 4000
    servers = [f"nginx{n + 1:02}" for n in range(4)]
    return replace(
        fail_over(),
        ended=3 * SECOND + seconds * SECOND,
        names={f"192.168.10.{13 + n}": name for n, name in enumerate(servers)},
        roles={"lb01": "director", "lb02": "director", **dict.fromkeys(servers, "realserver")},
        events=tuple(
            event(n * seconds / 2000, "vrrp", f"lb0{n % 2 + 1}", "master", f"VI_{n % 3}")
            for n in range(2000)
        ),
        loads=(load("web", requests),),
        samples=tuple(
            Curve(
                node,
                f"tcp {VIP}:80",
                f"192.168.10.{13 + server}:80",
                at=tuple(n * seconds * SECOND // points for n in range(points)),
                weight=(1,) * points,
                active=tuple((n * 31 + server) % 17 for n in range(points)),
                inactive=tuple(n * 7 % 3000 for n in range(points)),
            )
            for node in ("lb01", "lb02")
            for server in range(4)
        ),
    )


def load(name: str, requests: Sequence[Request]) -> Load:
    servers = tuple(sorted({one.server for one in requests} - {""}))
    failures = tuple(sorted({one.failure for one in requests} - {""}))
    return Load(
        name,
        f"http://{VIP}/",
        analysis.summary(requests),
        Requests(
            at=tuple(one.at for one in requests),
            took=tuple(one.took for one in requests),
            server=tuple(servers.index(one.server) if one.server else -1 for one in requests),
            failure=tuple(failures.index(one.failure) if one.failure else -1 for one in requests),
            servers=servers,
            failures=failures,
        ),
    )


def _step(text: str, line: int, begun: float, ended: float, seen: str = "") -> StepResult:
    return StepResult(text, line, PASSED, round(begun * SECOND), round(ended * SECOND), seen=seen)


def _request(number: int) -> Request:
    """20 a second, in turn; none is answered from 2 s to 5.5 s."""
    at = number * SECOND // 20
    if 2 * SECOND <= at < 5.5 * SECOND:
        return Request(at, SECOND, "client", "", "timeout")
    return Request(at, 8_000 + 1_000 * (number % 40), "client", SERVERS[number % 2])
