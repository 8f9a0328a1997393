"""Directors of one VIP: they have to balance alike, and not over each other."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

MISSING = Rule(
    "virtual-server-missing",
    "error",
    "a machine that can hold a VIP lacks a virtual_server that another one has there: after a"
    " takeover nobody balances the service",
    "keepalived.conf(5), virtual_server",
    "write the same virtual servers on all directors",
)
DIFFERS = Rule(
    "virtual-server-differs",
    "warning",
    "directors have different settings for one virtual server: a takeover changes how clients are"
    " spread, or where they are sent",
    "keepalived.conf(5), virtual_server; ipvsadm(8)",
    "write the same on all directors",
)
REALS_DIFFER = Rule(
    "real-servers-differ",
    "warning",
    "directors have different real servers, or weights, for one virtual server: after a takeover"
    " some get no clients, or others than meant",
    "keepalived.conf(5), real_server",
    "write the same real servers and weights on all directors",
)
EACH_OTHER = Rule(
    "director-loop",
    "error",
    "two directors of a service are each other's real servers, with DR or TUN, and both balance:"
    " the backup gives a connection back, and so on until its packets' TTL is used up",
    "ip_vs_in_hook() of net/netfilter/ipvs/ip_vs_core.c;"
    " Documentation/networking/ipvs-sysctl.rst of Linux, backup_only",
    "let other machines serve; or set net.ipv4.vs.backup_only=1 and run sync daemons",
    "12-each-others-real-servers",
)
OWN_VIP = Rule(
    "real-server-is-vip",
    "error",
    "a real server's address is a VIP of the virtual server's own machine: it sends the clients"
    " back to itself",
    "ip_vs_in_hook() of net/netfilter/ipvs/ip_vs_core.c",
    "write the real server's own address",
)
NOBODYS = Rule(
    "vip-held-by-nobody",
    "warning",
    "a virtual_server's address is in no VRRP instance of its machine, which has instances: nobody"
    " answers ARP for it, unless something else puts the address there",
    "keepalived.conf(5), virtual_server and virtual_ipaddress",
    "add it to virtual_ipaddress, or correct the address",
)

SUBJECT = Subject("Directors", (MISSING, DIFFERS, REALS_DIFFER, EACH_OTHER, OWN_VIP, NOBODYS))
