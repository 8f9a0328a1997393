"""vrrp_instance, vrrp_sync_group and garp_group."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from lvsnet.keepalived.keywords.addresses import (
    VIRTUAL_IPADDRESS,
    VIRTUAL_IPADDRESS_EXCLUDED,
    VIRTUAL_ROUTES,
    VIRTUAL_RULES,
)
from lvsnet.keepalived.keywords.making import (
    INT,
    MICRO_S,
    UINT,
    alias,
    block,
    choice,
    command,
    entries,
    flag,
    given,
    holding,
    keyword,
    number,
    optional,
    seconds,
    truth,
    used_first,
    whole_seconds,
)
from lvsnet.keepalived.keywords.model import (
    Address,
    Argument,
    Block,
    Choice,
    Hardware,
    Integer,
    Interface,
    Keyword,
    Name,
    NewName,
    Option,
    Shape,
    Text,
    Time,
)
from lvsnet.keepalived.keywords.tracking import TRACKING

FILE = "vrrp/vrrp_parser.c"

_TTL = Integer(0, 255)
_LINK_GROUP = given("group", Text(), means="The interface group it is put into")
_LINK_NAME = given("name", Interface(), means="The interface's name")

_VMAC = Keyword(
    "use_vmac",
    (
        Shape(
            (Argument(Hardware(), optional=True), Argument(Interface(), optional=True),
             Argument(Hardware(), optional=True)),
            (Option("netlink_notify_msg"), _LINK_GROUP, _LINK_NAME),
        ),
    ),
    means="VIPs are on a macvlan with VRRP's own MAC address",
)  # fmt: skip
_IPVLAN = Keyword(
    "use_ipvlan",
    (
        Shape(
            (Argument(Address(prefix=True), optional=True), Argument(Interface(), optional=True),
             Argument(Address(prefix=True), optional=True)),
            (Option("bridge"), Option("private"), Option("vepa"), _LINK_GROUP, _LINK_NAME),
        ),
    ),
    means="VIPs are on an ipvlan",
    used="first",
)  # fmt: skip

_PEERS = entries(
    "unicast_peer",
    Shape((Argument(Address()),), (given("min_ttl", _TTL), given("max_ttl", _TTL))),
    means="Send adverts to these machines instead of multicast",
)

_GARP_TIME = Time(Decimal(0), Decimal(86400), 0)
_EXTRA = Keyword(
    "garp_extra_if",
    (
        Shape((Argument(_GARP_TIME),)),
        Shape((Argument(Choice(("all",))), Argument(_GARP_TIME))),
    ),
    means="How often to send ARPs for VIPs on other interfaces; 0 for never",
)
_EXPIRED = optional(
    "timer_expired_backup",
    Integer(1, 254),
    "When a timer is long overdue, be backup for once; the highest priority of the others",
)
AUTHENTICATION: Block = block(
    "authentication",
    FILE,
    "VRRP instance(s)",
    choice("auth_type", "PASS", "AH", means="A password in each advert, or a digest of it"),
    keyword("auth_pass", Text(8), means="The password"),
)

NOTIFICATIONS = (
    command("notify_master", "Run when it becomes master"),
    command("notify_backup", "Run when it becomes backup"),
    command("notify_fault", "Run when it goes into fault state"),
    command("notify_stop", "Run when keepalived ends"),
    command("notify", "Run at each change, with kind, name, state and priority behind it"),
)

VRRP_INSTANCE: Block = block(
    "vrrp_instance",
    FILE,
    "VRRP instance(s)",
    choice(
        "state", "MASTER", "BACKUP", means="At the start; all begin as backup", default="BACKUP"
    ),
    keyword("interface", Interface(), means="Where adverts are sent"),
    used_first(keyword("vrf", Interface(), means="A VRF instead of an interface")),
    number("virtual_router_id", 1, 255, "Names the instance on its segment"),
    number("priority", 1, 255, "The highest is master; 255 owns the addresses", "100"),
    seconds("advert_int", "0.01", "255", 6, "Between adverts; v2 whole seconds, v3 to 40.95", "1"),
    number("version", 2, 3, "Of VRRP; 3 with IPv6"),
    VIRTUAL_IPADDRESS,
    VIRTUAL_IPADDRESS_EXCLUDED,
    flag("no_virtual_ipaddress", "It has no VIPs, and should not"),
    flag("promote_secondaries", "Keep other addresses when a VIP goes (a sysctl)"),
    VIRTUAL_ROUTES,
    VIRTUAL_RULES,
    flag("native_ipv6", "IPv6, although no address says so"),
    _VMAC,
    flag("use_vmac_addr", "VIPs on other interfaces have VMACs too"),
    flag("vmac_xmit_base", "Adverts leave by the interface below the VMAC"),
    _IPVLAN,
    keyword("mcast_src_ip", Address(), means="Source of multicast adverts"),
    keyword("unicast_src_ip", Address(), means="Source of unicast adverts"),
    keyword("mcast_dst_ip", Address(multicast=True), means="The group that adverts go to"),
    flag("track_src_ip", "Without its source address it is in fault state"),
    _PEERS,
    flag("unicast_fault_no_peer", "Without peers it is in fault state, not multicast"),
    flag("check_unicast_src", "Take adverts from configured peers only"),
    number("unicast_ttl", 0, 255, "Of unicast adverts", "255"),
    optional("old_unicast_checksum", Choice(("never",)), "Of keepalived up to 1.3.6"),
    truth("v3_checksum_as_v2", "Leave the pseudo header out of VRRPv3's checksum for IPv4"),
    holding(keyword("authentication"), AUTHENTICATION, used="last"),
    flag("dont_track_primary", "Go on when its own interface is down"),
    *TRACKING,
    *NOTIFICATIONS,
    Keyword(
        "notify_deleted",
        (Shape((replace(command("").arguments[0], optional=True), *command("").arguments[1:])),),
        means="Tell that a reload took it out, which is else told as a fault; run this too",
        used="first",
        command=True,
    ),
    command("notify_master_rx_lower_pri", "Run when a master hears a lower priority"),
    truth("notify_priority_changes", "Tell FIFOs of changed priorities"),
    truth("smtp_alert", "Send mails of its changes"),
    flag("nopreempt", "A higher priority does not take over from a master"),
    replace(flag("preempt", "It does, as ever"), deprecated=True),
    seconds("preempt_delay", "0", "1000", 6, "Wait that long before taking over", "0"),
    truth("strict_mode", "Keep to the RFC; vrrp_strict unless given"),
    truth("skip_check_adv_addr", "Check the addresses of a master's first advert only"),
    flag("accept", "Take packets to VIPs"),
    flag("no_accept", "Drop packets to VIPs, unless the priority is 255"),
    number("down_timer_adverts", 1, 100, "Missed adverts until the master is down", "3"),
    truth("lower_prio_no_advert", "Do not answer an advert of lower priority"),
    truth("higher_prio_send_advert", "Answer one of higher priority before giving way"),
    truth("owner_ignore_adverts", "With priority 255 ignore adverts"),
    _EXPIRED,
    alias(_EXPIRED, "thread_timer_expired"),
    whole_seconds("garp_master_delay", "Second round of gratuitous ARPs as a master", "5"),
    number("garp_master_repeat", 1, UINT, "Gratuitous ARPs in a round", "5"),
    whole_seconds("garp_master_refresh", "How often a master sends them again", "0", high=UINT),
    number("garp_master_refresh_repeat", 1, UINT, "How many then", "1"),
    whole_seconds("garp_lower_prio_delay", "Second round after an advert of lower priority", "5"),
    number("garp_lower_prio_repeat", 0, INT, "How many then", "5"),
    _EXTRA,
    alias(_EXTRA, "vmac_garp_intvl"),
    number("kernel_rx_buf_size", 0, UINT, "Receive buffer of its socket, bytes"),
    number("debug", 0, 4, "Has no effect today"),
    replace(
        keyword("lvs_sync_daemon_interface", Interface()),
        deprecated=True,
        means="lvs_sync_daemon in global_defs has taken its place",
        used="first",
    ),
    replace(
        flag("linkbeat_use_polling", "linkbeat_interfaces has taken its place"), deprecated=True
    ),
)

VRRP_SYNC_GROUP: Block = block(
    "vrrp_sync_group",
    FILE,
    "VRRP synchronization group(s)",
    used_first(
        entries(
            "group",
            Shape((Argument(Name("vrrp_instance")),)),
            means="Its instances, which change together",
            several=True,
        )
    ),
    *TRACKING,
    *NOTIFICATIONS,
    truth("smtp_alert", "Send mails of its changes"),
    flag("sync_group_tracking_weight", "Allow weights of what its instances track"),
    replace(flag("global_tracking", "Tracking in the group has taken its place"), deprecated=True),
    truth("notify_priority_changes", "Tell FIFOs of changed priorities"),
)

GARP_GROUP: Block = block(
    "garp_group",
    FILE,
    "VRRP gratuitous ARP and unsolicited neighbour advert delay group(s)",
    seconds("garp_interval", "0", MICRO_S, 6, "Between two gratuitous ARPs"),
    seconds("gna_interval", "0", MICRO_S, 6, "Between two neighbour adverts"),
    keyword("interface", Interface(), means="One interface"),
    entries(
        "interfaces",
        Shape((Argument(Interface()),)),
        means="Several, which share the interval",
        several=True,
    ),
)

_NAMED = Shape((Argument(NewName()),))

ROOTS = (
    holding(
        Keyword("vrrp_sync_group", (_NAMED,), means="Instances that change together"),
        VRRP_SYNC_GROUP,
    ),
    holding(Keyword("vrrp_instance", (_NAMED,), means="A virtual router"), VRRP_INSTANCE),
    holding(Keyword("garp_group", means="Interfaces that send ARPs slowly"), GARP_GROUP),
)
