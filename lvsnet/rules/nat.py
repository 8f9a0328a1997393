"""NAT: every answer has to go back through the director that has the VIP."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

GATEWAY_APART = Rule(
    "nat-gateway-apart",
    "warning",
    "a service's VIP and the VIP in its real servers' network, their gateway with NAT, are in no"
    " common sync group: when one of them moves alone, answers miss the director",
    "keepalived.conf(5), vrrp_sync_group",
    "put the two instances into one vrrp_sync_group, on all directors",
)
GATEWAY_FIXED = Rule(
    "nat-gateway-fixed",
    "warning",
    "with NAT several directors share a VIP, and none moves in the real servers' network: their"
    " gateway can only be one director's own address, so after a takeover answers miss the other",
    "ip_vs_out_hook() of net/netfilter/ipvs/ip_vs_core.c",
    "give the directors a VRRP instance in that network, in a sync group with the VIP's, and make"
    " its VIP the real servers' gateway",
)
ONE_NETWORK = Rule(
    "nat-one-network",
    "warning",
    "with NAT a real server is in the VIP's own network: answers to clients that are there, too, go"
    " round the director, and the client resets a connection that it knows nothing of",
    "ip_vs_out_hook() of net/netfilter/ipvs/ip_vs_core.c; RFC 9293, 3.10.7.1",
    "use DR, put the real servers into a network of their own, or give them a route to that network"
    " through the director, and set send_redirects=0 there",
    "05-nat-client-in-subnet",
)
NO_FORWARDING = Rule(
    "nat-ip-forward",
    "error",
    "with NAT a director does not forward (net.ipv4.ip_forward=0, or for IPv6"
    " net.ipv6.conf.all.forwarding=0): requests reach the real servers,"
    " answers are dropped, and connections stay in SYN_RECV",
    "Documentation/networking/ip-sysctl.rst of Linux, ip_forward",
    "set net.ipv4.ip_forward=1, or net.ipv6.conf.all.forwarding=1, on all directors",
    "04-nat-without-ip-forward",
)
RETURN_PATH = Rule(
    "nat-return-path",
    "error",
    "with NAT a real server's answers do not go through the director that holds the VIP: nobody"
    " puts the VIP back into them, and connections stay in SYN_RECV",
    "ip_vs_out_hook() of net/netfilter/ipvs/ip_vs_core.c",
    "make a VIP of the directors in that network the real servers' gateway",
    "04-nat-gateway-elsewhere",
)

SUBJECT = Subject("NAT", (GATEWAY_APART, GATEWAY_FIXED, ONE_NETWORK, NO_FORWARDING, RETURN_PATH))
