"""Addresses, and the networks that they are in as far as one can tell."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

_USUAL = {4: 24, 6: 64}


def network_of(address: IPAddress, prefix: int | None = None) -> IPNetwork:
    """The network of this size that an address is in; without a size /24 or /64."""
    bits = _USUAL[address.version] if prefix is None else prefix
    if isinstance(address, IPv4Address):
        return IPv4Network((int(address), bits), strict=False)
    return IPv6Network((int(address), bits), strict=False)


def prefix_of(address: IPAddress, length: int) -> tuple[int, int, int]:
    """A network as a key: version, length, and its prefix as a number."""
    return address.version, length, int(address) >> (address.max_prefixlen - length)


def address_of(text: str) -> IPAddress | None:
    """An address; keepalived takes a range's first (``192.168.10.100-110``). None for none."""
    try:
        return ip_address(text.partition("-")[0].partition("%")[0])
    except ValueError:
        return None
