"""``lvsnet traffic`` as it is typed, with a lab that is made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from clocks import HELD, Lab, real

from lvsnet import cli
from lvsnet.control import labs
from lvsnet.control import traffic as control
from lvsnet.errors import LvsnetError
from lvsnet.traffic.model import Load, Request, Target

MS = 1_000_000
VIP = "192.168.10.100"
REQUESTS = [
    Request(1000 * MS, 2 * MS, "client", "nginx01"),
    Request(1050 * MS, 500 * MS, "client", "", "timeout"),
    Request(1100 * MS, 2 * MS, "client", "nginx02"),
]


@dataclass
class Sent:
    """What the lab was asked for, and what becomes of the load."""

    loads: list[Load] = field(default_factory=list)
    served: list[tuple[str, str, int]] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    fails: BaseException | None = None

    def begin(self, _place: object, _lab: str, load: Load) -> str:
        self.loads.append(load)
        return "the load"

    def serve(self, _place: object, _lab: str, node: str, scheme: str, port: int) -> str:
        self.served.append((node, scheme, port))
        return f"{node}'s"

    def wait(
        self, _place: object, _lab: str, name: str, limit: float, report: Callable[[str], None]
    ) -> list[Request]:
        assert name == "the load"
        self.limits.append(limit)
        report("3 requests")
        if self.fails is not None:
            raise self.fails
        return REQUESTS

    def end(self, _place: object, _lab: str, name: str) -> list[Request]:
        self.ended.append(name)
        return REQUESTS[:1]


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Lab:
    one = Lab()
    for name in ("LVSNET_LAB", "LVSNET_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(labs, "PLACES", {"fake": lambda: one})
    monkeypatch.setattr(labs, "ended", lambda _lab="": [])
    monkeypatch.setattr(Lab, "nodes", lambda *_: ["client", "lb01", "nginx01"], raising=False)
    return one


@pytest.fixture
def sent(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Sent:
    assert lab.running() == ["dr"]
    one = Sent()
    for name in ("begin", "wait", "end", "serve"):
        monkeypatch.setattr(control, name, getattr(one, name))
    return one


def typed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Standard output of a command that succeeds."""
    assert cli.run(["traffic", *arguments]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_without_options_it_is_twenty_a_second_for_ten(
    sent: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    said = typed(capsys, VIP).splitlines()
    assert sent.loads == [Load("traffic", ("client",), Target("http", VIP, 80), 20.0, None, 10.0)]
    assert said[:3] == [
        "requests   3 in 550 ms",
        "answered   2 (66.7 %)",
        "lost       1 (33.3 %): 1 timeout",
    ]
    assert "outages    0.100 s at 0.002 s (0:00:01.002000), 1 lost" in said
    assert sent.limits == [10 + 1 + 60]
    assert not sent.ended


def test_with_all_options(sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    options = "--rate 90/min --count 30 --connections 4 --style hold --timeout 500ms --upload 10kB"
    serve = ("--serve", "nginx01:udp/9000", "--serve", "lb01:tcp/7")
    typed(capsys, "client", "lb01", f"udp://{VIP}:53", *options.split(), *serve)
    target = Target("udp", VIP, 53)
    nodes = ("client", "lb01")
    assert sent.loads == [
        Load("traffic", nodes, target, 1.5, 30, None, 4, "hold", 0.5, 10_000)
    ]  # fmt: skip
    assert sent.served == [("nginx01", "udp", 9000), ("lb01", "tcp", 7)]
    assert sent.ended == ["lb01's", "nginx01's"]
    assert sent.limits == [20 + 0.5 + 60]


def test_for_programs(sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(typed(capsys, "dr/client", VIP, "-f", "json"))
    assert (found["lab"], found["clients"], found["interrupted"]) == ("dr", ["client"], False)
    assert found["target"] == f"http://{VIP}/"
    assert found["summary"]["lost"] == 1
    assert [one["failure"] for one in found["requests"]] == ["", "timeout", ""]
    assert len(sent.loads) == 1


@pytest.mark.usefixtures("sent")
def test_every_request_is_recorded(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    typed(capsys, VIP, "--record", str(file))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(one["at"], one["server"]) for one in lines] == [
        (1.0, "nginx01"),
        (1.05, ""),
        (1.1, "nginx02"),
    ]


def test_where_nothing_can_be_recorded_nothing_is_sent(sent: Sent, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        cli.run(["traffic", VIP, "--record", str(tmp_path / "no/such")])
    assert not sent.loads


def test_ctrl_c_ends_the_load_and_shows_what_there_was(
    sent: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    sent.fails = KeyboardInterrupt()
    assert cli.run(["traffic", VIP, "--serve", "nginx01:udp/9000"]) == 130
    assert capsys.readouterr().out.startswith("requests   1 in 2.00 ms\n")
    assert sent.ended == ["the load", "nginx01's"]


def test_a_load_that_cannot_be_waited_for_is_ended(sent: Sent) -> None:
    sent.fails = LvsnetError("lab dr: its clock stands still")
    with pytest.raises(LvsnetError, match="stands still"):
        cli.run(["traffic", VIP])
    assert sent.ended == ["the load"]


def test_a_paused_clock_moves_no_load(lab: Lab, sent: Sent) -> None:
    lab.state = replace(HELD, mode="paused")
    with pytest.raises(LvsnetError, match="the clock of lab dr is paused"):
        cli.run(["traffic", VIP])
    assert not sent.loads


def test_as_fast_as_it_goes_has_no_end_in_virtual_time(
    lab: Lab, sent: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LvsnetError, match="would never end"):
        cli.run(["traffic", VIP, "--rate", "0"])
    assert not sent.loads
    typed(capsys, VIP, "--rate", "0", "--count", "5")
    lab.state = real().state
    typed(capsys, VIP, "--rate", "0")
    assert [load.count for load in sent.loads] == [5, None]


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("mode", ["held", "paused", "running"])
def test_virtual_time_has_no_heavy_load(lab: Lab, mode: str) -> None:
    lab.state = replace(HELD, mode=mode)
    with pytest.raises(LvsnetError, match="there is no rate to measure"):
        cli.run(["traffic", VIP, "--heavy"])


@pytest.mark.usefixtures("sent")
def test_a_node_that_is_not_there() -> None:
    with pytest.raises(LvsnetError, match=r"no node clent; .*did you mean client"):
        cli.run(["traffic", "clent", VIP])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument"),
        (("https://x/",), "Invalid value for TARGET: https://x/: requests are not encrypted"),
        ((VIP, "--rate", "fast"), "Invalid value for --rate: 'fast' is no rate"),
        ((VIP, "--for", "5"), "Invalid value for --for: 5 needs a unit"),
        ((VIP, "--for", "0s"), "Invalid value for --for: 0s: write a duration above 0"),
        ((VIP, "--timeout", "-1s"), "Invalid value for --timeout"),
        ((VIP, "--upload", "10k"), "Invalid value for --upload: 10k: the units"),
        ((VIP, "--count", "0"), "Invalid value for '--count'"),
        ((VIP, "--count", "9", "--for", "1s"), "Invalid value for --for: --count"),
        ((VIP, "--connections", "0"), "Invalid value for '--connections'"),
        ((VIP, "--style", "often"), "Invalid value for '--style'"),
        ((VIP, "--serve", "nginx01"), "Invalid value for --serve: nginx01: write such as"),
        (
            (VIP, "--heavy", "--count", "5"),
            "Invalid value for --heavy: a heavy load has no --count",
        ),
        ((VIP, "--heavy", "--for", "1500ms"), "whole seconds"),
        ((VIP, "--heavy", "--style", "hold"), "cannot be of style hold"),
        (("client", "lb01", VIP, "--heavy"), "a heavy load has one client"),
    ],
)
def test_wrong_usage(
    sent: Sent, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert cli.run(["traffic", *arguments]) == 2
    assert words in " ".join(capsys.readouterr().err.split())
    assert not sent.loads
