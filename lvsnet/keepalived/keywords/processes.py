"""What of global_defs concerns keepalived's processes, its firewall rules, SNMP and D-Bus."""

from __future__ import annotations

from decimal import Decimal

from lvsnet.keepalived.keywords.making import (
    INT,
    UINT,
    alias,
    flag,
    keyword,
    many,
    number,
    optional,
    seconds,
    text,
    truth,
    used_first,
)
from lvsnet.keepalived.keywords.model import Argument, Integer, Keyword, Shape, Text, Time

_LONGEST_NAME = 15
"""Of a process (TASK_COMM_LEN); keepalived cuts off the rest."""
_CPUS = 1024
"""CPU_SETSIZE; keepalived's bound is the number of CPUs of its machine."""


def _process_name(name: str) -> Keyword:
    return keyword(name, Text(_LONGEST_NAME), means="Of a process, as ps shows it")


def _of_process(process: str) -> tuple[Keyword, ...]:
    limit = keyword(
        f"{process}_rlimit_rttime",
        Time(Decimal(1), Decimal(UINT), 0, "us"),
        means="CPU time without a system call, with real-time scheduling",
        default="10000",
    )
    return (
        number(f"{process}_priority", -20, 19, "nice(2) value of the process"),
        flag(f"{process}_no_swap", "Keep the process in memory"),
        number(f"{process}_rt_priority", 1, 99, "Real-time priority of the process"),
        many(f"{process}_cpu_affinity", Integer(0, _CPUS - 1), "CPUs that the process may use"),
        limit,
        alias(limit, f"{process}_rlimit_rtime"),
    )


def _buffers(name: str) -> tuple[Keyword, Keyword]:
    return (
        number(f"{name}_rcv_bufs", 0, UINT, "Receive buffer of a netlink socket, bytes"),
        truth(f"{name}_rcv_bufs_force", "Although it is above net.core.rmem_max"),
    )


PROCESSES = (
    flag("process_names", "Name the processes keepalived_vrrp and so on"),
    _process_name("process_name"),
    _process_name("vrrp_process_name"),
    _process_name("checker_process_name"),
    alias(_process_name("checker_process_name"), "lvs_process_name"),
    _process_name("bfd_process_name"),
    optional("max_auto_priority", Integer(-1, 99), "Bound of real-time priority under load", "0"),
    keyword(
        "min_auto_priority_delay",
        Time(Decimal(1), Decimal(10_000_000), 0, "us"),
        means="How late a timer must be to raise it",
        default="1000000",
    ),
    *_of_process("vrrp"),
    *_of_process("checker"),
    *_of_process("bfd"),
    *_buffers("vrrp_netlink_cmd"),
    *_buffers("vrrp_netlink_monitor"),
    *_buffers("lvs_netlink_cmd"),
    *_buffers("lvs_netlink_monitor"),
    *_buffers("process_monitor"),
)

_NAMES = tuple(Argument(Text(30), optional=True) for _ in range(6))

FIREWALL = (
    Keyword(
        "vrrp_iptables",
        (Shape(_NAMES[:2]),),
        means="Use iptables: chains for incoming and for outgoing packets",
        used="first",
    ),
    Keyword("vrrp_ipsets", (Shape(_NAMES),), means="Use ipsets of these names; without one, none"),
    used_first(optional("nftables", Text(30), "Use nftables, in this table", "keepalived")),
    number("nftables_priority", -INT - 1, INT, "Of its chains", "-1"),
    flag("nftables_ifindex", "Sets have interfaces' numbers instead of their names"),
    flag("nftables_counters", "Rules have counters"),
    used_first(
        optional("nftables_ipvs", Text(30), "One mark for each virtual_server_group, by nftables")
    ),
    number("nftables_ipvs_priority", -INT - 1, INT, "Of its chains", "-1"),
    number("nftables_ipvs_start_fwmark", 1, UINT, "The first of these marks", "1000"),
)

_SNMP_VRRP = flag("enable_snmp_vrrp", "Answer for VRRP in keepalived's MIB")

SNMP = (
    used_first(text("snmp_socket", "Of the master agent", "unix:/var/agentx/master")),
    flag("enable_traps", "Send traps"),
    _SNMP_VRRP,
    alias(_SNMP_VRRP, "enable_snmp_keepalived"),
    flag("enable_snmp_rfc", "Answer for the MIBs of RFC 2787 and RFC 6527"),
    flag("enable_snmp_rfcv2", "Answer for the MIB of RFC 2787"),
    flag("enable_snmp_rfcv3", "Answer for the MIB of RFC 6527"),
    flag("enable_snmp_checker", "Answer for IPVS in keepalived's MIB"),
    seconds("snmp_vs_stats_update_interval", "0.001", "30", 6, "Age of counters", "5"),
    seconds("snmp_rs_stats_update_interval", "0.001", "30", 6, "Age of counters", "5"),
    flag("enable_dbus", "Offer a D-Bus interface"),
    text("dbus_service_name", default="org.keepalived.Vrrp1"),
    text("dbus_no_interface_name", "Stands for an instance without an interface", "none"),
)
"""SNMP and D-Bus, which a keepalived may be built without; Debian's has both."""
