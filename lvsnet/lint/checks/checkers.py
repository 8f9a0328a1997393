"""Checks of real servers, and how long a dead one stays."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lint.model import Check, Finding
from lvsnet.lint.servers import RealServer, VirtualServer
from lvsnet.lint.site import Site
from lvsnet.lint.written import Written
from lvsnet.rules.checkers import (
    DELAY_DEFAULT,
    INCOMPLETE,
    PROTOCOL,
    SLOW_CHECK,
    SMTP_HOST,
    UDP_REPLY,
    UNCHECKED,
)

DELAY_LOOP = 60.0
CONNECT_TIMEOUT = 5.0
"""Seconds, where nothing is written (keepalived.conf(5), delay_loop, connect_timeout)."""
DEFAULT_RETRY = {"TCP_CHECK": 1, "HTTP_GET": 1, "SSL_GET": 1, "SMTP_CHECK": 1}
SLOW = 60.0
"""Seconds for which clients may be sent to a dead real server until somebody thought of it."""

_OVER_TCP = ("TCP_CHECK", "HTTP_GET", "SSL_GET", "SMTP_CHECK")
_NEEDED = {
    "HTTP_GET": "url",
    "SSL_GET": "url",
    "MISC_CHECK": "misc_path",
    "FILE_CHECK": "track_file",
    "BFD_CHECK": "name",
}
_WITHOUT_A_LOOP = ("FILE_CHECK", "BFD_CHECK")


def unchecked(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        without = [real for real in server.real_servers if not real.checks]
        if without and server.checked:
            names = ", ".join(map(_name, without))
            message = f"virtual_server {server.name}: nothing checks {names}"
            yield Finding(UNCHECKED.name, without[0].place, message)


def incomplete(site: Site) -> Iterator[Finding]:
    for server, real, check in _checks(site):
        where = f"virtual_server {server.name}: {check.keyword} of {_name(real)}"
        word = _NEEDED.get(check.keyword)
        if word is not None and not check.all(word):
            yield Finding(INCOMPLETE.name, check.place, f"{where} has no {word}")
        for url in check.all("url"):
            if not url.all("path"):
                yield Finding(INCOMPLETE.name, url.place, f"{where} has a url without a path")
        host = check.last("host")
        if check.keyword == "SMTP_CHECK" and host is not None:
            yield Finding(SMTP_HOST.name, host.place, f"{where} has a host block")
        if check.keyword == "UDP_CHECK" and not check.all("require_reply"):
            yield Finding(UDP_REPLY.name, check.place, f"{where} takes silence for an answer")


def protocol(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        if server.protocol is None or server.protocol.value != "UDP":
            continue
        for real in server.real_servers:
            if real.checks and all(check.keyword in _OVER_TCP for check in real.checks):
                message = f"virtual_server {server.name}: {real.checks[0].keyword} of {_name(real)}"
                yield Finding(PROTOCOL.name, real.checks[0].place, f"{message} asks over TCP")


def timing(site: Site) -> Iterator[Finding]:
    told = set()
    for server, real, check in _checks(site):
        if check.keyword in _WITHOUT_A_LOOP:
            continue
        where = f"virtual_server {server.name}"
        if all(
            _seconds(one, "delay_loop") is None for one in (server.written, real.written, check)
        ):
            if server.place not in told:
                told.add(server.place)
                message = f"{where}: there is no delay_loop, so checks run every {DELAY_LOOP:g} s"
                yield Finding(DELAY_DEFAULT.name, server.place, message)
            continue
        longest = detection(server, real, check)
        if longest > SLOW:
            message = (
                f"{where}: {check.keyword} takes up to {longest:g} s to find {_name(real)} dead"
            )
            yield Finding(SLOW_CHECK.name, check.place, message)


def detection(server: VirtualServer, real: RealServer, check: Written) -> float:
    """Seconds from a real server's death, without any answer, until it leaves the table."""
    levels = (check, real.written, server.written)

    def value(word: str, default: float) -> float:
        return next(
            (found for one in levels if (found := _seconds(one, word)) is not None), default
        )

    loop = value("delay_loop", DELAY_LOOP)
    retry = value("retry", DEFAULT_RETRY.get(check.keyword, 0))
    timeout = value("connect_timeout", CONNECT_TIMEOUT)
    before = value("delay_before_retry", 1.0 if check.keyword in DEFAULT_RETRY else loop)
    return loop + timeout + retry * (before + timeout)


def _seconds(one: Written, word: str) -> float | None:
    found = one.seconds(word)
    return None if found is None else found.value


def _checks(site: Site) -> Iterator[tuple[VirtualServer, RealServer, Written]]:
    for server in site.servers():
        for real in server.real_servers:
            for check in real.checks:
                yield server, real, check


def _name(real: RealServer) -> str:
    return " ".join(real.written.arguments)


CHECKS: tuple[Check, ...] = (unchecked, incomplete, protocol, timing)
