"""What is unwise in a spread; what else is wrong with it the checks of its instances tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.model_vrrp import Spread


def unwise(spread: Spread, plan: Sequence[Sequence[str]], at: Loc) -> Iterator[Finding]:
    """Judge a spread by its plan, the directors of each VIP, best first.

    ``at`` is the place of one of the instances that have been made of it.
    """
    yield from _idle(spread, plan, at)
    yield from _nopreempt(spread, plan, at)


def _idle(spread: Spread, plan: Sequence[Sequence[str]], at: Loc) -> Iterator[Finding]:
    """A director that is first for no VIP does nothing while all are up."""
    idle = [one for one in spread.over if all(order[0] != one for order in plan)]
    if idle:
        vips = "1 VIP" if len(plan) == 1 else f"{len(plan)} VIPs"
        leave = "leaves" if len(plan) == 1 else "leave"
        yield Finding(
            (*at, "addresses"),
            f"vrrp.spread: {vips} over {len(spread.over)} directors {leave} {' and '.join(idle)}"
            " idle until another one is lost; take as many VIPs as there are directors, or more",
            rule="spread-idle",
        )


def _nopreempt(spread: Spread, plan: Sequence[Sequence[str]], at: Loc) -> Iterator[Finding]:
    """The plan says who has a VIP by who is up; with nopreempt it matters who was up before."""
    if spread.nopreempt and len(plan) > 1:
        yield Finding(
            (*at, "nopreempt"),
            "vrrp.spread: with nopreempt the plan does not hold: a director that comes back takes"
            " none of its VIPs back, so that with each loss more of them gather on those that"
            " stayed up; take nopreempt out, or say preempt_delay to let it wait",
            "key",
            rule="spread-nopreempt",
        )
