# mypy: disable-error-code="explicit-any"
# The methods that pydantic gives a model are annotated with Any.
# ruff: noqa: RUF012 - pydantic copies the defaults for each model.
"""What a user may write in a lab file, as pydantic models.

Those of VRRP are in ``lvsnet.lab.model_vrrp``, those of services in
``lvsnet.lab.model_services``, kinds of values in ``lvsnet.lab.kinds``.

The models check shapes and single values; what only makes sense between values (addresses in
their segments, names that must exist) is checked by ``lvsnet.lab.check``. Field names follow
keepalived's and ipvsadm's own where they exist.

A Lab that ``lvsnet.lab.load`` returns has passed both, and carries all that it needs: every
``File`` in it, ``Node.keepalived`` included, has its ``content``, read from the file beside the
lab file where the user wrote ``source``, and ``source`` is None. So a compiler reads no files.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from lvsnet.keepalived.keywords import FILE
from lvsnet.keepalived.keywords.general import GLOBAL_DEFS
from lvsnet.lab import values
from lvsnet.lab.kinds import (
    AbsolutePath,
    Address,
    Addresses,
    Capability,
    Command,
    Destination,
    FileMode,
    Image,
    InstanceName,
    InstanceReference,
    Name,
    Reference,
    RelativePath,
    RuleName,
    Strict,
    Subnet,
    Subnets,
    Switch,
    SysctlKey,
    Text,
    VariableName,
)
from lvsnet.lab.model_services import Service, SyncDaemon, Timeouts
from lvsnet.lab.model_vrrp import SyncGroup, VrrpInstance, VrrpScript
from lvsnet.lab.settings_model import Configured
from lvsnet.lab.units import Size

Role = Literal["client", "director", "realserver", "router", "host"]


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


def _group_form(value: object) -> object:
    return value if isinstance(value, dict | SyncGroup) else {"group": value}


def _file_form(value: object) -> object:
    return {"source": value} if isinstance(value, str | int | float) else value


Scenarios = Annotated[dict[str, object], WithJsonSchema({"type": "object"})]
"""Read and checked by ``lvsnet.scenario.files``; what is in it has its schema from there."""


class Segment(Strict):
    """One L2 broadcast domain. ``lan: 192.168.10.0/24`` is short for ``{subnet: ...}``, and so is
    ``lan: [192.168.10.0/24, fd00:10::/64]``."""

    subnet: Subnets
    """Addresses of the segment's nodes are in it; no two segments overlap. A list has one of IPv4
    and one of IPv6."""
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
    """The gateway, in one of the node's segments, of the same family as ``to``; with ``default`` it
    says which family's default route it is."""
    dev: Reference | None = None
    """The gateway's segment: for a link-local one, ``fe80::1``, of a node that is in several."""


class Node(Strict):
    """One machine of the site."""

    role: Role
    """What the machine is for: directors balance with IPVS, real servers answer clients."""
    interfaces: dict[Reference, Addresses]
    """Segment -> address, or a list of one IPv4 and one IPv6 address. Interfaces are named eth1,
    eth2, ... in this order."""
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
    daemons: dict[
        Name,
        Annotated[
            Annotated[Command, Tag("\0text")]
            | Annotated[
                list[Text],
                Field(min_length=1),
                AfterValidator(values.command_line),
                Tag("\0list"),
            ],
            Discriminator(_form),
        ],
    ] = {}
    """Name -> a further daemon, in the foreground; a string goes through ``sh -c``."""
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
    """A keepalived.conf to run as it is, on a director or a real server: its path beside the lab
    file, or a File. ``keepalived -t`` judges it before it is run."""


class GlobalDefs(Configured):
    """What holds for all of a machine's keepalived (its global_defs)."""

    BLOCK = GLOBAL_DEFS
    ELSEWHERE = {
        "lvs_timeouts": "write `timeouts` at the top of the file",
        "lvs_sync_daemon": "write `sync_daemon` at the top of the file",
        "vrrp_version": "write `version` of the instances",
    }

    script_user: Annotated[str, BeforeValidator(values.user)] = "root"
    """Who runs scripts and notify commands."""
    enable_script_security: Switch = True
    """Scripts run as root only where nobody else could change them."""


class Lab(Configured):
    """A Linux Virtual Server site: its segments, machines, VIPs and services."""

    BLOCK = FILE
    ELSEWHERE = {
        "vrrp_instance": "write `vrrp`",
        "virtual_server": "write `services`",
        "virtual_server_group": "write it of a service",
        "net_namespace": "each machine has a network namespace of its own",
        "net_namespace_ipvs": "each machine has a network namespace of its own",
        "namespace_with_ipsets": "each machine has a network namespace of its own",
        "use_pid_dir": "each machine has a /run of its own",
    }

    name: Name
    """Of the lab; two labs of one name do not run side by side."""
    segments: Annotated[
        dict[
            Name,
            Annotated[
                Segment,
                BeforeValidator(
                    _segment_form, json_schema_input_type=Subnet | list[Subnet] | Segment
                ),
            ],
        ],
        Field(json_schema_extra={"minProperties": 1}),
    ]
    """Name -> L2 broadcast domain."""
    nodes: Annotated[dict[Name, Node], Field(json_schema_extra={"minProperties": 1})]
    """Name -> machine; the name is its host name."""
    global_defs: GlobalDefs = GlobalDefs()
    """For keepalived on all machines."""
    vrrp: dict[InstanceName, VrrpInstance] = {}
    """Name -> VRRP instance (keepalived's vrrp_instance). No instance is called ``spread``, which
    spreads VIPs over directors."""
    vrrp_script: dict[InstanceName, VrrpScript] = {}
    """Name -> script that instances watch with ``track_script``."""
    vrrp_sync_group: dict[
        InstanceName,
        Annotated[
            SyncGroup,
            BeforeValidator(
                _group_form, json_schema_input_type=list[InstanceReference] | SyncGroup
            ),
        ],
    ] = {}
    """Name -> instances that change state together."""
    timeouts: Timeouts = Timeouts()
    """Of connections in IPVS, on all directors."""
    sync_daemon: SyncDaemon | None = None
    """Directors tell each other of their connections; they do not unless it is given."""
    services: dict[Name, Service] = {}
    """Name -> virtual service (keepalived's virtual_server)."""
    memory: Annotated[Size, AfterValidator(values.memory)] | None = None
    """Of the guest that the lab runs in, where it runs in one; 512M by itself. It is taken as it
    is used, half of it at most for what nodes write to their disks."""
    privileged: Switch = False
    """Every node is privileged."""
    scenarios: Scenarios = {}
    """Name -> what `lvsnet test` does to the lab, and what it expects then."""
    allow: list[RuleName] = []
    """Rules that this lab breaks on purpose: neither warnings nor errors come of them."""
