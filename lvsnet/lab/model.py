# mypy: disable-error-code="explicit-any"
# The methods that pydantic gives a model are annotated with Any.
"""What a user may write in a lab file, as pydantic models.

The models check shapes and single values; what only makes sense between values (addresses in
their segments, names that must exist) is checked by ``lvsnet.lab.check``. Field names follow
keepalived's and ipvsadm's own where they exist.

A Lab that ``lvsnet.lab.load`` returns has passed both, and carries all that it needs: every
``File`` in it, ``Node.keepalived`` included, has its ``content``, read from the file beside the
lab file where the user wrote ``source``, and ``source`` is None. So a compiler reads no files.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from lvsnet.lab import values
from lvsnet.lab.units import Duration

Text = Annotated[str, BeforeValidator(values.text), WithJsonSchema({"type": ["string", "number"]})]
"""A number is taken as the text that it was written with."""

Name = Annotated[
    str, BeforeValidator(values.name), WithJsonSchema({"type": "string", "pattern": values.NAME})
]
"""A host name label in lower case (RFC 1123 2.1)."""

Reference = Annotated[
    str, BeforeValidator(values.text), WithJsonSchema({"type": "string", "pattern": values.NAME})
]
"""A Name that is defined elsewhere in the file; ``lvsnet.lab.check`` says when it is not."""

InstanceName = Annotated[
    str,
    BeforeValidator(values.instance),
    WithJsonSchema({"type": "string", "pattern": values.INSTANCE}),
]
VariableName = Annotated[
    str,
    BeforeValidator(values.variable),
    WithJsonSchema({"type": "string", "pattern": values.VARIABLE}),
]
AbsolutePath = Annotated[
    str,
    BeforeValidator(values.absolute_path),
    WithJsonSchema({"type": "string", "pattern": values.ABSOLUTE_PATH}),
]
RelativePath = Annotated[
    str, BeforeValidator(values.relative_path), WithJsonSchema({"type": "string", "minLength": 1})
]
SysctlKey = Annotated[
    str,
    BeforeValidator(values.sysctl_key),
    WithJsonSchema({"type": "string", "pattern": values.SYSCTL_KEY}),
]
FileMode = Annotated[
    str,
    BeforeValidator(values.mode),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": values.MODE}, {"type": "integer"}]}),
]
"""Four octal digits: ``0644``."""

Capability = Annotated[
    str,
    BeforeValidator(values.capability),
    WithJsonSchema({"type": "string", "pattern": "^([Cc][Aa][Pp]_)?[A-Za-z_]+$"}),
]
"""With its prefix: ``CAP_NET_ADMIN``."""

UrlPath = Annotated[
    str,
    BeforeValidator(values.url_path),
    WithJsonSchema({"type": "string", "pattern": values.URL_PATH}),
]
Command = Annotated[
    str, BeforeValidator(values.command), WithJsonSchema({"type": "string", "minLength": 1})
]
Address = Annotated[
    IPv4Address,
    BeforeValidator(values.address),
    WithJsonSchema({"type": "string", "format": "ipv4"}),
]
Image = Annotated[
    str,
    BeforeValidator(values.image),
    WithJsonSchema({"type": "string", "pattern": values.IMAGE}),
]
_PREFIX = r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$"
Subnet = Annotated[
    IPv4Network,
    BeforeValidator(values.subnet),
    WithJsonSchema({"type": "string", "pattern": _PREFIX}),
]
Destination = Annotated[
    Literal["default"] | IPv4Network,
    BeforeValidator(values.destination),
    WithJsonSchema({"anyOf": [{"const": "default"}, {"type": "string", "pattern": _PREFIX}]}),
]

# Strict: in pydantic's lax mode true is 1 and "80" is 80.
Port = Annotated[int, Field(ge=1, le=65535, strict=True)]
Switch = Annotated[bool, Field(strict=True)]

Role = Literal["client", "director", "realserver", "router", "host"]
Scheduler = Literal[
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf"
]


def _form(value: object) -> str:
    """Tag of a value that may be written in two forms, and of the model that it becomes.

    With a NUL, so that it is no key of any lab file: pydantic puts it among the keys that lead
    to an error.
    """
    if isinstance(value, dict | BaseModel):
        return "\0mapping"
    return "\0list" if isinstance(value, list) else "\0text"


def _segment_form(value: object) -> object:
    return value if isinstance(value, dict | Segment) else {"subnet": value}


def _file_form(value: object) -> object:
    return {"source": value} if isinstance(value, str | int | float) else value


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Segment(Strict):
    """One L2 broadcast domain. ``lan: 192.168.10.0/24`` is short for ``{subnet: ...}``."""

    subnet: Subnet
    """Addresses of the segment's nodes are in it; no two segments overlap."""
    mtu: Annotated[int, Field(ge=576, le=65535, strict=True)] = 1500
    """Largest packet in bytes, on every interface in the segment."""


class File(Strict):
    """A file on a node: its text, or the path of a file beside the lab file."""

    content: Text | None = None
    """The text of the file."""
    source: RelativePath | None = None
    """Path of a UTF-8 file of at most 1 MiB, relative to the lab file."""
    mode: FileMode = "0644"
    """Permissions, in octal."""


