"""The tour: a lab balances and fails over before its user's eyes, and goes on running."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from lvsnet.control.place import Place
from lvsnet.endpoint import joined
from lvsnet.errors import LvsnetError
from lvsnet.lab.model import Lab
from lvsnet.lab.virtual_services import asked_first
from lvsnet.progress import Report

Show = Callable[[str, Mapping[str, object]], None]
"""Takes what people see of a step, and the same as plain facts; of a remark there are none."""

REQUESTS = 50
TAKEOVER = 30.0
"""Seconds until a director must have taken over; VRRPv2 takes 3.6 s at 1 s adverts (RFC 3768)."""
INTERVAL = 0.1
LOG = "/tmp/lvsnet-tour"

ASK = """
for i in $(seq {requests}); do curl -s --max-time 2 {url}; done
"""
KEEP_ASKING = """
while :; do
    if curl -s -o /dev/null --max-time 0.5 {url}; then echo $EPOCHREALTIME; fi
    sleep 0.02
done >{log} 2>/dev/null & echo $!
"""


@dataclass(frozen=True)
class Stage:
    """Who plays in the tour."""

    lab: str
    client: str
    vip: str
    url: str


def stage(lab: Lab) -> Stage:
    """The first client, and the first web service by TCP, of a lab.

    Raises:
        LvsnetError: it has none.
    """
    clients = [name for name, node in lab.nodes.items() if node.role == "client"]
    services = [one for one in lab.services.values() if one.application == "http"]
    asked = [found for one in services if (found := asked_first(one, "tcp")) is not None]
    if not clients or not asked:
        raise LvsnetError(
            f"the tour needs a client and a web service by TCP, and lab {lab.name} lacks one"
        )
    vip, port = asked[0]
    return Stage(lab.name, clients[0], str(vip), f"http://{joined(vip, port)}/")


def walk(stage: Stage, place: Place, show: Show, report: Report) -> None:
    """Show balancing, then failover and the way back, on a lab that has just been deployed."""
    holder = _holder(stage, place)
    show(f"\n{REQUESTS} requests from {stage.client} to {stage.url}", {})
    answers = _sh(stage, place, ASK.format(requests=REQUESTS, url=stage.url))
    counted = dict(sorted(Counter(answers.split()).items()))
    show(
        "\n".join(f"  {server} answered {count}" for server, count in counted.items()),
        {"step": "requests", "client": stage.client, "url": stage.url, "answers": counted},
    )
    show(f"\n# lvsnet exec {holder} ipvsadm -Ln", {})
    table = _run(stage, place, holder, "ipvsadm", "-Ln").rstrip()
    show(table, {"step": "table", "node": holder, "ipvsadm": table.splitlines()})

    show(
        f"\n# lvsnet stop {holder}        (it holds {stage.vip}: power loss)",
        {"step": "stop", "node": holder, "vip": stage.vip},
    )
    asking = _sh(stage, place, KEEP_ASKING.format(url=stage.url, log=LOG)).strip()
    time.sleep(5 * INTERVAL)
    place.stop(stage.lab, holder)
    successor = _wait_for(stage, place, lambda holder_now: holder_now not in ("", holder))
    _answered_again(stage, place)
    _run(stage, place, stage.client, "kill", asking)
    times = [float(line) for line in _run(stage, place, stage.client, "cat", LOG).split()]
    show(
        f"{successor} holds {stage.vip}; clients were without an answer for {gap(times):.1f} s",
        {"step": "takeover", "node": successor, "vip": stage.vip, "outage": round(gap(times), 3)},
    )

    show(f"\n# lvsnet start {holder}", {"step": "start", "node": holder})
    place.start(stage.lab, holder, report)
    back = _wait_for(stage, place, lambda now: now == holder)
    show(f"{back} holds {stage.vip} again", {"step": "return", "node": back, "vip": stage.vip})
    show(
        f"""
The lab runs on. Try:
  lvsnet inspect
  lvsnet exec {stage.client} curl -s {stage.vip}
  lvsnet ipvs --connections
  lvsnet events
  lvsnet watch
  lvsnet logs -f {successor}
  lvsnet destroy {stage.lab}""",
        {},
    )


def gap(times: list[float]) -> float:
    """The longest time between two answers, in the unit of ``times``; 0 with fewer than two."""
    return max((later - earlier for earlier, later in pairwise(times)), default=0)


def _holder(stage: Stage, place: Place) -> str:
    """The director that holds the VIP; empty when none or more than one does."""
    holders = place.look(stage.lab).holders(stage.vip)
    return holders[0] if len(holders) == 1 else ""


def _wait_for(stage: Stage, place: Place, reached: Callable[[str], bool]) -> str:
    until = time.monotonic() + TAKEOVER
    while not reached(holder := _holder(stage, place)):
        if time.monotonic() > until:
            raise LvsnetError(
                f"{stage.vip} is on {holder or 'no director'} after {TAKEOVER:.0f} s; "
                "`lvsnet logs NODE` shows what its keepalived says"
            )
        time.sleep(INTERVAL)
    return holder


def _answered_again(stage: Stage, place: Place) -> None:
    """Return once the client has had an answer since now."""
    until = time.monotonic() + TAKEOVER
    before = _run(stage, place, stage.client, "wc", "-l", LOG)
    while _run(stage, place, stage.client, "wc", "-l", LOG) == before:
        if time.monotonic() > until:
            raise LvsnetError(f"{stage.url} does not answer {stage.client} any more")
        time.sleep(INTERVAL)


def _sh(stage: Stage, place: Place, script: str) -> str:
    return _run(stage, place, stage.client, "bash", "-c", script)


def _run(stage: Stage, place: Place, node: str, *argv: str) -> str:
    code, output, errors = place.run(stage.lab, node, *argv)
    if code:
        raise LvsnetError(f"{node}: {' '.join(argv)} ended with code {code}: {errors.strip()}")
    return output
