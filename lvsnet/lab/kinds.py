# mypy: disable-error-code="explicit-any"
# The methods that pydantic gives a model are annotated with Any.
"""Kinds of single values in a lab file, and what all of its models have in common."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from lvsnet.lab import ip_values, values
from lvsnet.lab.ip_values import IPAddress, IPInterface, IPNetwork

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
InstanceReference = Annotated[
    str,
    BeforeValidator(values.text),
    WithJsonSchema({"type": "string", "pattern": values.INSTANCE}),
]
"""An InstanceName that is defined elsewhere in the file."""

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
    IPAddress,
    BeforeValidator(ip_values.address),
    WithJsonSchema({"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}),
]
Multicast = Annotated[
    IPAddress, BeforeValidator(ip_values.multicast), WithJsonSchema({"type": "string"})
]
"""Of a group: 224.0.0.0/4 or ff00::/8."""

Netmask = Annotated[
    str,
    BeforeValidator(ip_values.netmask),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": ip_values.NETMASK},
                {"type": "integer", "minimum": 1, "maximum": 128},
            ]
        }
    ),
]
"""Of IPv4 ones, then zeros: ``255.255.255.0``; of IPv6 a length: ``64``."""

Vip = Annotated[
    IPInterface,
    BeforeValidator(ip_values.vip),
    WithJsonSchema({"type": "string", "pattern": ip_values.VIP}),
]
"""An address with its prefix length, /32 or /128 unless given."""

AuthPass = Annotated[
    str, BeforeValidator(values.auth_pass), WithJsonSchema({"type": ["string", "number"]})
]
RuleName = Annotated[
    str, BeforeValidator(values.rule), WithJsonSchema({"type": "string", "pattern": values.RULE})
]
Image = Annotated[
    str,
    BeforeValidator(values.image),
    WithJsonSchema({"type": "string", "pattern": values.IMAGE}),
]
Subnet = Annotated[
    IPNetwork,
    BeforeValidator(ip_values.subnet),
    WithJsonSchema({"type": "string", "pattern": ip_values.PREFIX}),
]
Addresses = Annotated[
    list[Address],
    BeforeValidator(values.one_or_more, json_schema_input_type=Address | list[Address]),
    Field(min_length=1),
]
"""One, or one of IPv4 and one of IPv6."""
Subnets = Annotated[
    list[Subnet],
    BeforeValidator(values.one_or_more, json_schema_input_type=Subnet | list[Subnet]),
    Field(min_length=1),
]
"""One, or one of IPv4 and one of IPv6."""
Destination = Annotated[
    Literal["default"] | IPNetwork,
    BeforeValidator(ip_values.destination),
    WithJsonSchema(
        {"anyOf": [{"const": "default"}, {"type": "string", "pattern": ip_values.PREFIX}]}
    ),
]

AddressRange = Annotated[
    tuple[IPAddress, IPAddress],
    BeforeValidator(ip_values.address_range),
    WithJsonSchema({"type": "string"}),
]
"""First and last address."""
PortRange = Annotated[
    tuple[int, int],
    BeforeValidator(values.port_range),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 65535},
                {"type": "string", "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$"},
            ]
        }
    ),
]
"""First and last port."""

# Strict: in pydantic's lax mode true is 1 and "80" is 80.
Port = Annotated[int, Field(ge=1, le=65535, strict=True)]
FirewallMark = Annotated[int, Field(ge=1, le=2**31 - 1, strict=True)]
"""ipvsadm shows larger ones as negative numbers, and 0 is what a packet without a mark has."""
Switch = Annotated[bool, Field(strict=True)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def keys(of_model: type[BaseModel]) -> list[str]:
    """The keys of a model, its own before those that it shares with another one.

    A field with an alias is no key: it holds what ``lvsnet.lab.settings_model`` takes.
    """
    every = [key for key, field in of_model.model_fields.items() if field.alias is None]
    own = [key for key in of_model.__annotations__ if key in every]
    return [*own, *(key for key in every if key not in own)]
