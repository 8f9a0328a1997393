"""Checks of real servers, and how long a dead one stays."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

UNCHECKED = Rule(
    "real-server-unchecked",
    "warning",
    "a real server has no check: one that is dead stays in the table, and its share of the clients"
    " gets no answer",
    "keepalived.conf(5), real_server",
    "write a TCP_CHECK, or one that asks the service itself",
)
DELAY_DEFAULT = Rule(
    "delay-loop-default",
    "warning",
    "checks have no delay_loop: keepalived checks once a minute, and a dead real server stays that"
    " long",
    "keepalived.conf(5), delay_loop",
    "write delay_loop in seconds, 2 to 10 as a rule",
)
SLOW_CHECK = Rule(
    "check-slow",
    "note",
    "by its intervals, timeouts and retries a check takes more than a minute until a dead real"
    " server leaves the table",
    "keepalived.conf(5), delay_loop, connect_timeout, retry, delay_before_retry",
    "write smaller ones",
)
SMTP_HOST = Rule(
    "smtp-check-host",
    "error",
    "an SMTP_CHECK has a host block: keepalived 2.3.3 never ends reading it, the daemon neither",
    "smtp_host_handler() of keepalived/check/check_smtp.c",
    "write connect_ip and connect_port into SMTP_CHECK itself",
)
INCOMPLETE = Rule(
    "check-incomplete",
    "error",
    "a check lacks what it cannot be without: keepalived leaves it out, and the real server stays"
    " in the table whatever happens",
    "check_http.c, check_misc.c, check_file.c and check_bfd.c of keepalived/check",
    "write the url with a path, the misc_path, the track_file or the name",
)
UDP_REPLY = Rule(
    "udp-check-no-reply",
    "note",
    "a UDP_CHECK without require_reply: a real server that says nothing passes, and only one fails"
    " that refuses by ICMP, or that no longer answers ARP",
    "keepalived.conf(5), UDP_CHECK, require_reply",
    "write a payload that the service answers, and require_reply",
)
PROTOCOL = Rule(
    "check-protocol",
    "note",
    "a service of UDP is checked over TCP alone: the check tells nothing of the service",
    "keepalived.conf(5), UDP_CHECK and DNS_CHECK",
    "use UDP_CHECK, DNS_CHECK or MISC_CHECK",
)

SUBJECT = Subject(
    "Checks of real servers",
    (UNCHECKED, DELAY_DEFAULT, SLOW_CHECK, SMTP_HOST, INCOMPLETE, UDP_REPLY, PROTOCOL),
)
