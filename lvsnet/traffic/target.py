"""What somebody writes of a load: ``http://192.168.10.100/``, ``20/s``, ``10kB``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from decimal import Decimal

from lvsnet.traffic.model import ANSWERED, MOST_SOURCES, SCHEMES, Answerer, Target

EXAMPLES = "http://192.168.10.100/, tcp://192.168.10.100:3306 or udp://192.168.10.100:53"
HTTP_PORT = 80
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_EACH = {"s": 1, "min": 60, "m": 60, "h": 3600}
"""Seconds."""
_NUMBER = r"([0-9]{1,12}(?:\.[0-9]{1,9})?)"
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?")
_NUMBERS = re.compile(r"[0-9.]+")
_PATH = re.compile(r"/[!-\"$-~]*")
"""Visible ASCII without ``#``, which is never sent (RFC 9110, 4.1)."""


def parse(text: str) -> Target:
    """A target from ``SCHEME://HOST[:PORT][/PATH]``.

    Without a scheme it is http, whose port is 80 and whose path is / where they are left out. An
    IPv6 address is in brackets, except alone.

    Raises:
        ValueError: it is none; the message is for the user.
    """
    scheme, rest = _scheme(text)
    authority, slash, path = rest.partition("/")
    host, port = _host_and_port(text, authority)
    if scheme != "http":
        if slash:
            raise ValueError(f"{text}: a {scheme} target has no path; write {scheme}://{authority}")
        if port is None:
            raise ValueError(f"{text}: a {scheme} target needs a port: {scheme}://{authority}:PORT")
        return Target(scheme, host, port)
    if "#" in path:
        raise ValueError(f"{text}: what follows # is never sent; take it out")
    if not _PATH.fullmatch(f"/{path}"):
        raise ValueError(f"{text}: a path has no spaces and only ASCII; write others as %20")
    return Target(scheme, host, HTTP_PORT if port is None else port, f"/{path}")


def rate(text: str) -> float:
    """Requests a second from ``20/s``, ``20`` or ``90/min``; 0: each when the one before is over.

    Raises:
        ValueError: it is no rate; the message is for the user.
    """
    match = re.fullmatch(_NUMBER + r"(?:/(s|min|m|h))?", text)
    if match is None:
        raise ValueError(f"{text!r} is no rate; write requests a second, such as 20/s, or 90/min")
    return float(match[1]) / _EACH[match[2] or "s"]


def size(text: str) -> int:
    """Bytes from ``10kB``, ``1.5MB``, ``64KiB`` or ``500B``; kB are 1000 bytes and KiB 1024.

    Raises:
        ValueError: it is no size; the message is for the user.
    """
    match = re.fullmatch(_NUMBER + r" ?([A-Za-z]*)", text)
    if match is None:
        raise ValueError(f"{text!r} is no size; write such as 500B, 10kB or 1MiB")
    if match[2] not in _BYTES:
        units = ", ".join(_BYTES)
        raise ValueError(f"{text}: the units of a size are {units}; write such as {match[1]}kB")
    found = Decimal(match[1]) * _BYTES[match[2]]
    if found != int(found):
        raise ValueError(f"{text} is not a whole number of bytes")
    return int(found)


def sources(texts: Iterable[str]) -> tuple[str, ...]:
    """Addresses to send from, of ``192.168.10.50`` and of prefixes: ``192.168.10.128/26``.

    Raises:
        ValueError: one is none, or has too many; the message is for the user.
    """
    found: dict[str, None] = {}
    for text in texts:
        try:
            prefix = ipaddress.ip_network(text)
        except ValueError as error:
            raise ValueError(
                f"{text}: write an address of the client, or a prefix such as 192.168.10.128/26"
            ) from error
        if prefix.num_addresses > MOST_SOURCES:
            raise ValueError(f"{text}: {prefix.num_addresses} addresses; {MOST_SOURCES} at most")
        found.update(dict.fromkeys(map(str, prefix)))
    return tuple(found)


def answerer(text: str) -> Answerer:
    """Who is to answer, from ``nginx01:udp/9000``.

    Raises:
        ValueError: it is none; the message is for the user.
    """
    node, _, where = text.rpartition(":")
    scheme, _, port = where.partition("/")
    if not node or scheme not in ANSWERED:
        known = ", ".join(ANSWERED)
        raise ValueError(f"{text}: write such as nginx01:udp/9000; there are {known}")
    return Answerer(node, scheme, _port(text, port))


def _scheme(text: str) -> tuple[str, str]:
    """The scheme in lower case, and what follows it."""
    scheme, separator, rest = text.partition("://")
    if not separator or "/" in scheme:
        return "http", text
    if scheme.lower() == "https":
        raise ValueError(f"{text}: requests are not encrypted; tcp://HOST:443 is for TLS passed on")
    if scheme.lower() not in SCHEMES:
        raise ValueError(f"{text}: there is no {scheme}://; write such as {EXAMPLES}")
    return scheme.lower(), rest


def _host_and_port(text: str, authority: str) -> tuple[str, int | None]:
    if "@" in authority:
        raise ValueError(f"{text}: a target has no user; write such as {EXAMPLES}")
    if _is_ipv6(authority):
        return authority, None
    if authority.startswith("["):
        host, end, after = authority[1:].partition("]")
        if not end or not _is_ipv6(host) or (after and not after.startswith(":")):
            raise ValueError(f"{text}: write an IPv6 address as [2001:db8::1] or [2001:db8::1]:80")
        return host, _port(text, after[1:]) if after else None
    host, colon, port = authority.partition(":")
    _check_host(text, host)
    return host, _port(text, port) if colon else None


def _check_host(text: str, host: str) -> None:
    if not host:
        raise ValueError(f"{text or 'nothing'} names no host; write such as {EXAMPLES}")
    if _NUMBERS.fullmatch(host):
        try:
            ipaddress.IPv4Address(host)
        except ValueError as error:
            raise ValueError(f"{text}: {host} is no IPv4 address") from error
    elif not _NAME.fullmatch(host) or len(host) > 253:
        raise ValueError(
            f"{text}: {host} is neither an address nor a host's name; write such as {EXAMPLES}"
        )


def _port(text: str, port: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise ValueError(f"{text}: a port is a number from 1 to 65535, not {port or 'nothing'}")
    return int(port)


def _is_ipv6(host: str) -> bool:
    try:
        return "%" not in host and ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
