"""Strict mode, and advertisements to peers' addresses."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lint.instances import OWNER
from lvsnet.lint.model import Check, Finding
from lvsnet.lint.site import Site
from lvsnet.rules.modes import (
    NO_PEERS,
    NO_SOURCE,
    PEER_SELF,
    STRICT_REFUSES,
    STRICT_UNICAST,
    STRICT_UNREACHABLE,
    WITHOUT_EFFECT,
)

_FORBIDDEN = ("authentication", "preempt_delay", "down_timer_adverts", "no_virtual_ipaddress")


def strict(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        if one.strict is None:
            continue
        where = f"VRRP instance {one.name}"
        if one.peers:
            message = f"{where}: vrrp_strict and unicast_peer: keepalived ends, if it is not 2.3.3"
            yield Finding(STRICT_UNICAST.name, one.strict, message)
        accepts = one.version == 3 and one.written.all("accept")
        if one.vips and one.priority != OWNER and not accepts:
            message = f"{where}: with vrrp_strict its VIP {one.vips[0].address} does not answer"
            yield Finding(STRICT_UNREACHABLE.name, one.strict, message)
        for word in one.written.all(*_FORBIDDEN):
            message = f"{where}: {word.keyword} does not go with vrrp_strict"
            yield Finding(STRICT_REFUSES.name, word.place, message)
        if one.state is not None and one.master != (one.priority == OWNER):
            message = f"{where}: with vrrp_strict state MASTER is for priority 255, and only for it"
            yield Finding(STRICT_REFUSES.name, one.state.place, message)


def without_effect(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        lacking = {
            "unicast_ttl": "" if one.peers else "there is no unicast peer",
            "mcast_dst_ip": "its advertisements go to unicast peers" if one.peers else "",
            "timer_expired_backup": "" if one.nopreempt else "there is no nopreempt",
            "vmac_xmit_base": "" if one.written.all("use_vmac") else "there is no use_vmac",
            "owner_ignore_adverts": "" if one.priority == OWNER else "its priority is not 255",
            "track_src_ip": "" if one.source else "there is no mcast_src_ip or unicast_src_ip",
        }
        for word, reason in lacking.items():
            found = one.written.last(word)
            if found is not None and reason:
                message = f"VRRP instance {one.name}: {word} does nothing, as {reason}"
                yield Finding(WITHOUT_EFFECT.name, found.place, message)


def unicast(site: Site) -> Iterator[Finding]:
    for one in site.instances():
        if one.unicast is None:
            continue
        where = f"VRRP instance {one.name}"
        if not one.peers and not one.written.all("unicast_fault_no_peer"):
            yield Finding(NO_PEERS.name, one.unicast, f"{where}: there is no unicast peer")
        for peer in one.peers:
            if one.source is not None and peer.value == one.source.value:
                message = f"{where}: {peer.value} is its own unicast_src_ip"
                yield Finding(PEER_SELF.name, peer.place, message)
        if one.peers and one.source is None:
            yield Finding(NO_SOURCE.name, one.unicast, f"{where}: there is no unicast_src_ip")


CHECKS: tuple[Check, ...] = (strict, without_effect, unicast)
