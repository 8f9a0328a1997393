"""VRRP as the machines' keepalived.conf has it."""

from __future__ import annotations

import pytest
from plans import below, compiled, content, node, paths, replaced, statements

from lvsnet.errors import LvsnetError

SITE = """
name: site
segments: {front: 192.0.2.0/24, back: 10.0.0.0/24}
nodes:
  lb01: {role: director, interfaces: {front: 192.0.2.2, back: 10.0.0.2}}
  lb02: {role: director, interfaces: {back: 10.0.0.3, front: 192.0.2.3}}
  lb03: {role: director, interfaces: {front: 192.0.2.4}}
  rs1: {role: realserver, interfaces: {back: 10.0.0.11}}
  rs2: {role: realserver, interfaces: {back: 10.0.0.12}}
vrrp:
  VI_1:
    segment: front
    virtual_router_id: 1
    addresses: [192.0.2.100, 192.0.2.101/24]
    priority: {lb01: 150, lb02: 100}
  WEB: {segment: back, virtual_router_id: 2, addresses: [10.0.0.90], priority: {rs1: 8, rs2: 9}}
vrrp_script:
  chk: {script: /usr/bin/pgrep -x nginx, interval: 2s}
  idle: {script: /usr/bin/true}
services: {}
"""
PATH = "/etc/keepalived/keepalived.conf"
COMMANDS = {"script_user root", "enable_script_security"}


def conf(text: str, name: str = "lb01") -> str:
    return content(compiled(text), name, PATH)


def instance(setting: str, text: str = SITE) -> str:
    """The site with a further setting of VI_1."""
    return replaced(text, ("  WEB:", f"    {setting}\n  WEB:"))


def state(text: str, name: str, of: str = "VI_1") -> str:
    (found,) = (one for one in below(conf(text, name), f"vrrp_instance {of}") if "state" in one)
    return found.removeprefix("state ")


def test_an_address_has_its_prefix_length_and_interface() -> None:
    block = ("vrrp_instance VI_1", "virtual_ipaddress")
    assert below(conf(SITE), *block) == ["192.0.2.100/32 dev eth1", "192.0.2.101/24 dev eth1"]
    assert "192.0.2.100/32 dev eth2" in below(conf(SITE, "lb02"), *block)


def test_a_machine_has_the_instances_that_it_is_in() -> None:
    assert "vrrp_instance WEB" not in conf(SITE)
    assert "vrrp_instance VI_1" not in conf(SITE, "rs1")
    assert PATH not in paths(compiled(SITE), "lb03")


def test_a_real_server_runs_keepalived_after_nginx() -> None:
    nginx, keepalived = node(compiled(SITE), "rs1").daemons
    assert (nginx.name, keepalived.name) == ("nginx", "keepalived")
    assert nginx.stage < keepalived.stage
    assert "virtual_server" not in conf(SITE, "rs1")


def test_the_highest_priority_is_the_master() -> None:
    assert (state(SITE, "lb01"), state(SITE, "lb02")) == ("MASTER", "BACKUP")
    assert (state(SITE, "rs1", "WEB"), state(SITE, "rs2", "WEB")) == ("BACKUP", "MASTER")


@pytest.mark.parametrize(
    "setting", ["nopreempt: true", "authentication: {auth_type: AH, auth_pass: x}"]
)
def test_no_state_is_master_where_keepalived_would_clear_it(setting: str) -> None:
    text = instance(setting)
    assert (state(text, "lb01"), state(text, "lb02")) == ("BACKUP", "BACKUP")


def test_the_state_of_the_lab_file_wins() -> None:
    text = instance("state: {lb01: BACKUP, lb02: MASTER}")
    assert (state(text, "lb01"), state(text, "lb02")) == ("BACKUP", "MASTER")
    text = instance("state: {lb01: MASTER}\n    nopreempt: true")
    assert (state(text, "lb01"), state(text, "lb02")) == ("MASTER", "BACKUP")


def test_preemption() -> None:
    assert "nopreempt" in below(conf(instance("nopreempt: true")), "vrrp_instance VI_1")
    delayed = below(conf(instance("preempt_delay: 1500ms")), "vrrp_instance VI_1")
    assert "preempt_delay 1.5" in delayed
    assert "preempt" not in conf(SITE)


def test_authentication() -> None:
    text = instance("authentication: {auth_pass: 'a b#c'}")
    assert below(conf(text), "vrrp_instance VI_1", "authentication") == [
        "auth_type PASS",
        "auth_pass a b#c",
    ]
    assert "authentication" not in conf(SITE)


def test_unicast_peers_are_the_other_machines_of_the_instance() -> None:
    text = replaced(instance("unicast: true"), ("lb02: 100}", "lb02: 100, lb03: 50}"))
    block = "vrrp_instance VI_1"
    assert "unicast_src_ip 192.0.2.3" in below(conf(text, "lb02"), block)
    assert below(conf(text, "lb02"), block, "unicast_peer") == ["192.0.2.2", "192.0.2.4"]
    assert below(conf(text, "lb03"), block, "unicast_peer") == ["192.0.2.2", "192.0.2.3"]
    assert "unicast" not in conf(SITE)