class Route(Strict):
    """A route besides those to the node's own segments."""

    to: Destination
    """``default``, or a prefix: ``10.0.0.0/8``."""
    via: Address
    """The gateway, in one of the node's segments."""


class Node(Strict):
    """One machine of the site."""

    role: Role
    """What the machine is for; directors run keepalived, real servers nginx."""
    interfaces: dict[Reference, Address]
    """Segment -> address. Interfaces are named eth1, eth2, ... in this order."""
    files: dict[
        AbsolutePath,
        Annotated[
            Annotated[Text, Tag("\0text")] | Annotated[File, Tag("\0mapping")],
            Discriminator(_form),
        ],
    ] = {}
    """Path on the node -> file. A string is the file's content."""
    exec: list[
        Annotated[
            Annotated[Command, Tag("\0text")]
            | Annotated[
                list[Text],
                Field(min_length=1),
                AfterValidator(values.command_line),
                Tag("\0list"),
            ],
            Discriminator(_form),
        ]
    ] = []
    """Run in order before the daemons; a string goes through ``sh -c``."""
    sysctls: dict[SysctlKey, Text] = {}
    """Set in this order, after the interfaces are there."""
    routes: list[Route] = []
    """Besides those to the node's own segments."""
    env: dict[VariableName, Text] = {}
    """Environment of the node's commands and daemons."""
    capabilities: list[Capability] = []
    """Beyond NET_ADMIN and NET_RAW, which every node has."""
    privileged: Switch = False
    """All capabilities, and all of /proc/sys writable."""
    image: Image | None = None
    """A container image of the user's own, as Docker names it; with the Docker runtime only."""
    keepalived: (
        Annotated[File, BeforeValidator(_file_form, json_schema_input_type=RelativePath | File)]
        | None
    ) = None
    """A keepalived.conf to run as it is: its path beside the lab file, or a File."""


class VrrpInstance(Strict):
    """A VRRP instance: addresses that the best director that is up holds."""

    segment: Reference
    """The segment in which the directors send their advertisements."""
    virtual_router_id: Annotated[int, Field(ge=1, le=255, strict=True)]
    """The same on all directors of the instance, and on no other's in the segment."""
    addresses: Annotated[list[Address], Field(min_length=1)]
    """The VIPs, in the segment's subnet."""
    priority: Annotated[
        dict[Reference, Annotated[int, Field(ge=1, le=254, strict=True)]], Field(min_length=1)
    ]
    """Director -> VRRP priority; the highest one that is up holds the addresses."""
    advert_int: Annotated[Duration, AfterValidator(values.advert_int)] = Duration("1s")
    """Time between advertisements: whole seconds, 1s to 255s."""


class Check(Strict):
    """How a director tests a real server (keepalived's HTTP_GET and TCP_CHECK)."""

    type: Literal["http", "tcp"]
    """http asks for ``path`` and wants ``status_code``; tcp only connects."""
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
    """A real server of a service. ``nginx01`` is short for ``{node: nginx01}``."""

    node: Reference
    """A node whose role is realserver."""
    weight: Annotated[int, Field(ge=0, le=65535, strict=True)] = 1
    """Share of new connections, for schedulers that weigh; 0 gets none."""
    port: Port | None = None
    """The service's port unless given; with method dr it cannot differ from it."""


class Service(Strict):
    """A virtual service: a VIP and port whose connections go to real servers."""

    address: Address
    """A VIP of one of the VRRP instances."""
    port: Port
    """Of the VIP, and of its real servers."""
    protocol: Literal["tcp"] = "tcp"
    """Transport protocol."""
    method: Literal["dr"]
    """Forwarding method: dr is direct routing (ipvsadm -g)."""
    scheduler: Scheduler = "wlc"
    """As in ipvsadm(8)."""
    real_servers: Annotated[
        list[
            Annotated[
                Annotated[Reference, Tag("\0text")] | Annotated[RealServer, Tag("\0mapping")],
                Discriminator(_form),
            ]
        ],
        Field(min_length=1),
    ]
    """Names of nodes, or mappings with weights."""
    check: Check | None = None
    """Without it real servers stay in the table, whether they answer or not."""


class Lab(Strict):
    """A Linux Virtual Server site: its segments, machines, VIPs and services."""

    name: Name
    """Of the lab; two labs of one name do not run side by side."""
    segments: Annotated[
        dict[
            Name,
            Annotated[
                Segment, BeforeValidator(_segment_form, json_schema_input_type=Subnet | Segment)
            ],
        ],
        Field(json_schema_extra={"minProperties": 1}),
    ]
    """Name -> L2 broadcast domain."""
    nodes: Annotated[dict[Name, Node], Field(json_schema_extra={"minProperties": 1})]
    """Name -> machine; the name is its host name."""
    vrrp: dict[InstanceName, VrrpInstance] = {}
    """Name -> VRRP instance (keepalived's vrrp_instance)."""
    privileged: Switch = False
    """Every node is privileged."""
    services: dict[Name, Service] = {}
    """Name -> virtual service (keepalived's virtual_server)."""
