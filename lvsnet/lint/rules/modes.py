"""Strict mode, and advertisements to peers' addresses."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lint.instances import OWNER
from lvsnet.lint.model import Family, Finding, Rule
from lvsnet.lint.site import Site

STRICT_UNREACHABLE = Rule(
    "strict-unreachable",
    "warning",
    "vrrp_strict is on: by the RFC a master that does not own the VIP accepts no packets for it, so"
    " keepalived has the firewall drop them: the VIP is there and does not answer",
    "RFC 3768, 6.4.3, Accept_Mode; keepalived.conf(5), vrrp_strict and accept",
    "take vrrp_strict out; with version 3 accept in the instance does, too",
    "09-vrrp-strict",
)
STRICT_UNICAST = Rule(
    "strict-unicast",
    "error",
    "vrrp_strict with unicast_peer, of which the RFC knows nothing: keepalived ends; only 2.3.3"
    " takes it, as it looks too early for peers",
    "RFC 3768, 5.2.2; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "take vrrp_strict out",
)
STRICT_REFUSES = Rule(
    "strict-ignored",
    "warning",
    "vrrp_strict is on, and the RFC does not know something that is written: keepalived leaves that"
    " out",
    "vrrp_complete_instance() of keepalived/vrrp/vrrp.c; RFC 3768",
    "take vrrp_strict out, or what it forbids",
)
NO_PEERS = Rule(
    "keepalived-unicast-peers",
    "error",
    "words about unicast, but no peers: keepalived sends to the multicast group",
    "vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "list the other machines in unicast_peer, or take the words out",
)
PEER_SELF = Rule(
    "unicast-peer-self",
    "warning",
    "a machine is its own unicast peer: it sends its advertisements to itself, too",
    "keepalived.conf(5), unicast_peer",
    "list only the other machines",
)
NO_SOURCE = Rule(
    "unicast-source-missing",
    "note",
    "unicast_peer without unicast_src_ip: advertisements come from the interface's first address,"
    " which may be none that the peers have listed",
    "keepalived.conf(5), unicast_src_ip",
    "write unicast_src_ip",
)
WITHOUT_EFFECT = Rule(
    "vrrp-without-effect",
    "warning",
    "an instance has a setting that does nothing without another one, or beside it: keepalived"
    " leaves it out",
    "vrrp_complete_instance() of keepalived/vrrp/vrrp.c; vrrp_end_handler() of vrrp_parser.c",
    "take it out, or write what it goes with",
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


FAMILY = Family(
    "Strict mode and unicast",
    (
        STRICT_UNREACHABLE,
        STRICT_UNICAST,
        STRICT_REFUSES,
        WITHOUT_EFFECT,
        NO_PEERS,
        PEER_SELF,
        NO_SOURCE,
    ),
    (strict, without_effect, unicast),
)
