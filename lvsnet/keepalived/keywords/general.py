"""global_defs, and the keywords outside of any block that concern keepalived as a whole."""

from __future__ import annotations

from decimal import Decimal

from lvsnet.keepalived.keywords.making import (
    INT,
    MICRO_S,
    UINT,
    USER,
    alias,
    block,
    command,
    entries,
    flag,
    given,
    keyword,
    many,
    number,
    optional,
    path,
    seconds,
    text,
    truth,
    used_first,
    whole_seconds,
)
from lvsnet.keepalived.keywords.model import (
    Address,
    Argument,
    Block,
    Choice,
    Host,
    Integer,
    Interface,
    Keyword,
    Name,
    Option,
    Path,
    Shape,
    Text,
    Time,
    User,
)
from lvsnet.keepalived.keywords.processes import FIREWALL, PROCESSES, SNMP

FILE = "core/global_parser.c"
SECTION = "Global definitions"

_SYNC_ID = Integer(0, 255)
_TIMEOUT = Time(Decimal(0), Decimal(86400 * 31), 0)
_EXTRA_TIME = Time(Decimal(1), Decimal(86400), 0)

_SYNC_DAEMON = Shape(
    (Argument(Interface()), Argument(Name("vrrp_instance"), optional=True)),
    (
        given("inst", Name("vrrp_instance"), means="Be master where this instance is"),
        given("id", _SYNC_ID, means="The syncid"),
        given("maxlen", Integer(1, 65507), means="Longest packet, bytes"),
        given("port", Integer(1, 65535), means="UDP port, 8848 unless given"),
        given("ttl", Integer(1, 255)),
        given("group", Address(multicast=True), means="224.0.0.81 unless given"),
    ),
)
_MAIL = entries(
    "notification_email", Shape((Argument(Text()),)), means="Who gets mails", several=True
)

_MASTER_DELAY = whole_seconds(
    "vrrp_garp_master_delay", "Second round of gratuitous ARPs after becoming master", "5"
)
_EXTRA = Keyword(
    "vrrp_garp_extra_if",
    (
        Shape((Argument(_EXTRA_TIME),)),
        Shape((Argument(Choice(("all",))), Argument(_EXTRA_TIME))),
    ),
    means="How often to send ARPs for VIPs on other interfaces",
)

VRRP_DEFAULTS = (
    keyword(
        "vrrp_mcast_group4", Address(4, multicast=True), means="For VRRP", default="224.0.0.18"
    ),
    keyword("vrrp_mcast_group6", Address(6, multicast=True), means="For VRRP", default="ff02::12"),
    _MASTER_DELAY,
    number("vrrp_garp_master_repeat", 1, UINT, "Gratuitous ARPs in a round", "5"),
    whole_seconds(
        "vrrp_garp_master_refresh", "How often a master sends them again", "0", high=UINT
    ),
    number("vrrp_garp_master_refresh_repeat", 1, UINT, "How many then", "1"),
    whole_seconds(
        "vrrp_garp_lower_prio_delay",
        "Second round after an advert of lower priority; vrrp_garp_master_delay unless given",
    ),
    number(
        "vrrp_garp_lower_prio_repeat",
        0,
        INT,
        "Gratuitous ARPs after an advert of lower priority; vrrp_garp_master_repeat unless given",
    ),
    number("vrrp_down_timer_adverts", 1, 100, "Missed adverts until the master is down", "3"),
    seconds("vrrp_garp_interval", "0.000001", MICRO_S, 6, "Between two gratuitous ARPs", "0"),
    seconds("vrrp_gna_interval", "0.000001", MICRO_S, 6, "Between two neighbour adverts", "0"),
    truth("vrrp_min_garp", "One gratuitous ARP per address and no second round"),
    _EXTRA,
    alias(_EXTRA, "vrrp_vmac_garp_intvl"),
    truth("vrrp_lower_prio_no_advert", "Do not answer an advert of lower priority"),
    truth("vrrp_higher_prio_send_advert", "Answer one of higher priority before giving way"),
    number("vrrp_version", 2, 3, "The version of VRRP", "2"),
    flag("vrrp_check_unicast_src", "Take unicast adverts from configured peers only"),
    truth("vrrp_skip_check_adv_addr", "Check the addresses of a master's first advert only"),
    truth("vrrp_strict", "Keep to the RFC: no unicast, no authentication, no missing VIPs"),
    truth("v3_checksum_as_v2", "Leave the pseudo header out of VRRPv3's checksum for IPv4"),
    truth("vrrp_notify_priority_changes", "Tell FIFOs of changed priorities"),
    seconds("vrrp_startup_delay", "0.001", MICRO_S, 6, "Wait before any instance starts"),
    flag("log_unknown_vrids", "Log adverts of VRIDs that are not configured"),
    truth("vrrp_owner_ignore_adverts", "With priority 255 ignore adverts"),
    used_first(text("vmac_prefix", "First part of the names of VMAC interfaces", "vrrp")),
    used_first(text("vmac_addr_prefix", "The same for use_vmac_addr", "vrrp")),
    Keyword(
        "vrrp_rx_bufs_policy",
        (Shape((Argument((Choice(("MTU", "ADVERT"), True), Integer(0, UINT)), many=True),)),),
        means="Size of the sockets' receive buffers, or how it is reckoned",
    ),
    number("vrrp_rx_bufs_multiplier", 1, UINT, "By which the policy's size is multiplied", "3"),
    optional(
        "dynamic_interfaces",
        Choice(("allow_if_changes",)),
        "Interfaces need not be there at the start",
    ),
    keyword("default_interface", Interface(), means="Of static addresses", default="eth0"),
    flag("disable_local_igmp", "Send no IGMP reports for 224.0.0.0/24 (a sysctl)"),
    flag("no_email_faults", "No mails when an instance goes into fault state"),
    path("iproute_usr_dir", "Where iproute2 keeps its names of tables"),
    path("iproute_etc_dir", "Where the administrator's are"),
)

