# mypy: disable-error-code="explicit-any"
# The methods that pydantic gives a model are annotated with Any.
"""What a user may write of virtual services in a lab file, as pydantic models; see
``lvsnet.lab.model``."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from lvsnet.lab import values
from lvsnet.lab.kinds import Address, Port, Reference, Strict, UrlPath
from lvsnet.lab.units import Duration

Scheduler = Literal[
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf"
]


def _real_server_form(value: object) -> object:
    """``nginx01`` and ``192.168.10.90`` are short for ``{node: ...}`` and ``{address: ...}``."""
    if isinstance(value, dict | RealServer):
        return value
    return {"address" if values.is_address(value) else "node": value}


class Timeouts(Strict):
    """IPVS's timeouts of connections, which ipvsadm --set writes; whole seconds. One that is not
    given stays as the kernel has it."""

    tcp: Annotated[Duration, AfterValidator(values.ipvs_timeout)] | None = None
    """ESTABLISHED; 15m by itself."""
    tcp_fin: Annotated[Duration, AfterValidator(values.ipvs_timeout)] | None = None
    """FIN_WAIT, after the client's FIN or, where IPVS sees it, the server's; 2m by itself."""
    udp: Annotated[Duration, AfterValidator(values.ipvs_timeout)] | None = None
    """UDP; 5m by itself."""


class Check(Strict):
    """How a director tests a real server (keepalived's HTTP_GET, TCP_CHECK and UDP_CHECK)."""

    type: Literal["http", "tcp", "udp"]
    """http asks for ``path`` and wants ``status_code``; tcp only connects; udp sends a datagram and
    wants one back."""
    path: UrlPath = "/"
    """What an http check asks for."""
    status_code: Annotated[int, Field(ge=100, le=599, strict=True)] = 200
    """What an http check has to be answered with."""
    interval: Annotated[Duration, AfterValidator(values.period)] = Duration("2s")
    """Time between checks (delay_loop), 10ms to 1h."""
    timeout: Annotated[Duration, AfterValidator(values.period)] = Duration("1s")
    """Time for the connection (connect_timeout), 10ms to 1h."""
    retry: Annotated[int, Field(ge=0, le=1000, strict=True)] = 1
    """Further attempts before a real server is taken out."""
    delay_before_retry: Annotated[Duration, AfterValidator(values.delay)] = Duration("1s")
    """Time between attempts."""


class RealServer(Strict):
    """A real server of a service: a node or an address. ``nginx01`` is short for
    ``{node: nginx01}``, ``192.168.10.90`` for ``{address: 192.168.10.90}``."""

    node: Reference | None = None
    """A node whose role is realserver; its address in the first segment that it shares with the
    director."""
    address: Address | None = None
    """An address of a real server, or a VIP that real servers share by VRRP."""
    weight: Annotated[int, Field(ge=0, le=65535, strict=True)] = 1
    """Share of new connections, for schedulers that weigh; 0 gets none."""
    port: Port | None = None
    """The service's port unless given; with method dr it cannot differ from it."""


class Service(Strict):
    """A virtual service: a VIP and port whose connections go to real servers."""

    address: Annotated[
        IPv4Address,
        BeforeValidator(values.service_address, json_schema_input_type=Address | Literal["spread"]),
    ]
    """A VIP of one of the VRRP instances, whose machines are directors. ``spread`` makes a service
    of each VIP of the spread, ``NAME-1``, ``NAME-2``, ..."""
    port: Port
    """Of the VIP, and of its real servers."""
    protocol: Literal["tcp", "udp"] = "tcp"
    """Transport protocol."""
    method: Literal["dr", "nat"]
    """Forwarding method: dr is direct routing (ipvsadm -g), nat masquerading (ipvsadm -m)."""
    scheduler: Scheduler = "wlc"
    """As in ipvsadm(8)."""
    real_servers: Annotated[
        list[
            Annotated[
                RealServer,
                BeforeValidator(
                    _real_server_form, json_schema_input_type=Reference | Address | RealServer
                ),
            ]
        ],
        Field(min_length=1),
    ]
    """Names of nodes, addresses, or mappings with weights and ports."""
    configured_by: Literal["keepalived", "ipvsadm"] = "keepalived"
    """keepalived's virtual_server, or rules that ipvsadm loads once and nobody checks."""
    check: Check | None = None
    """Without it real servers stay in the table, whether they answer or not."""
