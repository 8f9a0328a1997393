# mypy: disable-error-code="explicit-any"
# The methods that pydantic gives a model are annotated with Any.
# ruff: noqa: RUF012 - pydantic copies the defaults for each model.
"""What a user may write of VRRP in a lab file, as pydantic models; see ``lvsnet.lab.model``."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from lvsnet.keepalived.keywords.addresses import VIRTUAL_IPADDRESS
from lvsnet.keepalived.keywords.vrrp import VRRP_INSTANCE, VRRP_SYNC_GROUP
from lvsnet.lab import values
from lvsnet.lab.held_vips import HeldVip, vips_of
from lvsnet.lab.kinds import (
    AuthPass,
    Command,
    InstanceReference,
    Reference,
    Strict,
    Switch,
    Vip,
)
from lvsnet.lab.settings_model import Configured
from lvsnet.lab.units import Duration

VrrpState = Literal["MASTER", "BACKUP"]
SpreadVip = Annotated[
    list[Vip],
    BeforeValidator(values.one_or_more, json_schema_input_type=Vip | list[Vip]),
    Field(min_length=1, max_length=3),
]
"""An address, or several that move together: of IPv4, of IPv6, and IPv6's link-local one."""


def _script_form(value: object) -> object:
    return value if isinstance(value, dict | TrackScript) else {"script": value}


IpFamily = Literal["inet", "inet6"]
"""IPv4 or IPv6, as keepalived's ip_family has them."""


def _addresses_form(value: object) -> str:
    """Tag of the two ways to say which addresses a spread has."""
    if isinstance(value, dict):
        return "\0mapping"
    return "\0list" if isinstance(value, list) else "\0number"


class Authentication(Strict):
    """What VRRP's advertisements carry so that others' are not believed (RFC 2338, 5.3.6)."""

    auth_type: Literal["PASS", "AH"] = "PASS"
    """PASS sends the password itself, AH an IPsec header."""
    auth_pass: AuthPass
    """The same on all directors of the instance; keepalived uses its first 8 characters."""


def _interface_form(value: object) -> object:
    return value if isinstance(value, dict | TrackInterface) else {"segment": value}


class TrackInterface(Strict):
    """A link that an instance watches. ``back`` is short for ``{segment: back}``."""

    segment: Reference
    """Of whose interface, besides the instance's own."""
    weight: Annotated[int, Field(ge=-253, le=253, strict=True)] | None = None
    """Added to the priority; without it, or with 0, the loss of the link means FAULT."""
    reverse: Switch = False
    """The other way round: FAULT, or the weight, while the link is up."""


class TrackScript(Strict):
    """A script that an instance watches. ``chk_nginx`` is short for ``{script: chk_nginx}``."""

    script: InstanceReference
    """Of ``vrrp_script``."""
    weight: Annotated[int, Field(ge=-253, le=253, strict=True)] | None = None
    """Added to the priority, as the script has it unless given; with 0 a failure is a FAULT."""
    reverse: Switch = False
    """The other way round: it counts as failed while it succeeds."""
    nodes: Annotated[list[Reference], Field(min_length=1)] | None = None
    """Those of the instance's machines that watch it; all unless given."""


class VrrpSettings(Configured):
    """How the machines of a VRRP instance, or of every instance of a spread, go about it."""

    BLOCK = VRRP_INSTANCE
    ELSEWHERE = {
        "interface": "the machines' interfaces in `segment` are meant",
        "virtual_ipaddress": "write `addresses`",
    }

    advert_int: Annotated[Duration, AfterValidator(values.advert_int)] = Duration("1s")
    """Time between advertisements: whole seconds, 1s to 255s; with version 3 10ms to 40950ms."""
    version: Literal[2, 3] = 2
    """Of VRRP: RFC 3768, or RFC 5798, whose advertisements may come every 10ms."""
    authentication: Authentication | None = None
    """None unless given, as RFC 3768 has it."""
    nopreempt: Switch = False
    """A machine that comes back leaves the addresses where they are."""
    preempt_delay: Annotated[Duration, AfterValidator(values.preempt_delay)] | None = None
    """How long a machine that comes back waits before it takes the addresses: at most 1000s."""
    unicast: Switch = False
    """Advertisements go to each of the other machines (unicast_peer), not to 224.0.0.18."""
    track_script: list[
        Annotated[
            TrackScript,
            BeforeValidator(_script_form, json_schema_input_type=InstanceReference | TrackScript),
        ]
    ] = []
    """Scripts whose failure lowers the priority or means FAULT."""
    track_interface: list[
        Annotated[
            TrackInterface,
            BeforeValidator(_interface_form, json_schema_input_type=Reference | TrackInterface),
        ]
    ] = []
    """Segments: losing the link to one of them means FAULT, or lowers the priority."""
    notify_master: Command | None = None
    """A command to run on becoming MASTER."""
    notify_backup: Command | None = None
    """A command to run on becoming BACKUP."""
    notify_fault: Command | None = None
    """A command to run on entering FAULT."""
    notify_stop: Command | None = None
    """A command to run when keepalived stops."""
    notify: Command | None = None
    """Run on every change, with the arguments INSTANCE, the name, the state and the priority."""


