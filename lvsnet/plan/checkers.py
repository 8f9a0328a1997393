"""Checks of real servers as keepalived.conf has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lvsnet.keepalived.tree import Statement, statement
from lvsnet.plan.settings import Machine, written

if TYPE_CHECKING:
    from lvsnet.lab.model_checks import Check
    from lvsnet.lab.model_services import Service
    from lvsnet.lab.units import Duration
    from lvsnet.plan.services import Member


def checks(service: Service, member: Member) -> tuple[Check, ...]:
    """The checks of a real server."""
    return tuple(service.check) if member.check is None else member.check


def interval(service: Service) -> Duration | None:
    """The time between checks that say none themselves; None where each says it."""
    return next((one.interval for one in service.check if not one.is_told), None)


def checker(
    machine: Machine, check: Check, ports: Sequence[int], usual: Duration | None
) -> Statement:
    """The checker of a real server; ``ports`` has the one to ask, where the real server has none.

    ``usual``: the time between checks that the service says.
    """
    settings = written(machine, check.block, check.settings)
    return statement(
        check.block.name,
        block=(
            *_asks(check),
            *_connects(check, ports),
            *_times(check, usual),
            *_wants(check),
            *settings,
        ),
    )


def _asks(check: Check) -> Iterator[Statement]:
    if check.type in ("http", "https") and "url" not in check.settings.given:
        asked = (statement("path", check.path), statement("status_code", check.status_code))
        yield statement("url", block=asked)
    if check.type == "dns":
        yield statement("type", check.dns_type)


def _wants(check: Check) -> Iterator[Statement]:
    if check.type == "udp" and "require_reply" not in check.settings.given:
        # Without it no answer is as good as one, unless ICMP says that the port is closed: a real
        # server that is off would stay. keepalived sends some bytes of its own.
        yield statement("require_reply")


def _connects(check: Check, ports: Sequence[int]) -> Iterator[Statement]:
    if check.is_told or check.type in ("misc", "ping"):
        return
    if "connect_port" not in check.settings.given:
        yield from (statement("connect_port", port) for port in ports)


def _times(check: Check, usual: Duration | None) -> Iterator[Statement]:
    if check.is_told:
        return
    if check.type != "misc":
        yield statement("connect_timeout", str(check.timeout.seconds))
    elif "timeout" in check.model_fields_set:
        yield statement("misc_timeout", str(check.timeout.seconds))
    yield statement("retry", check.retry)
    yield statement("delay_before_retry", str(check.delay_before_retry.seconds))
    if check.interval != usual:
        yield statement("delay_loop", str(check.interval.seconds))
