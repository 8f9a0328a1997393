"""Which virtual router an instance is: only seen with the configurations of all machines."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

ROUTER_ID_DIFFERS = Rule(
    "router-id-differs",
    "error",
    "machines have one VIP under different virtual_router_ids: none takes the others'"
    " advertisements for its own, and all of them hold the VIP",
    "RFC 3768, 5.3.3 and 7.1; vrrp_check_packet() of keepalived/vrrp/vrrp.c",
    "give the instances that share a VIP one virtual_router_id",
    "07-virtual-router-id-differs",
)
ROUTER_ID_CLASH = Rule(
    "router-id-clash",
    "error",
    "two clusters of one segment use the same virtual_router_id for different VIPs: each takes the"
    " other's master for its own, and the VIP of the lower priority never comes up",
    "RFC 3768, 5.3.3 and 6.4.2; keepalived.conf(5), virtual_router_id",
    "choose another virtual_router_id for one of them, on all its machines",
    "08-router-id-of-two-clusters",
)
VIPS_DIFFER = Rule(
    "vips-differ",
    "warning",
    "machines of one virtual router have different VIPs: after a takeover those that the new master"
    " does not list are on no machine, and keepalived complains of each other's advertisements",
    "RFC 3768, 7.1; vrrp_check_packet() of keepalived/vrrp/vrrp.c, vip_cnt",
    "list the same addresses on all machines; what does not fit goes into"
    " virtual_ipaddress_excluded, on all of them too",
)
PRIORITIES_EQUAL = Rule(
    "priorities-equal",
    "warning",
    "machines of one virtual router have the same priority: whoever is MASTER first keeps the VIP,"
    " of two at once the one with the higher address, and nobody has said which machine is meant",
    "RFC 3768, 6.4.2 and 6.4.3; vrrp_state_backup() and vrrp_state_master_rx() of"
    " keepalived/vrrp/vrrp.c",
    "give each machine its own priority",
)
OWNER_TWICE = Rule(
    "owner-twice",
    "error",
    "several machines have priority 255, which says that the VIP is their own address: each takes"
    " it when it starts as MASTER, keepalived calls that a configuration error, and all but one"
    " give way",
    "RFC 3768, 5.3.4 and 6.4.1; vrrp_state_master_rx() of keepalived/vrrp/vrrp.c",
    "write priorities from 1 to 254; state MASTER without any priority is 255, too",
)
MASTER_TWICE = Rule(
    "master-twice",
    "warning",
    "several machines of one virtual router are written as state MASTER: one of them does not"
    " become it, and the file does not say what happens",
    "keepalived.conf(5), state; RFC 3768, 6.4.1",
    "leave state MASTER to the machine with the highest priority",
)
VERSION_DIFFERS = Rule(
    "version-differs",
    "error",
    "machines of one virtual router speak different versions of VRRP: each throws the other's"
    " advertisements away, and both hold the VIP",
    "RFC 5798, 7.1; vrrp_check_packet() of keepalived/vrrp/vrrp.c",
    "write the same vrrp_version, or version, on all machines",
)
NAMES_EQUAL = Rule(
    "router-names-equal",
    "note",
    "machines have the same router_id in global_defs: mails and SNMP traps do not say whose they"
    " are",
    "keepalived.conf(5), router_id",
    "write the machine's name, or leave it out: the host's name is the default",
)

SUBJECT = Subject(
    "Which virtual router it is",
    (
        ROUTER_ID_DIFFERS,
        ROUTER_ID_CLASH,
        VIPS_DIFFER,
        PRIORITIES_EQUAL,
        OWNER_TWICE,
        MASTER_TWICE,
        VERSION_DIFFERS,
        NAMES_EQUAL,
    ),
)
