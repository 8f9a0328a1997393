"""Virtual servers: what keepalived or the kernel refuses, or makes something else of."""

from __future__ import annotations

from lvsnet.keepalived.keywords.services import SCHEDULERS
from lvsnet.rules.rule import Rule, Subject

METHOD = Rule(
    "keepalived-forwarding-method",
    "error",
    "lb_kind is missing, or is none of NAT, DR and TUN, in capitals: keepalived uses NAT",
    "svr_forwarding_handler() of keepalived/check/check_parser.c; keepalived.conf(5), lvs_method",
    "write lb_kind DR, NAT or TUN; IPVS has no FULLNAT",
)
PROTOCOL = Rule(
    "protocol-missing",
    "error",
    "a virtual_server has no protocol: keepalived uses UDP, and TCP connections are refused",
    "validate_check_config() of keepalived/check/check_data.c",
    "write protocol TCP, UDP or SCTP",
)
SCHEDULER_MISSING = Rule(
    "scheduler-missing",
    "note",
    "a virtual_server has no scheduler: keepalived uses wlc",
    "validate_check_config() of keepalived/check/check_data.c; ipvsadm(8), --scheduler",
    "write lb_algo and the one that is meant",
)
SCHEDULER_UNKNOWN = Rule(
    "scheduler-unknown",
    "error",
    "there is no such scheduler: keepalived ignores the line, and uses wlc",
    "lbalgo_handler() of keepalived/check/check_parser.c; ipvsadm(8), --scheduler",
    "write one of the kernel's: " + ", ".join(SCHEDULERS),
)
FLAG = Rule(
    "scheduler-flag",
    "warning",
    "a flag belongs to another scheduler than the virtual server's, or stands before lb_algo:"
    " keepalived ignores it",
    "lbflags_handler() of keepalived/check/check_parser.c; ipvsadm(8), --sched-flags",
    "take it out, or write it below lb_algo sh or mh, whose it is",
)
OPS = Rule(
    "ops-not-udp",
    "error",
    "one-packet scheduling of a service that is not UDP: keepalived takes it out, since each packet"
    " of a connection would go to another real server",
    "ipvsadm(8), --ops; validate_check_config() of keepalived/check/check_data.c",
    "take ops out",
)
PORT_ZERO = Rule(
    "port-zero",
    "error",
    "a service of all ports without persistence: keepalived makes it persistent for 360 s, since"
    " the kernel takes it no other way",
    "ip_vs_add_service() of net/netfilter/ipvs/ip_vs_ctl.c;"
    " validate_check_config() of keepalived/check/check_data.c",
    "write the port, or persistence_timeout",
)
EMPTY = Rule(
    "virtual-server-empty",
    "error",
    "a virtual_server has no real servers: keepalived leaves it out",
    "vs_end_handler() of keepalived/check/check_parser.c",
    "write its real servers",
)
TWICE = Rule(
    "virtual-server-twice",
    "error",
    "one machine has two virtual servers of the same address, port and protocol: the kernel has"
    " one, with the settings of the first and the real servers of both, and keepalived counts"
    " quorum and takes away real servers for each alone",
    "ip_vs_genl_set_cmd() of net/netfilter/ipvs/ip_vs_ctl.c; ipvs_cmd() of"
    " keepalived/check/ipvswrapper.c",
    "put the real servers into one of the two",
)
REAL_TWICE = Rule(
    "real-server-twice",
    "error",
    "a real server is twice in a virtual_server: keepalived leaves out the second",
    "validate_check_config() of keepalived/check/check_data.c",
    "take one out; weight gives a real server more",
)
PORT = Rule(
    "dr-port",
    "error",
    "with DR a real server has another port than the service: packets arrive for the port that the"
    " client chose, and ipvsadm and keepalived put the service's port in its place",
    "ipvsadm(8), --real-server; validate_check_config() of keepalived/check/check_data.c",
    "write the virtual server's port, or use NAT",
)
TUN_PORT = Rule(
    "tun-port",
    "error",
    "with TUN a real server has another port than the service: packets leave the tunnel for the"
    " port that the client chose, and ipvsadm and keepalived put the service's port in its place",
    "ipvsadm(8), --real-server; validate_check_config() of keepalived/check/check_data.c",
    "write the virtual server's port, or use NAT",
)
FAMILY_DIFFERS = Rule(
    "real-server-family",
    "error",
    "a real server's address is of another family than the virtual server's, and its method is not"
    " TUN: keepalived leaves it out",
    "rs_end_handler() of keepalived/check/check_parser.c",
    "use TUN, or an address of the same family",
)
ADDRESS = Rule(
    "real-server-address",
    "error",
    "a real_server is no address: keepalived looks up no names, and leaves it out or ends",
    "keepalived.conf(5), real_server; alloc_rs() of keepalived/check/check_data.c",
    "write its address",
)
VS_MODULE = Rule(
    "ip-vs-not-loaded",
    "warning",
    "net.ipv4.vs.* is set when the machine starts, and ip_vs is not loaded by then: these"
    " parameters are not there yet, and nobody sets them later",
    "Documentation/networking/ipvs-sysctl.rst of Linux; modules-load.d(5), sysctl.d(5)",
    "write ip_vs into a file of /etc/modules-load.d; a container has no modules of its own, so load"
    " it on its host",
)
SUSPEND = Rule(
    "ha-suspend-fwmark",
    "warning",
    "ha_suspend for a firewall mark, which has no address that keepalived could look for: it takes"
    " ha_suspend out",
    "validate_check_config() of keepalived/check/check_data.c",
    "take it out",
)
IPVSADM = Rule(
    "ipvsadm-line",
    "error",
    "a line of ipvsadm's has an option that it does not know, that does not go with the line's"
    " command or that lacks its value: ipvsadm refuses the line, and what it should add is not"
    " there",
    "ipvsadm(8); parse_options() and generic_opt_check() of ipvsadm.c; popt(3)",
    "correct the option; ipvsadm -h names them all",
)

SUBJECT = Subject(
    "Virtual servers",
    (
        METHOD,
        PROTOCOL,
        SCHEDULER_MISSING,
        SCHEDULER_UNKNOWN,
        FLAG,
        OPS,
        PORT_ZERO,
        EMPTY,
        TWICE,
        REAL_TWICE,
        PORT,
        TUN_PORT,
        FAMILY_DIFFERS,
        ADDRESS,
        VS_MODULE,
        SUSPEND,
        IPVSADM,
    ),
)