LVS_DEFAULTS = (
    Keyword(
        "lvs_timeouts",
        (
            Shape(
                options=(
                    Option("tcp", (Argument(_TIMEOUT),), "ESTABLISHED"),
                    Option("tcpfin", (Argument(_TIMEOUT),), "FIN_WAIT"),
                    Option("udp", (Argument(_TIMEOUT),)),
                )
            ),
        ),
        means="IPVS timeouts of connections; 0 leaves one as it is",
    ),
    flag("lvs_flush", "Empty the IPVS table at the start"),
    optional("lvs_flush_on_stop", Choice(("VS",)), "Empty it at the end, or take services out"),
    alias(optional("lvs_flush_on_stop", Choice(("VS",))), "lvs_flush_onstop"),
    Keyword(
        "lvs_sync_daemon",
        (_SYNC_DAEMON,),
        means="Run IPVS's sync daemons on an interface",
        used="first",
    ),
    truth("checker_log_all_failures", "Log each failed check, not the last one only"),
    truth("rs_init_notifies", "Run notify scripts of real servers for their first state too"),
    truth("no_checker_emails", "No mails of checkers"),
)

MAIL = (
    text("notification_email_from", "From whom mails come"),
    Keyword(
        "smtp_server",
        (Shape((Argument(Host()), Argument(Integer(1, 65535), optional=True))),),
        means="Which server takes the mails, and its port",
    ),
    text("smtp_helo_name", "Name for HELO; the machine's unless given"),
    whole_seconds("smtp_connect_timeout", "Of the connection to that server", "30", low=1),
    _MAIL,
    truth("smtp_alert", "Send mails, unless said otherwise further down"),
    truth("smtp_alert_vrrp", "Send mails of VRRP"),
    truth("smtp_alert_checker", "Send mails of checkers"),
)

SCRIPTS = (
    command("startup_script", "Run before anything else"),
    whole_seconds("startup_script_timeout", "It is killed after that", "10", low=1, high=1000),
    command("shutdown_script", "Run when all has ended"),
    whole_seconds("shutdown_script_timeout", "It is killed after that", "10", low=1, high=1000),
    Keyword(
        "script_user",
        (Shape((Argument(User()), USER[1])),),
        means="Who runs scripts that name no user",
    ),
    flag("enable_script_security", "Run no script that others than root may write to"),
    truth("use_symlink_paths", "Leave links in the paths of scripts as they are"),
    *(
        one
        for kind in ("", "vrrp_", "lvs_")
        for one in (
            Keyword(
                f"{kind}notify_fifo",
                (Shape((Argument(Path()), *USER)),),
                means="A FIFO that events are written to",
                used="first",
            ),
            command(f"{kind}notify_fifo_script", "Reads that FIFO, which is its last argument"),
        )
    ),
    flag("fifo_write_vrrp_states_on_reload", "Write states to FIFOs after a reload too"),
)

_CHECKS = tuple(
    sign + name
    for sign in ("", "+", "-")
    for name in ("read", "match", "wildcard_match", "brace_match")
)

CONFIGURATION = (
    Keyword(
        "include_check",
        (Shape((Argument(Choice(_CHECKS), optional=True, many=True),)),),
        means="What makes a missing included file fatal; all when nothing is named",
    ),
    number("random_seed", 0, UINT, "Of _RANDOM"),
    many("umask", Text(), "Of files that are made: octal, or bits such as IWGRP"),
    optional("reload_check_config", Path(), "Test before a reload; the log of that"),
    path("reload_time_file", "Holds the time of the next reload"),
    flag("reload_repeat", "Keep that file, and reload at its time each day"),
    optional("reload_file", Path(), "Is there as long as a reload is under way"),
    path("config_save_dir", "Where configurations and states are kept at reloads"),
    used_first(path("tmp_config_directory", "Where the copy is that all processes read")),
    truth("data_use_instance", "Put the instance's name into the names of dumped files"),
    path("state_dump_file"),
    path("stats_dump_file"),
    path("json_dump_file"),
    number("json_version", 1, 2, "The form of JSON dumps", "1"),
)

GLOBAL_DEFS: Block = block(
    "global_defs",
    FILE,
    SECTION,
    text("router_id", "The machine's name in messages and mails"),
    *MAIL,
    *VRRP_DEFAULTS,
    *LVS_DEFAULTS,
    *SCRIPTS,
    *FIREWALL,
    *PROCESSES,
    *SNMP,
    *CONFIGURATION,
)

OUTSIDE = (
    flag("linkbeat_use_polling", "Poll interfaces instead of listening to netlink"),
    used_first(text("net_namespace", "Run in this network namespace")),
    used_first(optional("net_namespace_ipvs", Text(), "IPVS is in this one; none: the default's")),
    flag("namespace_with_ipsets", "Use ipsets in a namespace on Linux before 3.13"),
    flag("use_pid_dir", "Put pid files into /run/keepalived"),
    used_first(text("instance", "This keepalived's name, among several on a machine")),
    whole_seconds("child_wait_time", "How long processes may take to end", "5", high=UINT),
)
"""Keywords of the file itself that are no blocks."""
