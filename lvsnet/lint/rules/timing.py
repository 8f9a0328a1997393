"""When advertisements are sent, and who takes the addresses back when."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lint.instances import OWNER, Instance
from lvsnet.lint.model import Family, Finding, Rule
from lvsnet.lint.site import Site

LONGEST_V2 = 255.0
LONGEST_V3 = 40.95
SLOW = 10.0
"""Seconds without the VIP that a takeover may take until somebody should have thought of it."""

FRACTION = Rule(
    "advert-int-fraction",
    "warning",
    "advert_int is no whole number of seconds, and VRRP version 2 has only these: keepalived rounds"
    " it, to 1 s at least",
    "RFC 3768, 5.3.7; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "write whole seconds, or vrrp_version 3 on all machines",
)
RANGE = Rule(
    "advert-int-range",
    "error",
    "advert_int is no number, or not one that an advertisement can carry: 1 to 255 s with version"
    " 2, 0.01 to 40.95 s with version 3; keepalived uses another one",
    "RFC 3768, 5.3.7; RFC 5798, 5.2.7; vrrp_adv_handler() of keepalived/vrrp/vrrp_parser.c",
    "write seconds, without a unit",
)
SLOW_TAKEOVER = Rule(
    "takeover-slow",
    "note",
    "a takeover takes more than 10 s: a BACKUP waits for three advertisements that do not come, and"
    " a little by its priority",
    "RFC 3768, 6.1, Master_Down_Interval",
    "write a shorter advert_int, on all machines",
)
NOPREEMPT_MASTER = Rule(
    "nopreempt-master",
    "warning",
    "state MASTER with nopreempt: keepalived clears nopreempt, and the machine takes the addresses"
    " back when it returns",
    "keepalived.conf(5), nopreempt; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "write state BACKUP on all machines",
    "10-nopreempt-master",
)
NOPREEMPT_OWNER = Rule(
    "nopreempt-owner",
    "warning",
    "priority 255 with nopreempt: keepalived clears nopreempt, as the owner of the addresses always"
    " has them",
    "RFC 3768, 6.4.1; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "write a priority below 255",
)
DELAY_MASTER = Rule(
    "preempt-delay-master",
    "warning",
    "state MASTER with preempt_delay: keepalived clears the delay, and the machine takes the"
    " addresses back at once",
    "keepalived.conf(5), preempt_delay; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "write state BACKUP on all machines",
)
DELAY_NOPREEMPT = Rule(
    "preempt-delay-nopreempt",
    "warning",
    "preempt_delay with nopreempt: keepalived sets the delay to 0, as nothing is taken back",
    "vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "take one of the two out",
)


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


FAMILY = Family(
    "Intervals and preemption",
    (
        FRACTION,
        RANGE,
        SLOW_TAKEOVER,
        NOPREEMPT_MASTER,
        NOPREEMPT_OWNER,
        DELAY_MASTER,
        DELAY_NOPREEMPT,
    ),
    (advert_int, slow, preemption),
)
