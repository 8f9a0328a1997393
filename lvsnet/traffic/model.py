"""Traffic as data: what clients are to send, and what became of each request.

Times are nanoseconds of CLOCK_MONOTONIC of the kernel that the lab runs on, which in a guest is the
time since the lab's boot.
"""

from __future__ import annotations

from dataclasses import dataclass

from lvsnet.endpoint import bracketed

STYLES = ("request", "keepalive", "hold")
ANSWERED = ("tcp", "udp", "sctp")
"""Schemes whose answer is a line that lvsnet's own responder can give."""
SCHEMES = ("http", *ANSWERED)
MOST_SOURCES = 1024
"""Addresses that a load is sent from."""


@dataclass(frozen=True)
class Target:
    """Where requests go: ``http://192.168.10.100:80/path``, ``tcp://VIP:PORT``, ``udp://VIP:PORT``,
    ``sctp://VIP:PORT``.

    To a target other than http a line is sent, and a line is the answer.
    """

    scheme: str
    """One of `SCHEMES`."""
    host: str
    """An address, or a name that the client's node knows; without brackets."""
    port: int
    path: str = "/"

    @property
    def protocol(self) -> str:
        """What carries it: ``tcp``, ``udp`` or ``sctp``."""
        return "tcp" if self.scheme == "http" else self.scheme

    def __str__(self) -> str:
        host = bracketed(self.host)
        port = "" if self.scheme == "http" and self.port == 80 else f":{self.port}"
        path = self.path if self.scheme == "http" else ""
        return f"{self.scheme}://{host}{port}{path}"


@dataclass(frozen=True)
class Load:
    """What clients are to send. The first request is sent at once, the others by a grid of time."""

    name: str
    clients: tuple[str, ...]
    """Nodes; they take turns."""
    target: Target
    rate: float
    """Requests a second of all clients together; 0: the next one when one is over."""
    count: int | None = None
    """Requests in all; None: until `seconds` are over, or until it is ended."""
    seconds: float | None = None
    connections: int = 1
    """Of each client: with ``keepalive`` and ``hold`` that are open, with rate 0 and ``request``
    that are busy at once."""
    style: str = "request"
    """``request``: a connection for each; ``keepalive``: as many requests as it lives, a lost one
    is made anew; ``hold``: connections that are opened once and carry a heartbeat every
    1 / ``rate`` seconds in turn; one that breaks stays broken."""
    timeout: float = 1.0
    """Seconds after which a request without an answer has failed."""
    upload: int = 0
    """Bytes of a request's body."""
    sources: tuple[str, ...] = ()
    """Addresses of the client, which connections have in turn by their numbers; what routes choose
    without any."""


@dataclass(frozen=True)
class Answerer:
    """A node that answers at a port, for a target that has no server: a line, with its name."""

    node: str
    scheme: str
    """One of `ANSWERED`."""
    port: int

    def __str__(self) -> str:
        return f"{self.node}:{self.scheme}/{self.port}"


@dataclass(frozen=True)
class Request:
    """A request and what became of it."""

    at: int
    """When it was due, and sent."""
    took: int
    """Nanoseconds until its answer was whole, or it failed."""
    client: str
    server: str
    """Which real server answered, by the answer's first line; empty for none."""
    failure: str = ""
    """Empty, or why it failed: ``timeout``, ``refused``, ``reset``, ``unreachable``, ``closed``,
    ``status 500``."""
    connection: int = 0
    """Number of the connection, from 1, in the order in which the load made them."""
    port: int = 0
    """The client's port."""
    sent: int = 0
    """Bytes."""
    received: int = 0

    @property
    def answered(self) -> bool:
        return not self.failure

    @property
    def over(self) -> int:
        """When it was answered, or failed."""
        return self.at + self.took


@dataclass(frozen=True)
class Outage:
    """A time in which no client had an answer: requests were sent, and each of them failed."""

    start: int
    """When the last answer before it came; when its first request was sent if there was none."""
    end: int
    """When the first answer after it came; when its last request failed if none did."""
    lost: int
    """Requests that failed."""
    over: bool
    """Whether an answer came after it."""

    @property
    def seconds(self) -> float:
        return (self.end - self.start) / 1e9


@dataclass(frozen=True)
class Share:
    """How much of the answers came from one real server."""

    server: str
    answers: int


@dataclass(frozen=True)
class Summary:
    """What became of a load, or of a part of it."""

    requests: int
    answered: int
    lost: int
    failures: tuple[tuple[str, int], ...]
    """Why, and how often; the most frequent first."""
    spread: tuple[Share, ...]
    """By name."""
    outages: tuple[Outage, ...]
    p50: int
    """Nanoseconds until half of the answers were there; 0 without answers."""
    p90: int
    p99: int
    longest: int
    begun: int
    """When the first request was sent."""
    ended: int
    """When the last one was over."""

    @property
    def outage(self) -> float:
        """Seconds of the longest outage; 0 without one."""
        return max((one.seconds for one in self.outages), default=0.0)
