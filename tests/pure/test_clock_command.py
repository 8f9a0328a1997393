"""``lvsnet clock`` and what ``lvsnet inspect`` says of a clock, as they are typed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from clocks import HELD, Lab, real

from lvsnet import cli
from lvsnet.cli import complete
from lvsnet.control import labs
from lvsnet.errors import LvsnetError

VIP = "vip 192.168.10.100 on lb02"
PLAIN = {
    "kind": "virtual",
    "mode": "held",
    "speed": 1.0,
    "now": 83.456789012,
    "calendar": "2026-11-23T12:01:23.456789+00:00",
    "seed": 7,
}


def there(monkeypatch: pytest.MonkeyPatch, lab: Lab) -> Lab:
    """From now on it is the lab that runs."""
    for name in ("LVSNET_LAB", "LVSNET_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(labs, "PLACES", {"fake": lambda: lab})
    monkeypatch.setattr(labs, "ended", lambda _lab="": [])
    return lab


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Lab:
    return there(monkeypatch, Lab())


def typed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Standard output of a command that succeeds."""
    assert cli.run(arguments) == 0, capsys.readouterr().err
    return capsys.readouterr().out


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("arguments", [(), ("show",), ("--lab", "dr"), ("--lab=dr",)])
def test_the_state_is_a_short_block(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert typed(capsys, "clock", *arguments).splitlines() == [
        "lab       dr",
        "clock     virtual",
        "mode      held: moves only while a command needs it",
        "time      0:01:23.456789 since boot",
        "calendar  2026-11-23 12:01:23.456789 UTC",
        "seed      7",
    ]


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("arguments", [("-f", "json"), ("show", "--format", "json")])
def test_the_state_for_programs(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert json.loads(typed(capsys, "clock", *arguments)) == {"lab": "dr", "clock": PLAIN}


def test_modes(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    at = "0:01:23.456789  "
    ten = typed(capsys, "clock", "run", "--speed", "10")
    assert ten == f"{at}running: 10 times as fast as real time\n"
    assert typed(capsys, "clock", "run") == f"{at}running: beside real time\n"
    assert typed(capsys, "clock", "pause").startswith(f"{at}paused: ")
    held = json.loads(typed(capsys, "clock", "hold", "--lab", "dr", "-f", "json"))
    assert held == {"lab": "dr", "clock": PLAIN}
    assert lab.asked == [("running", 10.0), ("running", 1.0), ("paused", 1.0), ("held", 1.0)]


def test_options_come_from_variables(
    lab: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LVSNET_CLOCK_RUN_SPEED", "3")
    monkeypatch.setenv("LVSNET_CLOCK_SHOW_FORMAT", "json")
    monkeypatch.setenv("LVSNET_CLOCK_RUN_UNTIL_LIMIT", "2m")
    typed(capsys, "clock", "run")
    assert json.loads(typed(capsys, "clock"))["clock"]["speed"] == 3
    typed(capsys, "clock", "run-until", VIP)
    assert lab.asked == [("running", 3.0), (VIP, 120.0)]


def test_advance(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    moved = typed(capsys, "clock", "advance", "120s")
    assert moved == "0:01:23.456789 -> 0:03:23.456789\n"
    found = json.loads(typed(capsys, "clock", "advance", "1.5h", "-f", "json"))
    assert (found["from"], found["to"]) == (203.456789012, 5603.456789012)
    assert found["clock"]["now"] == found["to"]
    assert lab.asked == [120 * 10**9, 5400 * 10**9]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("advance", "-5s"), "Invalid value for DURATION: -5s: a clock goes forward only"),
        (("advance", "0s"), "Invalid value for DURATION: 0s: write a duration above 0"),
        (("advance", "120"), "120 needs a unit: us, ms, s, m or h, such as 120s"),
        (("advance", "5d"), "'5d' is not a duration"),
        (("advance",), "Missing argument"),
        (("run", "--speed", "0"), "Invalid value for --speed: a clock runs at a speed from 0.001"),
        (("run", "--speed", "fast"), "'fast' is not a valid float"),
        (("run-until", VIP, "--limit", "0s"), "Invalid value for --limit: 0s"),
        (("run-until", VIP, "--limit", "1 h"), "Invalid value for --limit: '1 h' is not"),
        (("run-until", "vip 1 on 2"), "Invalid value for CONDITION: expected an address"),
        (("run-until", *VIP.split()), f"CONDITION: write it in quotes: '{VIP}'"),
        (("run-until", f"{VIP}x"), "lab dr has no node lb02x; there is client"),
        (("nonsense",), "No such command 'nonsense'"),
    ],
)
def test_what_cannot_be_meant(
    lab: Lab, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert cli.run(["clock", *arguments]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""
    assert lab.asked == []


def test_run_until_a_condition_is_met(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["clock", "run-until", f"{VIP} and  exec lb02:true"]) == 0
    said = capsys.readouterr()
    assert said.out == f"0:01:23.456789 -> 0:01:27.056789  {VIP} and exec lb02: true\n"
    assert said.err.endswith("wait: 192.168.10.100 is on lb01\n")
    assert lab.asked == [(f"{VIP} and exec lb02: true", 3600.0)]
    found = json.loads(typed(capsys, "clock", "run-until", VIP, "--limit=5s", "-f", "json"))
    clock = found.pop("clock")
    assert found == {
        "lab": "dr",
        "condition": VIP,
        "met": True,
        "waited": 3.6,
        "seen": "",
        "from": 87.056789012,
        "to": 90.656789012,
    }
    assert clock["now"] == found["to"]


def test_a_condition_that_is_not_met_is_told_with_what_there_is(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.after = 60.0
    with pytest.raises(LvsnetError) as caught:
        cli.run(["clock", "run-until", VIP, "--limit", "5s"])
    assert str(caught.value) == (
        f"lab dr: not met in 5s of its time: {VIP}\n192.168.10.100 is on lb01, at 0:01:28.456789"
    )
    assert capsys.readouterr().out == ""
    with pytest.raises(LvsnetError):
        cli.run(["clock", "run-until", VIP, "--limit", "5s", "-f", "json"])
    found = json.loads(capsys.readouterr().out)
    assert (found["met"], found["seen"]) == (False, "192.168.10.100 is on lb01")


def test_the_real_clock(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there(monkeypatch, real())
    lines = typed(capsys, "clock").splitlines()
    assert lines[:2] == ["lab       dr", "clock     real: this machine's own"]
    assert json.loads(typed(capsys, "clock", "-f", "json"))["clock"]["kind"] == "real"
    for arguments in (("hold",), ("pause",), ("run",), ("advance", "1s"), ("run-until", VIP)):
        with pytest.raises(LvsnetError, match="runs on the real clock of this machine"):
            cli.run(["clock", *arguments])


def test_inspect_shows_a_virtual_clock(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.state = replace(HELD, mode="paused")
    shown = typed(capsys, "inspect").splitlines()
    assert shown[:2] == [
        "lab dr: crun, kernel guest 7.2: as it was asked for",
        "clock paused: moves only when it is advanced; 0:01:23.456789 since boot; seed 7",
    ]
    (found,) = json.loads(typed(capsys, "inspect", "dr", "-f", "json"))["labs"]
    assert found["clock"] == {**PLAIN, "mode": "paused"}
    assert "seed" not in found
    there(monkeypatch, real())
    (found,) = json.loads(typed(capsys, "inspect", "dr", "-f", "json"))["labs"]
    assert found["clock"]["kind"] == "real"
    assert "clock" not in typed(capsys, "inspect")


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize(
    ("words", "values"),
    [
        (("",), ["show", "run", "hold", "pause", "advance", "run-until"]),
        (("--lab", ""), ["dr"]),
        (("advance", "--lab", "d"), ["dr"]),
        (
            (
                "run-until",
                "--lab=",
            ),
            ["--lab=dr"],
        ),
        (("hold", "--format", ""), ["table", "json"]),
    ],
)
def test_completion(words: tuple[str, ...], values: list[str]) -> None:
    line, incomplete = complete.called(("clock", *words), "zsh")
    said = complete.answer(cli._app("clock"), "zsh", line, incomplete, "")
    assert [one.partition("\t")[0] for one in said.splitlines()] == ["nothing", *values]


def test_help_is_the_groups(capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("-h", "--help"):
        shown = typed(capsys, "clock", word)
        assert "run-until  Wind a clock forward to what happens." in shown
