"""Labs in which every keyword of keepalived's that a lab file takes is written once."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, JsonValue

from lvsnet.keepalived.keywords.model import (
    Address,
    Argument,
    Block,
    Choice,
    Command,
    CommandLine,
    Entries,
    Hardware,
    Hexadecimal,
    Host,
    Integer,
    Interface,
    Keyword,
    Name,
    Path,
    Regex,
    StatusCodes,
    Time,
    Truth,
    Value,
)
from lvsnet.lab.model import GlobalDefs, Lab
from lvsnet.lab.model_checks import BLOCKS, Check
from lvsnet.lab.model_services import RealServer, Service
from lvsnet.lab.model_vrrp import SyncGroup, VrrpInstance
from lvsnet.lab.settings import is_named
from lvsnet.lab.settings_model import keywords
from lvsnet.lab.settings_reading import current

NAMES = {
    "vrrp_script": "chk",
    "vrrp_track_process": "daemon",
    "track_file": "note",
    "bfd_instance": "peer",
    "track_group": "both",
    "vrrp_instance": "VI_1",
}
ROUTES: JsonValue = [
    "10.1.0.0/16 via 192.168.10.1 dev lan metric 5",
    {"10.2.0.0/16": {"via": "192.168.10.1", "dev": "lan", "table": "100", "mtu": 1400}},
    "unreachable 10.3.0.0/16 no_track",
]
RULES: JsonValue = [
    "from 10.1.0.0/16 table 100 preference 1000",
    "to 10.2.0.0/16 table 100 preference 1002",
]
ADDRESSES: JsonValue = [
    "192.168.10.120",
    {"192.168.10.121/24": {"dev": "lan", "scope": "link", "label": "eth1:x", "brd": "+"}},
    {"192.168.10.122": {"dev": "back", "no_track": True, "noprefixroute": True}},
]
BY_HAND: Mapping[str, JsonValue] = {
    # Of entries, which have options that exclude each other.
    "static_ipaddress": [{"192.168.10.130": {"dev": "lan", "track_group": "both"}}],
    "static_routes": ROUTES,
    "static_rules": RULES,
    "virtual_ipaddress_excluded": ADDRESSES,
    "virtual_routes": [{"10.4.0.0/16": {"via": "192.168.10.1", "dev": "lan"}}],
    "virtual_rules": ["from 10.4.0.0/16 table 100 preference 1001"],
    "unicast_peer": [{"192.168.10.99": {"min_ttl": 250, "max_ttl": 255}}],
    "interface_up_down_delays": ["back 100ms 1s"],
    "linkbeat_interfaces": ["back ETHTOOL"],
    "track_interface": [{"back": {"weight": 5}}],
    "garp_group": [{"garp_interval": "1ms", "gna_interval": "1ms", "interfaces": ["lan", "back"]}],
    "group": ["VI_1"],
    # Whose values have to fit each other, or the machine.
    "use_vmac": "vrrp.33",
    "notify_fifo": "/tmp/fifo",
    "vrrp_notify_fifo": "/tmp/vrrp-fifo",
    "lvs_notify_fifo": "/tmp/lvs-fifo",
    "vrrp_rx_bufs_policy": "MTU",
    "vrrp_garp_extra_if": "all 60s",
    "garp_extra_if": "60s",
    "process": "sleep 1000",
    "min_reply_length": 1,
    "max_reply_length": 9,
    "mcast_src_ip": "192.168.10.11",
    "unicast_src_ip": "192.168.10.11",
    "source_ip": "192.168.10.11",
    "neighbor_ip": {"lb01": "192.168.10.12"},
    "instance": "one",
    "umask": "022",
    "regex_stack": [1024, 65536],
    "iproute_usr_dir": "/usr/share/iproute2",
    "iproute_etc_dir": "/etc/iproute2",
    "config_save_dir": "/tmp/saved",
    "tmp_config_directory": "/tmp",
    "json_version": 2,
    # The machine has one processor.
    "vrrp_cpu_affinity": [0],
    "checker_cpu_affinity": [0],
    "bfd_cpu_affinity": [0],
}
LEFT = {
    # Instead of another one that is written.
    "neighbour_ip", "hoplimit", "use_ipvlan", "native_ipv6", "no_virtual_ipaddress", "no_accept",
    "vrf", "mcast_dst_ip", "promote_secondaries", "unicast_fault_no_peer", "interface",
    "strict_mode", "vrrp_strict", "passive", "multihop", "max_hops",
    # With a priority of 255, and with nopreempt, alone.
    "owner_ignore_adverts", "timer_expired_backup",
    # Not in Debian's build.
    "linkbeat_use_polling", "vrrp_iptables", "vrrp_ipsets",
}  # fmt: skip
"""What none of these labs has."""


def labs() -> dict[str, dict[str, JsonValue]]:
    """By their names; all have machine lb01 with eth1 and eth2."""
    return {
        "multicast": _lab(unicast=False),
        "unicast": _lab(unicast=True),
        "checkers": _checkers(),
    }


def _lab(*, unicast: bool) -> dict[str, JsonValue]:
    instance = _settings(VrrpInstance)
    of_unicast = {"unicast_peer", "unicast_src_ip", "check_unicast_src", "unicast_ttl",
                  "old_unicast_checksum"}  # fmt: skip
    of_multicast = {"mcast_src_ip", "use_vmac", "use_vmac_addr", "vmac_xmit_base"}
    for one in of_multicast if unicast else of_unicast:
        del instance[one]
    return {
        **_base(),
        **_settings(Lab),
        "global_defs": _settings(GlobalDefs),
        "vrrp_script": {"chk": {"script": "/usr/bin/true"}},
        "vrrp": {
            "VI_1": {**_instance(33, "192.168.10.100"), **instance},
            "VI_2": _instance(34, "192.168.10.101"),
        },
        "vrrp_sync_group": {"G": {"group": ["VI_1", "VI_2"], **_settings(SyncGroup)}},
        "services": {"web": {**_service(80), **_settings(Service)}},
    }


def _checkers() -> dict[str, JsonValue]:
    server = {"node": "web", **_settings(RealServer)}
    checks: list[JsonValue] = []
    for kind, block in BLOCKS.items():
        known = {key: one for key, one in keywords(Check).items() if block.keywords.get(key) == one}
        checks.append({"type": kind, **{key: _value(one) for key, one in known.items()}})
    return {
        **_base(),
        "bfd_instance": {"peer": {"neighbor_ip": {"lb01": "192.168.10.13"}}},
        "track_file": {"note": {"file": "/run/note", "init_file": 0}},
        "vrrp": {"VI_1": _instance(33, "192.168.10.100")},
        "services": {
            f"s{port}": {**_service(port), "real_servers": [{**server, "check": [check]}]}
            for port, check in enumerate(checks, 81)
        },
    }


def _base() -> dict[str, JsonValue]:
    return {
        "name": "settings",
        "segments": {"lan": "192.168.10.0/24", "back": "172.16.10.0/24"},
        "nodes": {
            "lb01": {
                "role": "director",
                "interfaces": {"lan": "192.168.10.11", "back": "172.16.10.11"},
            },
            "web": {"role": "realserver", "interfaces": {"lan": "192.168.10.13"}},
        },
    }


def _instance(router: int, address: str) -> dict[str, JsonValue]:
    return {
        "segment": "lan",
        "virtual_router_id": router,
        "addresses": [address],
        "priority": {"lb01": 150},
    }


def _service(port: int) -> dict[str, JsonValue]:
    return {"address": "192.168.10.100", "port": port, "method": "dr", "real_servers": ["web"]}


def _settings(of_model: type[BaseModel]) -> dict[str, JsonValue]:
    found = keywords(of_model).items()
    return {name: _value(one) for name, one in found if name not in LEFT}


def _value(keyword: Keyword) -> JsonValue:
    if keyword.name in BY_HAND:
        return BY_HAND[keyword.name]
    match keyword.block:
        case Block() as block:
            made = _block(block)
            return {NAMES[keyword.name]: made} if is_named(keyword) else made
        case Entries(shapes):
            return [" ".join(str(_word(one)) for one in shapes[0].arguments if not one.optional)]
        case None:
            words = [_word(one) for one in keyword.arguments if not one.optional]
            if not words:
                return True
            return words[0] if len(words) == 1 else words


def _block(block: Block) -> dict[str, JsonValue]:
    return {name: _value(block.keywords[name]) for name in current(block) if name not in LEFT}


def _word(argument: Argument) -> JsonValue:
    return _of(argument.values[0])


def _of(value: Value) -> JsonValue:
    match value:
        case Integer(low, high):
            return min(max(low, 3), high)
        case Time(low, high, _, unit):
            return f"{min(max(int(low), 2), int(high))}{unit}"
        case Truth():
            return True
        case Choice(words):
            return words[0]
        case Name(of):
            return NAMES[of]
        case Address(family, _, _, multicast):
            return ("ff02::19" if multicast else "fe80::1") if family == 6 else (
                "224.0.0.19" if multicast else "192.168.10.11"
            )  # fmt: skip
        case Interface():
            return "lan"
        case Hardware():
            return "02:00:00:00:00:01"
        case Host():
            return "192.168.10.10"
        case Path():
            return "/tmp/path"
        case Command() | CommandLine():
            return "/usr/bin/true"
        case Hexadecimal(digits):
            return "a" * (digits or 2)
        case Regex():
            return "^ok$"
        case StatusCodes():
            return "200-204"
        case _:
            return "root"
