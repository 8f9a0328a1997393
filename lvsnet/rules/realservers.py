"""Machines that answer for a VIP with DR or TUN: seen of labs, and of machines' directories."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

ARP_IGNORE = Rule(
    "arp-ignore",
    "error",
    "a real server has the VIP and answers ARP requests for it: clients go to it past the director,"
    " whose counters stand still",
    "Documentation/networking/ip-sysctl.rst of Linux, arp_ignore",
    "set net.ipv4.conf.all.arp_ignore=1",
    "01-no-arp-ignore",
)
ARP_ANNOUNCE = Rule(
    "arp-announce",
    "error",
    "a real server has the VIP and names it as the sender of its own ARP requests: its neighbours"
    " learn from these that the VIP is there",
    "Documentation/networking/ip-sysctl.rst of Linux, arp_announce",
    "set net.ipv4.conf.all.arp_announce=2",
    "02-no-arp-announce",
)
NO_VIP = Rule(
    "real-server-without-vip",
    "error",
    "a real server of DR or TUN does not have the VIP: it drops what the director sends, or sends"
    " it back where it forwards",
    "ip_route_input_slow() of net/ipv4/route.c; ipvsadm(8), --gatewaying",
    "put the VIP on lo, with prefix length 32",
    "03-vip-missing",
)
RP_FILTER = Rule(
    "tun-rp-filter",
    "error",
    "with TUN the reverse path filter is on where packets leave the tunnel: the way to their"
    " senders is not by the tunnel, so all of them are dropped; mode 2 drops them, too, unless the"
    " tunnel has an address",
    "Documentation/networking/ip-sysctl.rst of Linux, rp_filter; __fib_validate_source() of"
    " net/ipv4/fib_frontend.c",
    "set rp_filter=0 for all and for the tunnel, or put the VIP on the tunnel and set 2",
    "06-tun-rp-filter",
)

SUBJECT = Subject("Real servers of DR and TUN", (ARP_IGNORE, ARP_ANNOUNCE, NO_VIP, RP_FILTER))
