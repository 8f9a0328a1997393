"""Scenarios of running labs, from outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.control.place import Place
    from lvsnet.scenario.model import Scenario
    from lvsnet.scenario.result import Outcome, StepResult


def run(
    place: Place,
    lab: str,
    scenario: Scenario,
    report: Callable[[StepResult], None],
    *,
    packets: bool = False,
) -> Outcome:
    """Run a scenario in a lab; each step's result is reported as soon as it is over.

    With ``packets`` what passes the wires meanwhile is captured, and what of it tells something is
    in the outcome.

    In a lab with a held clock that moves for it. Faults that it put stay.

    Raises:
        LvsnetError: there is no such lab; it ended, or cannot be watched any further; or its clock
            is paused.
    """
    from lvsnet.control.clock import elapsed
    from lvsnet.scenario import wire

    clock = place.clock(lab)
    if clock.mode == "paused":
        raise LvsnetError(
            f"lab {lab}: its clock is paused, at {elapsed(clock)}, and a scenario needs it to go "
            "on; `lvsnet clock hold` lets it move when something needs it"
        )

    def hear(line: str) -> None:
        if line:
            report(wire.step_result_from_json(json.loads(line)))

    asked = {"scenario": wire.to_json(scenario), "packets": packets}
    answer = place.act(lab, "scenario.run", asked, hear)
    try:
        return wire.outcome_from_json(answer)
    except ValueError as error:
        raise LvsnetError(f"lab {lab}: another version of lvsnet deployed it: {error}") from error