def test_a_segment_is_tracked_by_the_machines_own_interface() -> None:
    text = instance("track_interface: [back]")
    assert below(conf(text), "vrrp_instance VI_1", "track_interface") == ["eth2"]
    assert below(conf(text, "lb02"), "vrrp_instance VI_1", "track_interface") == ["eth1"]


def test_a_script_is_there_where_it_is_watched() -> None:
    text = instance("track_script: [{script: chk, nodes: [lb02], weight: -60}]")
    assert "chk" not in conf(text)
    assert below(conf(text, "lb02"), "vrrp_instance VI_1", "track_script") == ["chk weight -60"]
    assert below(conf(text, "lb02"), "vrrp_script chk") == [
        "script /usr/bin/pgrep -x nginx",
        "interval 2",
        "fall 1",
        "rise 1",
    ]
    assert "idle" not in conf(text, "lb02")


def test_a_script_has_what_it_was_given() -> None:
    settings = (
        "interval: 500ms, timeout: 2s, weight: 20, fall: 3, rise: 2, user: nobody, init_fail: true"
    )
    text = instance("track_script: [chk]", replaced(SITE, ("interval: 2s", settings)))
    assert below(conf(text), "vrrp_script chk") == [
        "script /usr/bin/pgrep -x nginx",
        "interval 0.5",
        "timeout 2",
        "weight 20",
        "fall 3",
        "rise 2",
        "user nobody",
        "init_fail",
    ]
    assert below(conf(text), "vrrp_instance VI_1", "track_script") == ["chk"]


def test_a_weight_of_0_is_one_too() -> None:
    # It takes the place of the script's own.
    text = instance("track_script: [{script: chk, weight: 0}]")
    assert below(conf(text), "vrrp_instance VI_1", "track_script") == ["chk weight 0"]


@pytest.mark.parametrize(
    "setting",
    [
        "track_script: [chk]",
        "notify_master: /usr/bin/true",
        "notify_backup: /usr/bin/true",
        "notify_fault: /usr/bin/true",
        "notify_stop: /usr/bin/true",
        "notify: /usr/bin/true",
    ],
)
def test_script_security_is_where_commands_are(setting: str) -> None:
    text = instance(setting)
    assert set(below(conf(text), "global_defs")) >= COMMANDS
    assert not COMMANDS & set(below(conf(text, "rs1"), "global_defs"))


def test_a_watched_script_counts_only_where_it_is_watched() -> None:
    text = instance("track_script: [{script: chk, nodes: [lb02]}]")
    assert not COMMANDS & set(below(conf(text), "global_defs"))
    assert set(below(conf(text, "lb02"), "global_defs")) >= COMMANDS


def test_who_runs_scripts_and_how_safely_is_the_labs_choice() -> None:
    text = instance("notify: /usr/bin/true")
    text += "global_defs: {script_user: nobody, enable_script_security: false}\n"
    assert below(conf(text), "global_defs") == ["router_id lb01", "script_user nobody"]


def test_commands_are_written_whole() -> None:
    text = instance("notify_master: /usr/bin/logger -t vrrp 'now master'")
    assert "    notify_master \"/usr/bin/logger -t vrrp 'now master'\"\n" in conf(text)


def test_a_command_with_double_quotes_is_refused_with_a_way_out() -> None:
    with pytest.raises(LvsnetError, match=r"notify_master.*single quotes or \\x22"):
        compiled(instance('notify_master: /usr/bin/logger "now master"'))


GROUPED = replaced(
    SITE,
    (
        "vrrp_script:",
        """\
  BACK:
    segment: back
    virtual_router_id: 3
    addresses: [10.0.0.1]
    priority: {lb01: 150, lb02: 100}
vrrp_sync_group: {SITE: [VI_1, BACK]}
vrrp_script:""",
    ),
)


def test_a_sync_group_is_on_the_machines_of_its_instances() -> None:
    assert below(conf(GROUPED, "lb02"), "vrrp_sync_group SITE", "group") == ["VI_1", "BACK"]
    assert "vrrp_sync_group" not in conf(GROUPED, "rs1")


def test_a_group_has_on_each_machine_the_instances_that_it_has_there() -> None:
    text = replaced(GROUPED, ("[VI_1, BACK]", "[VI_1, WEB]"))
    assert below(conf(text), "vrrp_sync_group SITE", "group") == ["VI_1"]
    assert below(conf(text, "rs2"), "vrrp_sync_group SITE", "group") == ["WEB"]


def test_a_group_has_commands_of_its_own() -> None:
    text = replaced(
        GROUPED,
        ("[VI_1, BACK]}", "{group: [VI_1, BACK], notify: /usr/bin/true, notify_stop: /usr/bin/a}}"),
    )
    assert below(conf(text), "vrrp_sync_group SITE") == [
        "notify_stop /usr/bin/a",
        "notify /usr/bin/true",
    ]
    assert set(below(conf(text), "global_defs")) >= COMMANDS


def test_scripts_and_groups_stand_before_the_instances_that_use_them() -> None:
    blocks = dict.fromkeys(
        one[0] for one in statements(conf(instance("track_script: [chk]", GROUPED)))
    )
    assert [name.split()[0] for name in blocks] == [
        "global_defs",
        "vrrp_script",
        "vrrp_sync_group",
        "vrrp_instance",
        "vrrp_instance",
    ]
