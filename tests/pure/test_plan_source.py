"""labs/source-vrrp.yaml gives the exercise's public files, equal in meaning, at their paths."""

from __future__ import annotations

import shlex

import pytest
from plans import below, compiled, content, paths, statements
from ruamel.yaml import YAML

from lvsnet.plan.model import Plan
from lvsnet.resources import example_labs

DIRECTORS = {"lb01": ("MASTER", 100), "lb02": ("BACKUP", 50)}
"""State and priority in VI_1."""
REAL_SERVERS = {
    "nginx01": {"NGINX_01": 100, "NGINX_02": 50},
    "nginx02": {"NGINX_01": 50, "NGINX_02": 100},
}
"""Priorities."""
ADDRESSES = {"NGINX_01": (20, "192.168.10.90/24"), "NGINX_02": (30, "192.168.10.91/24")}
"""virtual_router_id and address."""
HOMES = {"NGINX_01": "nginx01", "NGINX_02": "nginx02"}
"""The machine whose first home an instance is."""

KEEPALIVED = "/etc/keepalived/keepalived.conf"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compiled(example_labs()["source-vrrp"].read_text())


def settings(lines: list[str]) -> dict[str, str]:
    return {key: value for key, _, value in (line.partition(" ") for line in lines)}


def plain_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("name", DIRECTORS)
def test_directors_have_one_vrrp_instance_and_nothing_else(plan: Plan, name: str) -> None:
    conf = content(plan, name, KEEPALIVED)
    state, priority = DIRECTORS[name]
    instance = "vrrp_instance VI_1"
    assert settings(below(conf, instance)) == {
        "state": state,
        "interface": "eth1",
        "virtual_router_id": "10",
        "priority": str(priority),
        "advert_int": "1",
    }
    assert settings(below(conf, instance, "authentication")) == {
        "auth_type": "PASS",
        "auth_pass": "netology_secret",
    }
    assert below(conf, instance, "virtual_ipaddress") == ["192.168.10.100/32 dev eth1"]
    assert {one[0] for one in statements(conf)} == {"global_defs", instance}


@pytest.mark.parametrize("name", DIRECTORS)
def test_directors_have_static_rules(plan: Plan, name: str) -> None:
    rules = [shlex.split(line) for line in plain_lines(content(plan, name, "/etc/ipvsadm.rules"))]
    service = ["-t", "192.168.10.100:80"]
    assert rules == [
        ["-A", *service, "-s", "rr"],
        ["-a", *service, "-r", "192.168.10.90:80", "-g", "-w", "1"],
        ["-a", *service, "-r", "192.168.10.91:80", "-g", "-w", "1"],
    ]


@pytest.mark.parametrize("name", DIRECTORS)
def test_the_rules_are_loaded_when_a_director_starts(plan: Plan, name: str) -> None:
    lines = plain_lines(content(plan, name, "/etc/default/ipvsadm"))
    words = (word for line in lines for word in shlex.split(line))
    assert dict(word.split("=") for word in words) == {
        "AUTO": "true",
        "DAEMON": "none",
        "IFACE": "eth1",
    }


@pytest.mark.parametrize("name", REAL_SERVERS)
@pytest.mark.parametrize("instance", ADDRESSES)
def test_real_servers_have_an_address_each(plan: Plan, name: str, instance: str) -> None:
    conf = content(plan, name, KEEPALIVED)
    router_id, address = ADDRESSES[instance]
    at_home = HOMES[instance] == name
    block = f"vrrp_instance {instance}"
    assert settings(below(conf, block)) == {
        "state": "MASTER" if at_home else "BACKUP",
        "interface": "eth1",
        "virtual_router_id": str(router_id),
        "priority": str(REAL_SERVERS[name][instance]),
        "advert_int": "1",
    }
    assert below(conf, block, "virtual_ipaddress") == [f"{address} dev eth1"]
    tracked = [one[-1] for one in statements(conf) if one[:2] == (block, "track_script")]
    assert tracked == (["chk_nginx"] if at_home else [])


@pytest.mark.parametrize("name", REAL_SERVERS)
def test_real_servers_look_after_nginx(plan: Plan, name: str) -> None:
    script = settings(below(content(plan, name, KEEPALIVED), "vrrp_script chk_nginx"))
    assert "nginx" in script["script"]
    assert script["interval"] == "2"


@pytest.mark.parametrize("name", REAL_SERVERS)
def test_real_servers_have_the_vip_on_lo_and_keep_quiet_about_it(plan: Plan, name: str) -> None:
    netplan = YAML(typ="safe").load(content(plan, name, "/etc/netplan/50-lo_ipvs.yaml"))
    lo = netplan["network"]["ethernets"]["lo"]
    assert lo["addresses"] == [{"192.168.10.100/32": {"label": "ipvs"}}]
    lines = plain_lines(content(plan, name, "/etc/sysctl.d/10-ipvsadm.conf"))
    assert {tuple(map(str.strip, line.split("="))) for line in lines} == {
        ("net.ipv4.conf.all.arp_ignore", "1"),
        ("net.ipv4.conf.all.arp_announce", "2"),
    }


def test_no_machine_has_a_file_of_another_kind(plan: Plan) -> None:
    both = {"/etc/hosts", "/etc/hostname", "/etc/netplan/50-lvsnet.yaml", KEEPALIVED}
    nginx = {"/etc/nginx/nginx.conf", "/var/www/html/index.html"}
    for name in DIRECTORS:
        assert paths(plan, name) == both | {"/etc/ipvsadm.rules", "/etc/default/ipvsadm"}
    for name in REAL_SERVERS:
        assert paths(plan, name) == both | nginx | {
            "/etc/netplan/50-lo_ipvs.yaml",
            "/etc/sysctl.d/10-ipvsadm.conf",
        }
