"""Single addresses and prefixes of a lab file, IPv4 and IPv6: see ``lvsnet.lab.values``.

An IPv6 address is written as RFC 4291, 2.2, has it; the Lab has it as RFC 5952 shortens it, which
is how the kernel, keepalived and ipvsadm show it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import Literal

from lvsnet.lab.scalars import Float, Integer
from lvsnet.lab.suggest import nearest
from lvsnet.lab.values import SPREAD, shown, text

IPAddress = IPv4Address | IPv6Address
IPInterface = IPv4Interface | IPv6Interface
IPNetwork = IPv4Network | IPv6Network

_VIP4 = r"[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,2})?"
_ADDRESS6 = r"[0-9A-Fa-f]*:[0-9A-Fa-f:]*"
NETMASK = r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9]{1,3})$"
VIP = rf"^({_VIP4}|{_ADDRESS6}(/[0-9]{{1,3}})?)$"
PREFIX = rf"^([0-9]{{1,3}}(\.[0-9]{{1,3}}){{3}}/[0-9]{{1,2}}|{_ADDRESS6}/[0-9]{{1,3}})$"

_RESERVED: dict[IPNetwork, str] = {
    IPv4Network("0.0.0.0/8"): "'this network' (RFC 1122, 3.2.1.3)",
    IPv4Network("127.0.0.0/8"): "loopback (RFC 1122, 3.2.1.3)",
    IPv4Network("224.0.0.0/4"): "multicast (RFC 5771)",
    IPv4Network("240.0.0.0/4"): "future use (RFC 1112, 4)",
    IPv6Network("::/8"): "loopback, IPv4-mapped addresses and the like (RFC 4291, 2.4 and 2.5)",
    IPv6Network("fe80::/10"): "link-local addresses, which each interface has by itself"
    " (RFC 4291, 2.5.6)",
    IPv6Network("ff00::/8"): "multicast (RFC 4291, 2.7)",
}
_MAPPED = IPv6Network("::ffff:0:0/96")
_MULTICAST = IPv6Network("ff00::/8")
MOST_ADDRESSES = 256
"""In one range; keepalived's short form reaches as far."""


def address(value: object) -> IPAddress:
    """An address of a machine or a VIP, without a prefix length.

    Of IPv6 none that no interface can have: whose it is would depend on the interface (a zone), or
    it would be nobody's, everybody's or an IPv4 address in another form.
    """
    if isinstance(value, IPv4Address | IPv6Address):
        return value
    written = _word(value, "an IP address")
    if "/" in written:
        raise ValueError(f"{shown(written)} has a prefix length; write the address alone")
    if written.startswith("[") and written.endswith("]"):
        raise ValueError(f"{shown(written)} is in brackets; write the address alone")
    if "%" in written and ":" in written:
        raise ValueError(
            f"{shown(written)} has a zone, which is for the segment to say; write"
            f" {written.partition('%')[0]}"
        )
    try:
        return _usable(IPv6Address(written)) if ":" in written else IPv4Address(written)
    except _UnusableError as error:
        raise ValueError(str(error)) from None
    except ValueError:
        family = "IPv6" if ":" in written else "IPv4" if _dotted(written) else "IP"
        raise ValueError(f"{shown(written)} is not an {family} address") from None


class _UnusableError(ValueError):
    """An address that is well written, and no interface's."""


def _usable(one: IPv6Address) -> IPv6Address:
    if one in _MAPPED:
        raise _UnusableError(
            f"'{one}' is an IPv4 address within IPv6 (RFC 4291, 2.5.5.2), which is never on the"
            f" wire; write {one.ipv4_mapped}"
        )
    if one.is_unspecified:
        raise _UnusableError("'::' is the unspecified address (RFC 4291, 2.5.2), which nobody has")
    if one.is_loopback:
        raise _UnusableError("'::1' is the loopback address (RFC 4291, 2.5.3), which everybody has")
    if one in _MULTICAST:
        raise _UnusableError(f"'{one}' is a multicast address (RFC 4291, 2.7), of a group")
    return one


def address_range(value: object) -> tuple[IPAddress, IPAddress]:
    """One address, or the first and the last of several, as keepalived.conf(5) writes them.

    ``192.168.10.100-110`` and ``192.168.10.100-192.168.10.110`` are the same.
    """
    if isinstance(value, tuple):
        return value
    first, dash, last = _word(value, "an address, or a range of them").partition("-")
    start = address(first)
    if not dash:
        return start, start
    mark = "." if start.version == 4 else ":"
    end = address(last if mark in last else f"{first.rpartition(mark)[0]}{mark}{last}")
    if int(end) <= int(start) or end.version != start.version:
        raise ValueError(f"the range ends with {end}, which does not come after {start}")
    if int(end) - int(start) >= MOST_ADDRESSES:
        raise ValueError(f"{start}-{end} has more than {MOST_ADDRESSES} addresses")
    return start, end


