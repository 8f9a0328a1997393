"""The table of keywords: what keepalived takes of a line, and what is said of what it does not."""

from __future__ import annotations

import pytest

from lvsnet.keepalived.keywords import FILE, find
from lvsnet.keepalived.keywords.model import Argument, Block, Entries, Keyword
from lvsnet.keepalived.keywords.values import Fault, entry_faults, faults, fits, wanted


def _faults(path: str, line: str) -> tuple[Fault, ...]:
    keyword = find(path.split())
    assert keyword is not None, path
    if isinstance(keyword.block, Entries):
        return entry_faults(keyword.name, keyword.block, line.split())
    return faults(keyword, [keyword.name, *line.split()])


FINE = [
    ("vrrp_instance", "VI_1"),
    ("vrrp_instance priority", "255"),
    ("vrrp_instance advert_int", "0.01"),
    ("vrrp_instance use_vmac", ""),
    ("vrrp_instance use_vmac", "vrrp.51 00:11:22:33:44 netlink_notify_msg group up name v1"),
    ("vrrp_instance notify_master", "/x user group"),
    ("vrrp_instance virtual_ipaddress", "10.0.0.1/24 dev eth0 label eth0:1 brd + no_track"),
    ("vrrp_instance virtual_routes", "src 10.0.0.1 to 10.1.0.0/24 via 10.0.0.2 dev eth1"),
    ("vrrp_instance virtual_routes", "blackhole 10.1.0.0/24"),
    ("vrrp_instance virtual_routes", "default via inet6 fe80::1 metric 5 mtu lock 1400"),
    ("vrrp_instance virtual_rules", "from 10.0.0.0/24 table 1 preference 9"),
    ("vrrp_instance track_script", "chk weight -253 reverse"),
    ("vrrp_sync_group group", "VI_1 VI_2"),
    ("vrrp_track_process process", "/usr/bin/x --with words"),
    ("global_defs lvs_sync_daemon", "eth0 VI_1 id 3"),
    ("global_defs lvs_sync_daemon", "eth0 ttl 3 id 3"),
    ("global_defs lvs_timeouts", "tcp 900 udp 300"),
    ("global_defs include_check", "read +match"),
    ("virtual_server", "10.0.0.1 80"),
    ("virtual_server", "fe80::1%eth0 80"),
    ("virtual_server", "fwmark 3"),
    ("virtual_server", "group web"),
    ("virtual_server protocol", "tcp"),
    ("virtual_server lb_kind", "TUN type gue port 6080 remcsum"),
    ("virtual_server persistence_granularity", "255.255.255.0"),
    ("virtual_server persistence_granularity", "64"),
    ("virtual_server_group", "10.0.0.1-20 80"),
    ("virtual_server_group", "10.0.0.0/24 80"),
    ("virtual_server_group", "fwmark 3 inet6"),
    ("virtual_server real_server HTTP_GET url status_code", "200 300-399"),
    ("virtual_server real_server UDP_CHECK require_reply", "0a xx 1F"),
]


@pytest.mark.parametrize(("path", "line"), FINE)
def test_what_keepalived_takes_is_fine(path: str, line: str) -> None:
    assert _faults(path, line) == ()


WRONG = [
    ("vrrp_instance", "", 1, "vrrp_instance lacks a value: a name"),
    ("vrrp_instance priority", "256", 1, "a whole number from 1 to 255"),
    ("vrrp_instance advert_int", "2s", 1, "seconds from 0.01 to 255, at most 6 decimals"),
    ("vrrp_instance advert_int", "0.0000001", 1, "at most 6 decimals"),
    ("vrrp_instance garp_master_delay", "0.5", 1, "a whole number"),
    ("vrrp_instance nopreempt", "yes", 1, "nopreempt takes no value, so not 'yes'"),
    ("vrrp_instance interface", "an-interface-too-long", 1, "at most 15 characters"),
    ("vrrp_instance smtp_alert", "maybe", 1, "smtp_alert cannot have 'maybe': it takes yes or no"),
    ("vrrp_instance authentication auth_pass", "123456789", 1, "text of at most 8 bytes"),
    ("vrrp_instance mcast_dst_ip", "10.0.0.1", 1, "an IP multicast address"),
    (
        "vrrp_instance virtual_ipaddress",
        "10.0.0.1/24 eth0",
        1,
        "has no option 'eth0': it knows dev",
    ),
    ("vrrp_instance virtual_ipaddress", "10.0.0.1/33", 0, "with or without a prefix length"),
    ("vrrp_instance virtual_routes", "default via 10.0.0.1 metric x", 4, "metric cannot be 'x'"),
    ("vrrp_instance track_script", "chk weight -300", 2, "from -253 to 253"),
    ("vrrp_instance track_script", "chk weight", 2, "weight lacks a value"),
    ("vrrp_script script", "/usr/bin/x --with words", 2, "script cannot have '--with'"),
    ("global_defs lvs_sync_daemon", "eth0 id 300", 3, "from 0 to 255"),
    ("virtual_server", "10.0.0.300 80", 1, "an IP address"),
    ("virtual_server", "fwmark x", 2, "from 0 to 4294967295"),
    ("virtual_server lb_kind", "dr", 1, "one of NAT, DR, TUN"),
    ("virtual_server lb_algo", "roundrobin", 1, "one of rr, wrr"),
    ("virtual_server persistence_granularity", "255.0.255.0", 1, "an IPv4 netmask"),
    ("virtual_server real_server HTTP_GET url digest", "abc", 1, "32 hexadecimal digits"),
    ("virtual_server real_server HTTP_GET url status_code", "200 399-300", 2, "200-299"),
]


@pytest.mark.parametrize(("path", "line", "word", "said"), WRONG)
def test_what_keepalived_does_not_take_is_said(path: str, line: str, word: int, said: str) -> None:
    found = _faults(path, line)
    assert [fault.word for fault in found] == [word]
    assert said in found[0].message


def _arguments(keyword: Keyword) -> list[Argument]:
    entries = keyword.block.shapes if isinstance(keyword.block, Entries) else ()
    shapes = (*keyword.shapes, *entries)
    return [
        argument
        for shape in shapes
        for arguments in (shape.arguments, *(option.arguments for option in shape.options))
        for argument in arguments
    ]


def _every(block: Block) -> list[Keyword]:
    inner = [one.block for one in block.keywords.values() if isinstance(one.block, Block)]
    return [*block.keywords.values(), *(one for each in inner for one in _every(each))]


def test_every_value_can_be_asked_and_told() -> None:
    for keyword in _every(FILE):
        for argument in _arguments(keyword):
            for value in argument.values:
                assert wanted(value)
                assert not fits(value, "") or value.__class__.__name__ == "Text"


def test_a_default_is_a_value() -> None:
    for keyword in _every(FILE):
        if keyword.default not in ("", "0", "delay_loop"):
            value = keyword.arguments[0].values[0]
            assert fits(value, keyword.default), (keyword.name, keyword.default)


def test_another_name_leads_to_a_keyword() -> None:
    def walk(block: Block) -> None:
        for keyword in block.keywords.values():
            assert not keyword.instead or keyword.instead in block.keywords, keyword.name
            if isinstance(keyword.block, Block):
                walk(keyword.block)

    walk(FILE)


@pytest.mark.parametrize("path", ["nothing", "vrrp_instance nothing", "vrrp_instance priority x"])
def test_what_keepalived_has_not_is_not_found(path: str) -> None:
    assert find(path.split()) is None
