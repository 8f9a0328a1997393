"""When advertisements are sent, and who takes the addresses back when."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

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

SUBJECT = Subject(
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
)