def service_address(value: object) -> IPAddress:
    """A VIP; ``spread`` has been replaced by the addresses of the spread before."""
    try:
        found = address(value)
    except ValueError as error:
        meant = isinstance(value, str) and nearest(value, (SPREAD,))
        raise ValueError(f"{error}; did you mean '{SPREAD}'?" if meant else str(error)) from None
    if found.version == 6 and found.is_link_local:
        raise ValueError(
            f"'{found}' is a link-local address (RFC 4291, 2.5.6): it means something on one link"
            " only, and a service of IPVS has no link; take an address of the segment's subnet"
        )
    return found


def vip(value: object) -> IPInterface:
    """An address, with its prefix length or without, which is /32 or /128."""
    if isinstance(value, IPv4Interface | IPv6Interface):
        return value
    written = _word(value, "an IP address")
    host, slash, length = written.partition("/")
    found = address(host)
    if slash and not _fits(length, 1, found.max_prefixlen):
        raise ValueError(
            f"{shown(written)}: the prefix length is not from 1 to {found.max_prefixlen}"
        )
    return ip_interface(f"{found}/{length or found.max_prefixlen}")


def is_address(value: object) -> bool:
    """Whether it can only be meant as an address, right or wrong: a host name has no dots, and no
    colons."""
    if not isinstance(value, str | Float):
        return False
    return ":" in text(value) or _dotted(text(value))


def prefix(value: object) -> IPNetwork:
    """A prefix, with its length: ``10.0.0.0/8``, ``fd00:10::/64``."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    written = _word(value, "a prefix such as 192.168.10.0/24")
    host, slash, length = written.partition("/")
    version, most, usual = (6, 128, 64) if ":" in host else (4, 32, 24)
    if not slash:
        raise ValueError(f"{shown(written)} needs a prefix length, such as {host}/{usual}")
    if not _fits(length, 0, most):
        example = "fd00:10::/64" if version == 6 else "192.168.10.0/24"
        raise ValueError(f"{shown(written)} is not an IPv{version} prefix such as {example}")
    _judge_first(host)
    network = ip_network(written, strict=False)
    if network.network_address != ip_interface(written).ip:
        raise ValueError(f"{written} has host bits set; the prefix that it is in is {network}")
    return network


def _judge_first(host: str) -> None:
    """Raises ValueError: it is no address. A prefix may begin with one that no interface has."""
    if ":" in host and "%" not in host:
        with suppress(ValueError):
            IPv6Address(host)
            return
    address(host)


def subnet(value: object) -> IPNetwork:
    """A prefix that hosts can be in."""
    network = prefix(value)
    if network.prefixlen == network.max_prefixlen:
        raise ValueError(f"{network} has room for one address only; a segment joins several nodes")
    for reserved, purpose in _RESERVED.items():
        if network.version == reserved.version and network.overlaps(reserved):
            raise ValueError(f"{network} overlaps {reserved}, which is for {purpose}")
    return network


def destination(value: object) -> Literal["default"] | IPNetwork:
    """Where a route leads: ``default``, or a prefix; 0.0.0.0/0 and ::/0 are the default."""
    if value == "default":
        return "default"
    network = prefix(value)
    return "default" if network.prefixlen == 0 else network


def multicast(value: object) -> IPAddress:
    """The address of a group."""
    written = _word(value, "a multicast address")
    found: IPAddress | None = None
    with suppress(ValueError):
        found = ip_address(written)
    if found is None or not found.is_multicast:
        raise ValueError(f"{shown(written)} is no multicast address, such as 224.0.0.81 (RFC 5771)")
    return found


def netmask(value: object) -> str:
    """A mask of IPv4 addresses, ones and then zeros; of IPv6 addresses the length of a prefix.

    `lvsnet.lab.checks.balancing` knows of which family they are.
    """
    written = _word(value, "a mask such as 255.255.255.0")
    length = re.fullmatch(r"/?([0-9]{1,3})", written)
    if length and 1 <= int(length[1]) <= 128:
        return length[1]
    try:
        bits = int(IPv4Address(written))
    except AddressValueError:
        raise ValueError(
            f"{shown(written)} is neither a mask such as 255.255.255.0 nor, for IPv6, the length of"
            " a prefix"
        ) from None
    rest = bits ^ 0xFFFFFFFF
    if not bits or rest & (rest + 1):
        raise ValueError(f"{written} is not a mask: ones and then zeros, such as 255.255.255.0")
    return written


def _fits(length: str, least: int, most: int) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,3}", length)) and least <= int(length) <= most


def _dotted(written: str) -> bool:
    return bool(re.fullmatch(r"[0-9]+(\.[0-9]+)+", written))


def _word(value: object, what: str) -> str:
    if isinstance(value, str | Integer | Float):
        return text(value)
    raise ValueError(f"expected {what}, not {shown(value)}")
