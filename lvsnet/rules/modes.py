"""Strict mode, and advertisements to peers' addresses."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

STRICT_UNREACHABLE = Rule(
    "strict-unreachable",
    "warning",
    "an instance has strict_mode, or vrrp_strict for all, and no accept with VRRP version 3: by"
    " the RFC a master that does not own the VIPs accepts no packets for them, so keepalived has"
    " all but ARP dropped: the VIPs are there and do not answer",
    "keepalived.conf(5), vrrp_strict and accept; RFC 5798, 6.1, Accept_Mode;"
    " vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "take vrrp_strict out; with version 3 accept in the instance does, too",
    "09-vrrp-strict",
)
STRICT_UNICAST = Rule(
    "strict-unicast",
    "error",
    "an instance has unicast peers and strict_mode, or vrrp_strict for all: the RFC knows"
    " multicast alone, and keepalived ends; only 2.3.3 takes it, as it looks too early for peers",
    "RFC 3768, 5.2.2; vrrp_complete_instance() of keepalived/vrrp/vrrp.c",
    "take vrrp_strict out",
)
STRICT_REFUSES = Rule(
    "strict-ignored",
    "warning",
    "an instance has strict_mode, or vrrp_strict for all, and what the RFC does not know:"
    " keepalived leaves that out",
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

SUBJECT = Subject(
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
)
