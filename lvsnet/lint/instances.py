"""VRRP instances and their groups, as a site's machines have them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lvsnet.lint.addresses import IPAddress, IPNetwork, network_of
from lvsnet.lint.model import Given, Place
from lvsnet.lint.written import Written

OWNER = 255
"""The priority of the addresses' owner (RFC 3768, 5.3.4)."""
DEFAULT_PRIORITY = 100
DEFAULT_ADVERT_INT = 1.0


@dataclass(frozen=True)
class Vip:
    """An entry of ``virtual_ipaddress``."""

    address: IPAddress
    prefix: int | None
    """As written; None without one."""
    place: Place

    @property
    def network(self) -> IPNetwork:
        """The network that it is in, as far as one can tell: its prefix's, or else /24 or /64."""
        whole = self.address.max_prefixlen
        return network_of(self.address, None if self.prefix == whole else self.prefix)


@dataclass(frozen=True)
class Track:
    """An entry of a ``track_*`` block."""

    kind: str
    """``script``, ``interface``, ``file``, ``process`` or ``bfd``."""
    name: str
    weight: int | None
    """None when the entry has none of its own."""
    place: Place


@dataclass(frozen=True)
class Instance:
    """A ``vrrp_instance``."""

    name: str
    machine: str
    written: Written
    place: Place
    segment: str
    """Of a lab; empty where only the interface's name is known."""
    state: Given[str] | None
    interface: Given[str] | None
    router_id: Given[int] | None
    given_priority: Given[int] | None
    given_advert_int: Given[float] | None
    version: int
    """2 or 3; what is written nowhere is keepalived's default for the family."""
    version_place: Place | None
    auth_type: Given[str] | None
    auth_pass: Given[str] | None
    vips: tuple[Vip, ...]
    excluded: tuple[Vip, ...]
    nopreempt: Place | None
    strict: Place | None
    unicast: Place | None
    """Where the first word about unicast is."""
    peers: tuple[Given[IPAddress], ...]
    source: Given[IPAddress] | None
    """``unicast_src_ip`` or ``mcast_src_ip``"""
    tracks: tuple[Track, ...]

    @property
    def master(self) -> bool:
        """Whether it is written to be MASTER."""
        return self.state is not None and self.state.value == "MASTER"

    @property
    def priority(self) -> int:
        """What counts (``vrrp_complete_instance()`` of keepalived's vrrp.c)."""
        if self.given_priority is not None and 1 <= self.given_priority.value <= OWNER:
            return self.given_priority.value
        if self.given_priority is None and self.master:
            return OWNER
        return DEFAULT_PRIORITY

    @property
    def advert_int(self) -> float:
        """Seconds."""
        return DEFAULT_ADVERT_INT if self.given_advert_int is None else self.given_advert_int.value

    @property
    def authentication(self) -> tuple[str, str]:
        """Kind and password as packets have them; two empty strings for none."""
        kind = self.auth_type.value if self.auth_type else ""
        password = self.auth_pass.value if self.auth_pass else ""
        if kind not in ("PASS", "AH") or not password or self.version == 3 or self.strict:
            return "", ""
        octets = password.encode(errors="surrogateescape")[:8]
        return kind, octets.decode(errors="surrogateescape")

    @property
    def family(self) -> int:
        """4 or 6; 4 when it says nothing."""
        for vip in self.vips:
            return vip.address.version
        for peer in self.peers:
            return peer.value.version
        return 4

    @property
    def held(self) -> tuple[Vip, ...]:
        """All that come and go with it, whether advertisements carry them or not."""
        return (*self.vips, *self.excluded)

    @cached_property
    def addresses(self) -> frozenset[IPAddress]:
        """Those that advertisements carry."""
        return frozenset(vip.address for vip in self.vips)

    def at(self, given: Given[int] | Given[str] | Given[float] | None) -> Place:
        """Where a value is written, or else the instance."""
        return self.place if given is None else given.place


@dataclass(frozen=True)
class Group:
    """A ``vrrp_sync_group``."""

    name: str
    place: Place
    members: tuple[Given[str], ...]
    weights_allowed: bool
    """``sync_group_tracking_weight``"""
    tracks: tuple[Track, ...]
    written: Written