class VrrpInstance(VrrpSettings):
    """A VRRP instance: addresses that the best machine that is up holds."""

    ENTRIES = {"addresses": VIRTUAL_IPADDRESS}

    segment: Reference
    """The segment in which the machines send their advertisements."""
    virtual_router_id: Annotated[int, Field(ge=1, le=255, strict=True)]
    """The same on all machines of the instance, and on no other's in the segment."""
    addresses: Annotated[list[Vip], Field(min_length=1)]
    """The VIPs, in the segment's subnet; /32 unless a prefix length is given. One that has options
    of virtual_ipaddress is a mapping: ``{192.168.10.100/24: {label: "eth1:web"}}``, and ``dev``
    puts it into another segment, with that one's subnet. VIPs of the other family, and those that
    advertisements are not to carry, stand in ``virtual_ipaddress_excluded``."""
    priority: Annotated[
        dict[Reference, Annotated[int, Field(ge=1, le=254, strict=True)]], Field(min_length=1)
    ]
    """Director or real server -> VRRP priority; the highest one that is up holds the addresses."""
    state: dict[Reference, VrrpState] = {}
    """Machine -> the state that its keepalived.conf says. MASTER for the highest priority and
    BACKUP for the others unless given; BACKUP for all with nopreempt, preempt_delay or auth_type
    AH, of which state MASTER takes something back."""

    @cached_property
    def vips(self) -> tuple[HeldVip, ...]:
        """All that the instance moves, whether its advertisements carry them or not."""
        return vips_of(self)


class Spread(VrrpSettings):
    """VIPs that are spread over directors so that the loss of some of these leaves no other one
    with more VIPs than need be. Each VIP becomes a VRRP instance of its own, ``SPREAD_1``,
    ``SPREAD_2``, ..., whose priorities follow from the plan; every further setting is given to
    each. A service whose ``address`` is ``spread`` becomes one for each VIP: ``web-1``, ``web-2``,
    ... A VIP with an address of IPv4 and one of IPv6 has an instance of each, ``SPREAD_1`` and
    ``SPREAD_1_IPV6`` with equal priorities, and two services, ``web-1`` and ``web-1-ipv6``.
    Instances of IPv6 have version 3 unless ``version`` is given."""

    # The plan says these.
    ELSEWHERE = {
        **VrrpSettings.ELSEWHERE,
        "priority": "",
        "state": "",
        "virtual_ipaddress_excluded": "every instance of a spread would have them; write an"
        " instance of its own for them, or list them in `addresses`",
    }

    addresses: Annotated[
        Annotated[int, Field(ge=1, le=255), BeforeValidator(values.how_many_vips), Tag("\0number")]
        | Annotated[list[SpreadVip], Field(min_length=1, max_length=255), Tag("\0list")],
        Discriminator(_addresses_form),
    ]
    """How many VIPs, or which. Of addresses that no node, VIP, gateway of a route, service or real
    server has, a number takes IPv4's highest ones in the segment's subnet, IPv6's from ``::101``
    on, in ascending order. In a list ``[192.168.10.101, fd00:10::101]`` is one VIP that has both
    addresses. IPv6's also gets a link-local address, ``fe80::101``, unless it has one there."""
    ip_family: Annotated[
        list[IpFamily],
        BeforeValidator(values.one_or_more, json_schema_input_type=IpFamily | list[IpFamily]),
        Field(min_length=1, max_length=2),
    ] = []
    """Of a number of VIPs: ``inet6`` for IPv6, ``[inet, inet6]`` for an address of each to every
    VIP; ``inet`` unless given, or ``inet6`` where the segment has no IPv4 subnet."""
    over: Annotated[list[Reference], Field(min_length=2, max_length=32)]
    """The directors, 2 to 32. Their order decides where the plan leaves a choice."""
    losses: Annotated[int, Field(ge=0, le=31, strict=True)] = 1
    """How many of them may be down at a time; one has to be left. A plan for 0 is one for 1: with
    all up it is as good."""
    segment: Reference | None = None
    """The segment of the VIPs; the only one that all of the directors are in unless given."""
    virtual_router_id: Annotated[int, Field(ge=1, le=255, strict=True)] = 51
    """Of the first VIP; the others have the following ones that no other instance of the segment
    has."""


class VrrpScript(Strict):
    """A script that tells by its exit code whether all is well: 0 is (vrrp_script)."""

    script: Command
    """Absolute path of a program, and its arguments; no shell reads them."""
    interval: Annotated[Duration, AfterValidator(values.period)] = Duration("1s")
    """Time between two runs, 10ms to 1h."""
    timeout: Annotated[Duration, AfterValidator(values.period)] | None = None
    """How long a run may take before it has failed; the interval unless given."""
    weight: Annotated[int, Field(ge=-253, le=253, strict=True)] = 0
    """Added to the priority while it succeeds (above 0) or fails (below 0); with 0 a failure is a
    FAULT of the instances that watch it."""
    fall: Annotated[int, Field(ge=1, le=1000, strict=True)] = 1
    """Failures in a row before it counts as failed."""
    rise: Annotated[int, Field(ge=1, le=1000, strict=True)] = 1
    """Successes in a row before it counts as well again."""
    user: Annotated[str, BeforeValidator(values.user)] | None = None
    """Who runs it; ``script_user`` of ``global_defs`` unless given."""
    init_fail: Switch = False
    """Counts as failed until its first success."""


class SyncGroup(Configured):
    """VRRP instances that change state together. ``[VI_1, VI_2]`` is short for ``{group: ...}``."""

    BLOCK = VRRP_SYNC_GROUP

    group: Annotated[list[InstanceReference], Field(min_length=2)]
    """Instances of the same machines."""
    notify_master: Command | None = None
    """A command to run on becoming MASTER."""
    notify_backup: Command | None = None
    """A command to run on becoming BACKUP."""
    notify_fault: Command | None = None
    """A command to run on entering FAULT."""
    notify_stop: Command | None = None
    """A command to run when keepalived stops."""
    notify: Command | None = None
    """Run on every change, with the arguments GROUP, the name, the state and the priority."""
