# mypy: disable-error-code="explicit-any"
# The methods that pydantic gives a model are annotated with Any.
# ruff: noqa: RUF012 - pydantic copies the defaults for each model.
"""What a user may write of virtual services in a lab file, as pydantic models; see
``lvsnet.lab.model``."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field

from lvsnet.keepalived.keywords.checkers import CHECKERS
from lvsnet.keepalived.keywords.services import REAL_SERVER, VIRTUAL_SERVER
from lvsnet.lab import ip_values, values
from lvsnet.lab.ip_values import IPAddress
from lvsnet.lab.kinds import (
    Address,
    Command,
    FirewallMark,
    InstanceReference,
    Multicast,
    Netmask,
    Port,
    Reference,
    Strict,
    Switch,
)
from lvsnet.lab.model_checks import Check
from lvsnet.lab.model_marks import MOST, Mark, VirtualServers
from lvsnet.lab.settings_model import Configured
from lvsnet.lab.units import Duration

Scheduler = Literal[
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "twos"
]
SchedulerFlag = Literal[
    "sh-fallback", "sh-port", "mh-fallback", "mh-port", "flag-1", "flag-2", "flag-3"
]
Quorum = Annotated[int, Field(ge=1, le=2**32 - 1, strict=True)]
Threshold = Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]

Method = Literal["dr", "nat", "tun"]


_OF_CHECKS = ("delay_loop", "warmup", "connect_timeout", "retry", "delay_before_retry")


def _server_form(value: object) -> object:
    """``nginx01`` and ``192.168.10.90`` are short for ``{node: ...}`` and ``{address: ...}``."""
    if isinstance(value, dict | Server):
        return value
    return {"address" if ip_values.is_address(value) else "node": value}


def _tunnel_form(value: object) -> object:
    """``gue`` is short for ``{type: gue}``."""
    return value if isinstance(value, dict | Tunnel) else {"type": value}


def _checks_form(value: object) -> object:
    """One check is short for a list of one."""
    return [] if value is None else values.one_or_more(value)


class Timeouts(Strict):
    """IPVS's timeouts of connections, which ipvsadm --set writes; whole seconds. One that is not
    given stays as the kernel has it."""

    tcp: Annotated[Duration, AfterValidator(values.ipvs_timeout)] | None = None
    """ESTABLISHED; 15m by itself."""
    tcp_fin: Annotated[Duration, AfterValidator(values.ipvs_timeout)] | None = None
    """FIN_WAIT, after the client's FIN or, where IPVS sees it, the server's; 2m by itself."""
    udp: Annotated[Duration, AfterValidator(values.ipvs_timeout)] | None = None
    """UDP; 5m by itself."""


class SyncDaemon(Strict):
    """Directors tell each other of their connections, so that these outlive a director. What is
    not given is as the kernel has it."""

    segment: Reference
    """In which they do."""
    configured_by: Literal["keepalived", "ipvsadm"] = "keepalived"
    """keepalived's lvs_sync_daemon tells as MASTER and listens as BACKUP; with ipvsadm
    --start-daemon each director does both all the time."""
    instance: InstanceReference | None = None
    """The VRRP instance that says who is MASTER, for keepalived; that of the first service unless
    given."""
    syncid: Annotated[int, Field(ge=0, le=255, strict=True)] | None = None
    """Directors listen to those of their own id, with 0 to all; the instance's virtual_router_id
    unless given."""
    group: Multicast | None = None
    """Multicast address, 224.0.0.81 by itself."""
    port: Port | None = None
    """UDP port, 8848 by itself."""
    ttl: Annotated[int, Field(ge=1, le=255, strict=True)] | None = None
    """Of the packets, 1 by itself."""
    maxlen: Annotated[int, Field(ge=1, le=65507, strict=True)] | None = None
    """Bytes of a packet at most; what fits the interface by itself."""


class Tunnel(Strict):
    """What a packet is wrapped in on its way to a real server with method tun (keepalived's
    ``lvs_method TUN type``, ipvsadm's ``--tun-type``). ``gue`` is short for ``{type: gue}``."""

    type: Literal["ipip", "gue", "gre"] = "ipip"
    """ipip is IP in IP (RFC 2003), gue Generic UDP Encapsulation, gre GRE (RFC 2784)."""
    port: Port | None = None
    """UDP port of the real servers, of type gue alone; 6080 by itself."""
    checksum: Literal["nocsum", "csum", "remcsum"] = "nocsum"
    """Of type gue: whether its UDP header has a checksum; remcsum leaves that of what is inside to
    the real server."""


AnyTunnel = Annotated[
    Tunnel,
    BeforeValidator(_tunnel_form, json_schema_input_type=Literal["ipip", "gue", "gre"] | Tunnel),
]


class Server(Strict):
    """Where clients of a service are sent: a node or an address."""

    node: Reference | None = None
    """A node whose role is realserver or director; its address in the first segment that it shares
    with the director, with method tun else one that this has a route to."""
    address: Address | None = None
    """An address of a real server, or a VIP that real servers share by VRRP."""
    port: Port | None = None
    """The service's port unless given; with method dr or tun it cannot differ from it."""
    method: Method | None = None
    """Forwarding method to this real server; the service's unless given."""
    tunnel: AnyTunnel | None = None
    """With method tun; the service's unless given."""


class RealServer(Server, Configured):
    """A real server of a service: a node or an address. ``nginx01`` is short for
    ``{node: nginx01}``, ``192.168.10.90`` for ``{address: 192.168.10.90}``."""

    BLOCK = REAL_SERVER
    ELSEWHERE = {
        "lvs_method": "write `method` and `tunnel`",
        **dict.fromkeys(_OF_CHECKS, "it is the check's"),
        **{one.name: "write `check`" for one in CHECKERS},
    }

    weight: Annotated[int, Field(ge=0, le=65535, strict=True)] = 1
    """Share of new connections, for schedulers that weigh; 0 gets none."""
    check: (
        Annotated[
            list[Check], BeforeValidator(_checks_form, json_schema_input_type=Check | list[Check])
        ]
        | None
    ) = None
    """In the place of the service's; ``[]`` for none."""
    uthreshold: Threshold = 0
    """Once it has so many connections it gets no new ones; 0 for as many as come."""
    lthreshold: Threshold = 0
    """Below so many it gets new ones again; three quarters of ``uthreshold`` with 0."""


class SorryServer(Server):
    """Who answers while too few real servers are alive. ``nginx03`` is short for
    ``{node: nginx03}``, ``192.168.10.90`` for ``{address: 192.168.10.90}``."""


class Service(Configured):
    """A virtual service, whose connections go to real servers: a VIP and port, a firewall mark, or
    a group of virtual servers that have their real servers in common."""

    BLOCK = VIRTUAL_SERVER
    ELSEWHERE = {
        "real_server": "write `real_servers`",
        "weight": "each real server has its own",
        "hashed": "write `sched_flags`",
        **dict.fromkeys(("lb_algo", "lvs_sched"), "write `scheduler`"),
        **dict.fromkeys(("lb_kind", "lvs_method"), "write `method` and `tunnel`"),
        "sorry_server_lvs_method": "write `method` of the sorry server",
        **dict.fromkeys(get_args(SchedulerFlag), "write `sched_flags`"),
        **dict.fromkeys(_OF_CHECKS, "it is the check's"),
    }

    address: (
        Annotated[
            IPAddress,
            BeforeValidator(
                ip_values.service_address, json_schema_input_type=Address | Literal["spread"]
            ),
        ]
        | None
    ) = None
    """A VIP of one of the VRRP instances, whose machines are directors. ``spread`` makes a service
    of each VIP of the spread, ``NAME-1``, ``NAME-2``, ..."""
    port: Port | None = None
    """Of the VIP, and of its real servers."""
    fwmark: FirewallMark | None = None
    """In the place of ``address``, ``port`` and ``protocol``: what has this firewall mark is one
    service, whatever its port; real servers are asked at the port that the client chose."""
    marks: Annotated[list[Mark], Field(max_length=MOST)] = []
    """What gets the mark of ``fwmark``."""
    virtual_server_group: Annotated[list[VirtualServers], Field(max_length=MOST)] = []
    """In the place of ``address`` and ``port``: several of both, for which IPVS has a virtual
    service each."""
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"
    """Transport protocol."""
    application: Literal["http", "dns", "ftp"] = "http"
    """What its real servers run: nginx, which answers TCP alone; dnsmasq, a name server; or vsftpd,
    an FTP server."""
    method: Method
    """Forwarding method: dr is direct routing (ipvsadm -g), nat masquerading (ipvsadm -m), tun
    tunneling (ipvsadm -i)."""
    tunnel: AnyTunnel | None = None
    """With method tun: ``ipip``, ``gue``, ``gre``, or a mapping; ipip by itself."""
    scheduler: Scheduler = "wlc"
    """As in ipvsadm(8)."""
    sched_flags: list[SchedulerFlag] = []
    """Of schedulers sh and mh: with ``-port`` they hash the client's port, too; with ``-fallback``
    clients of a real server that takes none go to another one. ``flag-1`` is fallback, ``flag-2``
    port."""
    ops: Switch = False
    """One-packet scheduling, of protocol udp: each datagram is balanced by itself."""
    persistence_timeout: Annotated[Duration, AfterValidator(values.persistence)] | None = None
    """For so long after its last connection a client comes to the same real server; whole
    seconds, to 744h."""
    persistence_granularity: Netmask | None = None
    """Clients that are equal under this mask count as one: ``255.255.255.0``; of an IPv6 service
    the length of a prefix, ``64``."""
    persistence_engine: Literal["sip"] | None = None
    """What a client is known by, instead of its address: ``sip`` takes the Call-ID of SIP."""
    real_servers: Annotated[
        list[
            Annotated[
                RealServer,
                BeforeValidator(
                    _server_form, json_schema_input_type=Reference | Address | RealServer
                ),
            ]
        ],
        Field(min_length=1),
    ]
    """Names of nodes, addresses, or mappings with weights and ports."""
    configured_by: Literal["keepalived", "ipvsadm"] = "keepalived"
    """keepalived's virtual_server, or rules that ipvsadm loads once and nobody checks."""
    check: Annotated[
        list[Check], BeforeValidator(_checks_form, json_schema_input_type=Check | list[Check])
    ] = []
    """Without it real servers stay in the table, whether they answer or not. Of several all have to
    be passed."""
    alpha: Switch = True
    """A real server that is checked is in the table only once its check has passed."""
    omega: Switch = False
    """When keepalived ends it runs ``quorum_down``."""
    inhibit_on_failure: Switch = False
    """A real server whose check fails stays in the table with weight 0, so that its connections
    go on."""
    ha_suspend: Switch = False
    """A director checks only while it has the VIP."""
    quorum: Quorum = 1
    """Weights of the real servers that are alive, together: with less the service counts as
    down, and the sorry server has its clients."""
    hysteresis: Annotated[int, Field(ge=0, le=2**32 - 1, strict=True)] = 0
    """By how much weight above ``quorum`` it is up again, and below it down."""
    quorum_up: Command | None = None
    """A command to run when the quorum is gained."""
    quorum_down: Command | None = None
    """A command to run when it is lost."""
    sorry_server: (
        Annotated[
            SorryServer,
            BeforeValidator(_server_form, json_schema_input_type=Reference | Address | SorryServer),
        ]
        | None
    ) = None
    """Who answers while the quorum is lost: a node, an address, or a mapping."""
    sorry_server_inhibit: Switch = False
    """It is in the table all the time, with weight 0 while it is not wanted."""

    @property
    def is_checked(self) -> bool:
        """Whether one of its real servers is."""
        own = (self.check if one.check is None else one.check for one in self.real_servers)
        return any(own)
