"""When advertisements are sent, and who takes the addresses back when."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lint.instances import OWNER, Instance
from lvsnet.lint.model import Check, Finding
from lvsnet.lint.site import Site
from lvsnet.rules.timing import (
    DELAY_MASTER,
    DELAY_NOPREEMPT,
    FRACTION,
    NOPREEMPT_MASTER,
    NOPREEMPT_OWNER,
    RANGE,
    SLOW_TAKEOVER,
)

LONGEST_V2 = 255.0
LONGEST_V3 = 40.95
SLOW = 10.0
"""Seconds without the VIP that a takeover may take until somebody should have thought of it."""


def advert_int(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        written = one.written.word("advert_int")
        if written is None:
            continue
        where = f"VRRP instance {one.name}"
        least, most = (0.01, LONGEST_V2) if one.version == 2 else (0.01, LONGEST_V3)
        if one.given_advert_int is None or not least <= one.advert_int <= most:
            message = f"{where}: advert_int {written.value} is no number of seconds up to {most:g}"
            yield Finding(RANGE.name, written.place, message)
        elif one.version == 2 and one.advert_int % 1:
            used = max(1, int(one.advert_int + 0.5))
            message = f"{where}: of advert_int {written.value} version 2 makes {used} s"
            yield Finding(FRACTION.name, written.place, message)


def slow(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        down = takeover(one)
        if one.given_advert_int is not None and down > SLOW and one.advert_int <= LONGEST_V2:
            message = f"VRRP instance {one.name}: a takeover takes up to {down:.1f} s"
            yield Finding(SLOW_TAKEOVER.name, one.given_advert_int.place, message)


def takeover(one: Instance) -> float:
    """Seconds until it is master after the last one is lost: Master_Down_Interval."""
    skew = (256 - one.priority) / 256
    return 3 * one.advert_int + (skew if one.version == 2 else skew * one.advert_int)


def preemption(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        where = f"VRRP instance {one.name}"
        delay = one.written.seconds("preempt_delay")
        if one.nopreempt and one.priority == OWNER and one.given_priority:
            yield Finding(NOPREEMPT_OWNER.name, one.nopreempt, f"{where}: its priority is 255")
        elif one.nopreempt and one.master:
            yield Finding(NOPREEMPT_MASTER.name, one.nopreempt, f"{where}: its state is MASTER")
        if delay is not None and delay.value and one.master:
            yield Finding(DELAY_MASTER.name, delay.place, f"{where}: its state is MASTER")
        elif delay is not None and delay.value and one.nopreempt:
            yield Finding(DELAY_NOPREEMPT.name, delay.place, f"{where}: it has nopreempt, too")


CHECKS: tuple[Check, ...] = (advert_int, slow, preemption)
