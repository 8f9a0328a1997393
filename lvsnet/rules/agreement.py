"""What the machines of one virtual router have to say alike, or there are two masters."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

AUTH_DIFFERS = Rule(
    "auth-differs",
    "error",
    "machines of one virtual router authenticate differently: each throws the other's"
    " advertisements away, and both hold the VIP",
    "RFC 2338, 5.3.6 and 7.1; vrrp_check_packet() of keepalived/vrrp/vrrp.c",
    "write the same auth_type and auth_pass on all machines; 8 characters of it count",
    "07-authentication-differs",
)
ADVERT_INT_DIFFERS = Rule(
    "advert-int-differs",
    "error",
    "machines of one virtual router advertise at different intervals: by version 2 each throws"
    " the other's advertisements away, and both hold the VIP",
    "RFC 3768, 7.1; vrrp_check_packet() of keepalived/vrrp/vrrp.c",
    "write the same advert_int on all machines",
    "07-advert-int-differs",
)
ADVERT_INT_DIFFERS_3 = Rule(
    "advert-int-differs-v3",
    "note",
    "machines of one virtual router advertise at different intervals: version 3 allows it, and how"
    " long a takeover takes depends on who was master",
    "RFC 5798, 6.1, Master_Adver_Interval",
    "write the same advert_int on all machines",
)
UNICAST_ONE_SIDE = Rule(
    "unicast-one-side",
    "error",
    "one machine of a virtual router sends its advertisements to peers' addresses, another to the"
    " multicast group: neither takes the other's, and both hold the VIP",
    "keepalived.conf(5), unicast_peer; vrrp_check_packet() of keepalived/vrrp/vrrp.c",
    "write unicast_peer on all machines, or on none",
    "07-unicast-on-one-side",
)
UNICAST_NOT_MUTUAL = Rule(
    "unicast-not-mutual",
    "error",
    "a machine is no unicast peer of another one of its virtual router: it hears nothing of that"
    " one, and becomes master beside it, or takes the VIP from it whatever nopreempt says",
    "keepalived.conf(5), unicast_peer; RFC 3768, 6.4.2",
    "list on each machine the addresses of all others",
)
MULTICAST_DIFFERS = Rule(
    "multicast-group-differs",
    "error",
    "machines of one virtual router send to different multicast groups: neither hears the other,"
    " and both hold the VIP",
    "keepalived.conf(5), vrrp_mcast_group4 and mcast_dst_ip; RFC 3768, 5.2.2",
    "write the same group on all machines, or none: 224.0.0.18 is VRRP's",
)
NOPREEMPT_ONE_SIDE = Rule(
    "nopreempt-one-side",
    "note",
    "one machine of a virtual router has nopreempt and another not: it depends on which one comes"
    " back whether the VIP moves",
    "keepalived.conf(5), nopreempt; RFC 3768, 6.1, Preempt_Mode",
    "write nopreempt on all machines, with state BACKUP, or on none",
)

SUBJECT = Subject(
    "What machines of a virtual router have in common",
    (
        AUTH_DIFFERS,
        ADVERT_INT_DIFFERS,
        ADVERT_INT_DIFFERS_3,
        UNICAST_ONE_SIDE,
        UNICAST_NOT_MUTUAL,
        MULTICAST_DIFFERS,
        NOPREEMPT_ONE_SIDE,
    ),
)
