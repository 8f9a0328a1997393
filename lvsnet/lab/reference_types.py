"""The types of the lab file's keys in the words of those who write lab files."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from lvsnet.lab import kinds, model, values
from lvsnet.lab.units import Duration, Size


@dataclass(frozen=True)
class Kind:
    """A kind of single value."""

    hint: object
    word: str
    meaning: str
    """What can be written, in Markdown."""


KINDS = (
    Kind(kinds.Text, "text", "Any text; a number stands for the text that it was written with."),
    Kind(kinds.Name, "name", "A host name: lower-case letters, digits and `-` inside, at most 63."),
    Kind(
        kinds.InstanceName,
        "instance name",
        "Letters, digits and any of `_.-`, at most 63; as keepalived's own names.",
    ),
    Kind(
        kinds.Address,
        "address",
        "An IPv4 or IPv6 address without a prefix length: `192.168.10.10`, `fd00:10::10`.",
    ),
    Kind(
        kinds.Vip,
        "VIP",
        "An IPv4 or IPv6 address, with a prefix length or without, which is `/32` or `/128`.",
    ),
    Kind(kinds.Multicast, "multicast address", "An IPv4 or IPv6 address of a group."),
    Kind(
        kinds.Netmask,
        "mask",
        "Of IPv4 addresses ones and then zeros: `255.255.255.0`; of IPv6 addresses the length of a"
        " prefix: `64`.",
    ),
    Kind(
        kinds.Subnet,
        "subnet",
        "An IPv4 or IPv6 prefix without host bits: `192.168.10.0/24`, `fd00:10::/64`.",
    ),
    Kind(kinds.Destination, "destination", "`default`, or an IPv4 or IPv6 prefix."),
    Kind(kinds.Port, "port", "A whole number from 1 to 65535."),
    Kind(
        kinds.AddressRange,
        "addresses",
        "An address, or a range as keepalived writes it: `192.168.10.100-110`.",
    ),
    Kind(kinds.PortRange, "ports", "A port, or a range of them: `8000-8010`."),
    Kind(
        Duration,
        "duration",
        "A number with its unit, `us`, `ms`, `s`, `m` or `h`: `500ms`, `1.5s`, `2m`.",
    ),
    Kind(
        Size,
        "size",
        "A number with its unit, `K`, `M` or `G`, powers of 1024, or `KiB`, `MiB`, `GiB`: `512M`.",
    ),
    Kind(kinds.Switch, "switch", "`true` or `false`; in YAML 1.2 `yes` and `no` are text."),
    Kind(kinds.Command, "command", "A command line, not empty."),
    Kind(kinds.AbsolutePath, "absolute path", "A path on the node, without `.`, `..` or `//`."),
    Kind(kinds.RelativePath, "relative path", "A path from the directory of the lab file."),
    Kind(kinds.UrlPath, "URL path", "Begins with `/` and has no spaces."),
    Kind(kinds.FileMode, "file mode", 'In octal: `0755`, `"0755"` or `0o755`.'),
    Kind(kinds.SysctlKey, "sysctl key", "`net.ipv4.ip_forward` or `net/ipv4/ip_forward`."),
    Kind(kinds.VariableName, "variable", "The name of an environment variable."),
    Kind(kinds.Capability, "capability", "Of capabilities(7), with `CAP_` or without."),
    Kind(kinds.Image, "image", "A container image, as Docker names it: `nginx:1.27`."),
    Kind(Annotated[str, BeforeValidator(values.user)], "user", "A user of the machine: `nobody`."),
    Kind(kinds.AuthPass, "password", "Printable characters, not empty."),
    Kind(
        model.Scenarios,
        "scenarios",
        "A mapping of names to [scenarios](scenarios.md), each a list of steps.",
    ),
    Kind(kinds.RuleName, "rule name", "One of the [rules](#rules)."),
)

_REFERENCES = (
    Kind(kinds.Reference, "name", "Of something that the file defines elsewhere."),
    Kind(kinds.InstanceReference, "instance name", "Of something that the file defines elsewhere."),
)


def words(hint: object, links: Mapping[type[BaseModel], str]) -> str:
    """Say what a value with this type hint may be, in Markdown.

    ``links`` has a link to the description of each model. Raises TypeError for a hint that nobody
    has put into words yet.
    """
    for kind in (*KINDS, *_REFERENCES):
        if _is(hint, kind.hint):
            return kind.word
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return links[hint]
    parts = get_args(hint)
    origin = get_origin(hint)
    if origin is Annotated:
        return _annotated(parts[0], parts[1:], links)
    if origin is Literal:
        return _or([f"`{value}`" for value in parts])
    if origin in (Union, types.UnionType):
        return _or([words(one, links) for one in parts if one is not type(None)])
    if origin is dict:
        return f"mapping of {words(parts[0], links)} to {_one(words(parts[1], links))}"
    if origin is list:
        return f"list of {_one(words(parts[0], links))}"
    raise TypeError(f"lvsnet.lab.reference_types has no words for {hint}")


def _is(hint: object, of_kind: object) -> bool:
    """Whether it is the kind's own hint, perhaps with more annotations behind."""
    if get_origin(of_kind) is not Annotated:
        return hint is of_kind or (get_origin(hint) is Annotated and get_args(hint)[0] is of_kind)
    wanted = get_args(of_kind)
    return get_origin(hint) is Annotated and get_args(hint)[: len(wanted)] == wanted


def _annotated(
    inner: object, annotations: tuple[object, ...], links: Mapping[type[BaseModel], str]
) -> str:
    for one in annotations:
        if isinstance(one, BeforeValidator) and one.json_schema_input_type is not PydanticUndefined:
            return words(one.json_schema_input_type, links)
    if inner is int:
        bounds = [
            each for one in annotations if isinstance(one, FieldInfo) for each in one.metadata
        ]
        low = next(each.ge for each in bounds if isinstance(each, Ge))
        high = next(each.le for each in bounds if isinstance(each, Le))
        return f"whole number, {low} to {high}"
    return words(inner, links)


def _one(choice: str) -> str:
    return f"({choice})" if " or " in choice else choice


def _or(choices: list[str]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last
