"""What keepalived leaves out of virtual servers, as something in the file is at odds."""

from __future__ import annotations

from lvsnet.rules.rule import Rule, Subject

MARK = Rule(
    "fwmark-ignored",
    "note",
    "a virtual server of a firewall mark has a protocol, or with DR or TUN a real server has a"
    " port: a mark has neither, and keepalived leaves them out",
    "validate_check_config() of keepalived/check/check_data.c",
    "take them out",
)
SERVER_GROUP = Rule(
    "server-group-entries",
    "error",
    "a virtual_server_group has no entries, or IPv4, IPv6 and marks without a family together:"
    " keepalived removes it; or a range that does not go upwards, or a network with bits beyond its"
    " length: it leaves that out",
    "alloc_vsg_entry() of keepalived/check/check_data.c; vsg_handler() of check_parser.c",
    "write its addresses; a range goes upwards, and a mark may name its family: fwmark 5 inet6",
)
TUNNEL = Rule(
    "tunnel-options",
    "error",
    "the options of lvs_method TUN do not go together: gue needs a port, no other type has one;"
    " ipip has no checksum, gre no remote one: keepalived uses ipip without options",
    "svr_forwarding_handler() of keepalived/check/check_parser.c; keepalived.conf(5), lvs_method",
    "write TUN type gue port 6080, TUN type gre or TUN alone",
)
CHECK_FAMILY = Rule(
    "check-address-family",
    "error",
    "connect_ip and bindto of a check are of two families: keepalived leaves the second one out,"
    " and asks another address, or from another one",
    "co_ip_handler() and co_srcip_handler() of keepalived/check/check_api.c",
    "write both of one family",
)
REPLY_LENGTH = Rule(
    "reply-length",
    "error",
    "min_reply_length of a UDP_CHECK is more than max_reply_length: the check always fails",
    "udp_check_end_handler() of keepalived/check/check_udp.c",
    "write a larger max_reply_length; without one it is 255",
)

SUBJECT = Subject(
    "What keepalived leaves out of services",
    (MARK, SERVER_GROUP, TUNNEL, CHECK_FAMILY, REPLY_LENGTH),
)
