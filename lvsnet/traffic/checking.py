"""Whether a load can be sent in a lab, before anything is: by its plan alone."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from ipaddress import ip_address

from lvsnet.engine.runtime import find
from lvsnet.errors import LvsnetError
from lvsnet.plan.model import Plan
from lvsnet.traffic.model import ANSWERED, MOST_SOURCES, SCHEMES, STYLES, Load

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What a load is called that runs: its name, or that with a number."""
HOST = re.compile(r"[A-Za-z0-9:._%-]{1,253}")
FASTEST = 10_000.0
"""Requests a second, which one process cannot send."""
MOST_CONNECTIONS = 10_000
LONGEST_TIMEOUT = 600.0
MOST_UPLOAD = 64 * 1024 * 1024
MOST_DATAGRAM = 65_000
"""Bytes of a datagram's upload: it has 65507 at most (RFC 768, RFC 791)."""


def check(load: Load, plan: Plan) -> None:
    """See that clients are there, and numbers such as can be.

    Raises:
        LvsnetError: one is not; the message says what can be.
    """
    for client in load.clients:
        find(plan, client)
    if why := wrong(load):
        raise LvsnetError(f"traffic {load.name}: {why}")


def check_responder(node: str, scheme: str, port: int, plan: Plan) -> None:
    """See that a node can answer on a port.

    Raises:
        LvsnetError: it is not there, or neither is such a port.
    """
    find(plan, node)
    if scheme not in ANSWERED:
        raise LvsnetError(
            f"{node}: what answers listens on a tcp, udp or sctp port, not {scheme!r}"
        )
    if not 1 <= port <= 65535:
        raise LvsnetError(f"{node}: {port} is no port: 1 to 65535 are")


def exact(load: Load) -> Load:
    """The same load, with numbers of the kinds that its fields have: JSON tells 20 from 20.0."""
    seconds = None if load.seconds is None else float(load.seconds)
    return replace(load, rate=float(load.rate), seconds=seconds, timeout=float(load.timeout))


def wrong(load: Load) -> str:
    """What of a load no lab could send; empty if nothing."""
    if not NAME.fullmatch(load.name):
        return "a name has letters, digits, dots, dashes and underscores, 63 at most"
    if not load.clients:
        return "it needs a client"
    if len(dict.fromkeys(load.clients)) != len(load.clients):
        return f"a client is named twice: {', '.join(load.clients)}"
    if why := _wrong_target(load) or _wrong_sources(load):
        return why
    if load.style not in STYLES:
        return f"style {load.style!r}: it is one of {', '.join(STYLES)}"
    if not (math.isfinite(load.rate) and 0 <= load.rate <= FASTEST):
        return f"{load.rate:g} requests a second: 0 to {FASTEST:g} can be sent"
    if load.count is not None and load.count < 1:
        return f"count {load.count}: 1 at least"
    if load.seconds is not None and not (math.isfinite(load.seconds) and load.seconds > 0):
        return f"{load.seconds:g} seconds: more than 0 are needed"
    if not 1 <= load.connections <= MOST_CONNECTIONS:
        return f"{load.connections} connections of a client: 1 to {MOST_CONNECTIONS} are possible"
    if not (math.isfinite(load.timeout) and 0 < load.timeout <= LONGEST_TIMEOUT):
        return f"timeout {load.timeout:g} s: more than 0, and {LONGEST_TIMEOUT:g} at most"
    return ""


def _wrong_sources(load: Load) -> str:
    if load.sources and len(load.clients) > 1:
        return "sources are the addresses of one client; with several, each has its own"
    if len(load.sources) > MOST_SOURCES:
        return f"{len(load.sources)} sources: {MOST_SOURCES} at most"
    target = _version(load.target.host)
    for one in load.sources:
        version = _version(one)
        if not version:
            return f"source {one!r} is no address"
        if target and version != target:
            return f"from {one} nothing can be sent to {load.target}, which is IPv{target}"
    return ""


def _version(host: str) -> int:
    """4 or 6; 0 of a name, whose address is looked up in its client."""
    try:
        return ip_address(host).version
    except ValueError:
        return 0


def _wrong_target(load: Load) -> str:
    target = load.target
    if target.scheme not in SCHEMES:
        return f"{target}: it begins with one of {', '.join(f'{one}://' for one in SCHEMES)}"
    if not HOST.fullmatch(target.host):
        return f"{target.host!r} is neither an address nor a name"
    if not 1 <= target.port <= 65535:
        return f"{target.port} is no port: 1 to 65535 are"
    if target.scheme == "http" and not re.fullmatch(r"/[!-~]*", target.path):
        return f"{target.path!r} is no path: it begins with / and has no spaces"
    most = MOST_DATAGRAM if target.scheme == "udp" else MOST_UPLOAD
    if not 0 <= load.upload <= most:
        return f"an upload of {load.upload} bytes: 0 to {most} can be sent to {target}"
    return ""
