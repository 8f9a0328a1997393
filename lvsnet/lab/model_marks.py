# mypy: disable-error-code="explicit-any"
# The methods that pydantic gives a model are annotated with Any.
# ruff: noqa: RUF012 - pydantic copies the defaults for each model.
"""What a user may write of services that are more than an address and a port, as pydantic models:
firewall marks and groups of virtual servers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from lvsnet.lab.kinds import AddressRange, FirewallMark, PortRange, Strict
from lvsnet.lab.values import one_or_more

MOST = 256
"""Lines of a group, and marks."""


Ports = Annotated[
    list[PortRange],
    BeforeValidator(one_or_more, json_schema_input_type=PortRange | list[PortRange]),
]


class Mark(Strict):
    """What a director's nftables gives a firewall mark to: what comes in for an address."""

    address: AddressRange
    """VIPs of VRRP instances."""
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"
    """Transport protocol."""
    ports: Ports = []
    """All ports of the protocol unless given."""


class VirtualServers(Strict):
    """A line of a group: the virtual servers at an address and its ports, or at a mark."""

    address: AddressRange | None = None
    """VIPs of VRRP instances."""
    ports: Ports = []
    """Each makes a virtual server of its own."""
    fwmark: FirewallMark | None = None
    """In the place of ``address`` and ``ports``."""
    marks: Annotated[list[Mark], Field(max_length=MOST)] = []
    """What gets the mark of ``fwmark``."""
