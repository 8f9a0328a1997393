"""``lvsnet.running("dr").clock``: a lab's clock for programs in Python."""

from __future__ import annotations

import subprocess
import sys

import pytest
from clocks import Lab, real

import lvsnet
from lvsnet.api import NotReachedError
from lvsnet.control import labs
from lvsnet.errors import LvsnetError
from lvsnet.observe.conditions import ConditionError

VIP = "vip 192.168.10.100 on lb02"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Lab:
    made = Lab()
    monkeypatch.setattr(labs, "PLACES", {"fake": lambda: made})
    return made


def test_the_state(lab: Lab) -> None:
    dr = lvsnet.running()
    assert dr.name == "dr"
    assert dr.clock.now == 83.456789012
    assert dr.clock.calendar.isoformat() == "2026-11-23T12:01:23.456789+00:00"
    assert (dr.clock.mode, dr.clock.speed, dr.clock.seed) == ("held", 1.0, 7)
    assert lab.asked == []


def test_modes(lab: Lab) -> None:
    clock = lvsnet.running("dr").clock
    clock.pause()
    clock.run(10)
    clock.run()
    clock.hold()
    assert lab.asked == [("paused", 1.0), ("running", 10), ("running", 1.0), ("held", 1.0)]
    with pytest.raises(LvsnetError, match=r"at a speed from 0\.001"):
        clock.run(0)


def test_advance_in_seconds_or_as_in_a_lab_file(lab: Lab) -> None:
    clock = lvsnet.running("dr").clock
    clock.advance(120)
    clock.advance(0.5)
    clock.advance("2m")
    assert lab.asked == [120 * 10**9, 5 * 10**8, 120 * 10**9]
    assert clock.now == pytest.approx(83.456789012 + 240.5)


@pytest.mark.parametrize("by", [0, -1, float("nan"), float("inf"), "-1s", "0s", "soon", "5"])
def test_other_spans_are_refused(lab: Lab, by: float | str) -> None:
    clock = lvsnet.running("dr").clock
    for act in (clock.advance, lambda span: clock.run_until(lambda: False, span)):
        with pytest.raises(LvsnetError):
            act(by)
    assert lab.asked == []


def test_run_until_a_condition(lab: Lab) -> None:
    clock = lvsnet.running("dr").clock
    assert clock.run_until(VIP, 60) == 3.6
    assert clock.run_until(VIP) == 3.6
    assert lab.asked == [(VIP, 60.0), (VIP, 3600.0)]
    lab.after = 10.0
    with pytest.raises(NotReachedError, match=f"not met in 5 s of its time: {VIP}; .* on lb01"):
        clock.run_until(VIP, "5s")
    with pytest.raises(ConditionError, match="expected an address"):
        clock.run_until("vip lb01")


@pytest.mark.usefixtures("lab")
def test_run_until_a_function_is_true() -> None:
    clock = lvsnet.running("dr").clock
    seen: list[float] = []

    def goal() -> bool:
        seen.append(clock.now)
        return len(seen) == 4

    begun = clock.now
    assert clock.run_until(goal, 60, step=0.5) == 1.5
    assert seen == pytest.approx([begun, begun + 0.5, begun + 1.0, begun + 1.5])


def test_a_function_that_does_not_become_true_is_called_at_the_limit_too(lab: Lab) -> None:
    clock = lvsnet.running("dr").clock
    calls: list[float] = []
    begun = clock.now

    def goal() -> bool:
        calls.append(clock.now)
        return False

    with pytest.raises(NotReachedError, match=r"not met in 0\.25 s of its time"):
        clock.run_until(goal, 0.25)
    assert calls == pytest.approx([begun, begun + 0.1, begun + 0.2, begun + 0.25])
    assert lab.asked == [10**8, 10**8, 5 * 10**7]


def test_the_real_clock_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labs, "PLACES", {"fake": real})
    clock = lvsnet.running("dr").clock
    for act in (
        lambda: clock.now,
        clock.pause,
        lambda: clock.advance(1),
        lambda: clock.run_until(VIP),
        lambda: clock.run_until(lambda: True),
    ):
        with pytest.raises(LvsnetError, match="real clock"):
            act()


def test_the_package_itself_stays_small() -> None:
    program = (
        "import sys, lvsnet\n"
        "assert 'lvsnet.api' not in sys.modules\n"
        "lvsnet.running\n"
        "assert not {'pydantic', 'ruamel', 'typer', 'pyroute2'} & set(sys.modules)\n"
        "lvsnet.walking\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr.endswith("AttributeError: module 'lvsnet' has no attribute 'walking'\n")
