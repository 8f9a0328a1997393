"""All that IPVS says of a node: services with what went through them, connections, timeouts, sync.

`lvsnet.observe.model` has the part that a look at the whole site takes. No import of lvsnet's.
"""

from __future__ import annotations

from dataclasses import dataclass

FWMARK = "fwmark"
"""The protocol of a service by firewall mark."""
STATES = (
    "NONE",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "SYNACK",
    "UDP",
    "INIT1",
    "INIT",
    "C-SENT",
    "C-REPLIED",
    "C-WAIT",
    "COOKIE",
    "C-ECHOED",
    "S-SENT",
    "S-RECEIVED",
    "S-ACK-SENT",
    "REJECTED",
    "CLOSED",
)
"""As Linux names them in /proc/net/ip_vs_conn (ip_vs_proto_tcp.c, _udp.c and _sctp.c)."""
ASSURED = "ASSURED"
"""The state of a template whose connections are established (ip_vs_conn.c); of others it is NONE.
"""


@dataclass(frozen=True)
class Counts:
    """What went through: since it was made, or in a second."""

    connections: int
    packets_in: int
    packets_out: int
    """0 with dr and tun: what real servers answer does not come by the director."""
    bytes_in: int
    bytes_out: int


@dataclass(frozen=True)
class TableServer:
    """A line of a service: one real server."""

    node: str
    """Empty where no node of the lab has the address."""
    address: str
    """``192.168.10.13:80``"""
    method: str
    """dr, nat, tun, local or bypass."""
    tunnel: str
    """``ipip``, ``gue 6080`` with its port, or ``gre``; empty but with tun."""
    weight: int
    upper: int
    """Connections at which it gets no new ones (`ipvsadm -x`); 0 for no such threshold."""
    lower: int
    """Connections at which it gets new ones again (`ipvsadm -y`); 0 for none of its own."""
    active: int
    """ActiveConn"""
    inactive: int
    """InActConn"""
    persistent: int
    """PersistConn, templates."""
    total: Counts
    """As the kernel's estimator has added up last, every 2 s (ip_vs_est.c)."""
    rate: Counts
    """In a second, smoothed by the kernel over some seconds."""


@dataclass(frozen=True)
class Persistence:
    timeout: int
    """Seconds."""
    mask: str
    """Of clients that count as one: ``255.255.255.255``, or with IPv6 a prefix length, ``128``."""
    engine: str
    """``sip``; empty for that by the client's address."""


@dataclass(frozen=True)
class TableService:
    """A virtual service."""

    protocol: str
    """tcp, udp, sctp or fwmark."""
    address: str
    """``192.168.10.100:80``, or the mark."""
    ipv6: bool
    scheduler: str
    flags: tuple[str, ...]
    """Of the scheduler: ``sh-port``, ``mh-fallback``, ``flag-3``."""
    one_packet: bool
    """Whether each packet of UDP is scheduled by itself (`ipvsadm --ops`)."""
    persistence: Persistence | None
    total: Counts
    rate: Counts
    real_servers: tuple[TableServer, ...]


@dataclass(frozen=True)
class Timeouts:
    """In seconds (`ipvsadm --set`)."""

    tcp: int
    tcp_fin: int
    udp: int


USUAL = Timeouts(900, 120, 300)
"""The kernel's own (ip_vs_proto_tcp.c, ip_vs_proto_udp.c)."""


@dataclass(frozen=True)
class SyncDaemon:
    """One that tells other directors of connections, or takes in what they tell."""

    state: str
    """master or backup."""
    interface: str
    syncid: int
    group: str
    """Multicast address."""
    port: int


@dataclass(frozen=True)
class Connection:
    """An entry of the connection table."""

    protocol: str
    """tcp, udp or sctp; fwmark of a template that is for all of a mark."""
    client: str
    """``192.168.10.10:41234``; the port of a template is 0, and its address may be a network's."""
    client_node: str
    """Empty where no node of the lab has the address."""
    service: str
    """As that of a `TableService`; a template's port may be 0, for all ports."""
    real_server: str
    node: str
    state: str
    """ESTABLISHED and so on; of a template NONE, or ASSURED."""
    expires: int
    """In seconds, if no packet comes."""
    origin: str
    """local, or sync for one that another director has told of."""


@dataclass(frozen=True)
class Connections:
    """Those that were asked for, sorted."""

    count: int
    """How many there are, of which..."""
    listed: tuple[Connection, ...]
    """... no more than were asked for."""


@dataclass(frozen=True)
class Table:
    """What IPVS says of one node at one time."""

    node: str
    time: int
    """Of the lab's clock, in nanoseconds since its kernel booted."""
    running: bool
    """False of a node that is off, of which there is nothing else."""
    has_ipvs: bool
    """Whether the node's kernel has IPVS loaded."""
    timeouts: Timeouts | None
    """None without IPVS."""
    daemons: tuple[SyncDaemon, ...]
    services: tuple[TableService, ...]
    connections: Connections | None
    """None when nobody asked for them."""


@dataclass(frozen=True)
class Wanted:
    """What of IPVS is asked for."""

    nodes: tuple[str, ...] = ()
    """Empty for all directors, and other nodes with virtual services."""
    protocol: str = ""
    """Of `address`; empty for any but fwmark."""
    address: str = ""
    """Of the services that are wanted: ``192.168.10.100:80``, without a port for all of the
    address's, or a mark; empty for all."""
    real_servers: tuple[str, ...] = ()
    """Nodes, or addresses without port, of those that are wanted; empty for all."""
    port: int = 0
    """Theirs; 0 for any."""
    connections: bool = False
    state: str = ""
    """Of the connections that are wanted; empty for all."""
    most: int = 0
    """Connections of a node that are listed, at most; 0 for all."""
