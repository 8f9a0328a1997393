"""What a lab makes of its machines."""

from __future__ import annotations

import pytest
from plans import content, node, paths, replaced, to_lab
from ruamel.yaml import YAML

from lvsnet.errors import LvsnetError
from lvsnet.lab.model import Lab
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.model import Address, AddressHeld, RealServerListed, Route
from lvsnet.plan.sysctls import dotted

SITE = """
name: site
segments: {front: 192.0.2.0/24, back: 10.0.0.0/24}
nodes:
  client: {role: client, interfaces: {front: 192.0.2.1}}
  router: {role: router, interfaces: {back: 10.0.0.9, front: 192.0.2.9}}
  lb01: {role: director, interfaces: {front: 192.0.2.2, back: 10.0.0.2}}
  lb02: {role: director, interfaces: {front: 192.0.2.3, back: 10.0.0.3}}
  rs1: {role: realserver, interfaces: {back: 10.0.0.11}}
  rs2: {role: realserver, interfaces: {back: 10.0.0.12}}
vrrp:
  VI_1:
    segment: front
    virtual_router_id: 1
    addresses: [192.0.2.100, 192.0.2.101]
    priority: {lb01: 100, lb02: 150}
services:
  web:
    address: 192.0.2.100
    port: 80
    method: dr
    scheduler: rr
    real_servers: [rs1, rs2]
    check: {type: http, interval: 2s}
  tls: {address: 192.0.2.100, port: 443, method: dr, scheduler: sh, real_servers: [rs1]}
"""


def lab() -> Lab:
    return to_lab(SITE)


def changed(*changes: tuple[str, str]) -> Lab:
    return to_lab(replaced(SITE, *changes))


KEEPALIVED = "/etc/keepalived/keepalived.conf"


def test_a_real_server_has_the_vip_once_and_keeps_quiet_about_it() -> None:
    real_server = node(compile_lab(lab()), "rs1")
    assert real_server.addresses == (Address("lo", "192.0.2.100/32"),)
    assert real_server.sysctls == (
        ("net.ipv4.conf.all.arp_ignore", "1"),
        ("net.ipv4.conf.all.arp_announce", "2"),
        ("net.ipv4.conf.eth1.rp_filter", "2"),
    )


def test_direct_routing_needs_no_forwarding_on_the_director() -> None:
    plan = compile_lab(lab())
    assert node(plan, "lb01").sysctls == ()
    assert node(plan, "lb01").addresses == ()


def test_a_router_forwards() -> None:
    plan = compile_lab(lab())
    assert node(plan, "router").sysctls == (("net.ipv4.ip_forward", "1"),)
    assert "net.ipv4.ip_forward = 1\n" in content(plan, "router", "/etc/sysctl.d/50-lvsnet.conf")


def test_a_client_runs_nothing() -> None:
    client = node(compile_lab(lab()), "client")
    assert client.daemons == ()
    assert client.sysctls == ()


def test_interfaces_are_numbered_in_the_order_of_the_node() -> None:
    plan = compile_lab(lab())
    assert [(end.name, end.segment, end.addresses) for end in node(plan, "router").interfaces] == [
        ("eth1", "back", ("10.0.0.9/24",)),
        ("eth2", "front", ("192.0.2.9/24",)),
    ]


def test_real_servers_are_ready_before_directors_start() -> None:
    plan = compile_lab(lab())
    (nginx,) = node(plan, "rs1").daemons
    (keepalived,) = node(plan, "lb01").daemons
    assert nginx.stage < keepalived.stage
    assert nginx.listens == (80, 443)
    assert keepalived.pid_file == "/run/keepalived.pid"


def test_nginx_listens_where_its_services_are() -> None:
    plan = compile_lab(lab())
    assert "listen 443;" in content(plan, "rs1", "/etc/nginx/nginx.conf")
    assert "listen 443;" not in content(plan, "rs2", "/etc/nginx/nginx.conf")
    assert content(plan, "rs2", "/var/www/html/index.html") == "rs2\n"


def test_a_real_server_of_no_service_listens_on_80() -> None:
    plan = compile_lab(changed(("[rs1, rs2]", "[rs1]")))
    assert node(plan, "rs2").daemons[0].listens == (80,)
    assert node(plan, "rs2").addresses == ()


def test_where_the_users_nginx_listens_is_not_known() -> None:
    plan = compile_lab(
        changed(
            (
                "rs1: {role: realserver,",
                "rs1: {role: realserver, files: {/etc/nginx/nginx.conf: 'events {}'},",
            )
        )
    )
    assert node(plan, "rs1").daemons[0].listens == ()


def test_the_higher_priority_is_the_master() -> None:
    plan = compile_lab(lab())
    assert "state BACKUP" in content(plan, "lb01", KEEPALIVED)
    assert "state MASTER" in content(plan, "lb02", KEEPALIVED)


def test_keepalived_is_told_dr_in_capitals() -> None:
    # It takes any other word, dr too, for NAT.
    assert content(compile_lab(lab()), "lb01", KEEPALIVED).count("lb_kind DR\n") == 2


def test_only_a_service_with_a_check_starts_with_its_real_servers_out() -> None:
    conf = content(compile_lab(lab()), "lb01", KEEPALIVED)
    web, tls = conf.split("virtual_server ")[1:]
    assert "alpha" in web
    assert "HTTP_GET" in web
    assert "alpha" not in tls
    assert "HTTP_GET" not in tls


def test_a_path_that_keepalived_cannot_read_is_an_error() -> None:
    with pytest.raises(LvsnetError, match="double quote"):
        compile_lab(changed(("{type: http, interval: 2s}", "{type: http, path: '/\"a\"'}")))


def test_the_kernel_needs_the_schedulers_that_are_used() -> None:
    assert compile_lab(lab()).kernel == ("veth", "bridge", "ip_vs", "ip_vs_rr", "ip_vs_sh")


def test_the_kernel_needs_sctp_where_a_mark_is_for_it() -> None:
    marks = "fwmark: 1, marks: [{address: 192.0.2.100, protocol: sctp, ports: 9000}], method: dr"
    site = changed(("address: 192.0.2.100, port: 443, method: dr", marks))
    assert "sctp" in compile_lab(site).kernel


def test_a_real_server_listens_at_its_own_port_for_a_mark_that_is_for_all() -> None:
    marks = "fwmark: 1, marks: [{address: 192.0.2.100}], method: nat"
    site = changed(
        ("address: 192.0.2.100, port: 443, method: dr", marks),
        ("scheduler: sh, real_servers: [rs1]", "real_servers: [{node: rs2, port: 8080}]"),
    )
    (nginx,) = (one for one in node(compile_lab(site), "rs2").daemons if one.name == "nginx")
    assert nginx.listens == (80, 8080)


def test_a_lab_without_a_director_needs_no_ipvs() -> None:
    plan = compile_lab(
        to_lab("{name: a, segments: {lan: 10.0.0.0/8}, nodes: {h: {role: host, interfaces: {}}}}")
    )
    assert plan.kernel == ("veth", "bridge")
    assert paths(plan, "h") == {"/etc/hosts", "/etc/hostname"}


def test_the_site_is_up_when_vips_are_held_and_real_servers_listed() -> None:
    plan = compile_lab(lab())
    assert plan.held == (
        AddressHeld("192.0.2.100", ("lb01", "lb02")),
        AddressHeld("192.0.2.101", ("lb01", "lb02")),
    )
    # The backup director has the table too.
    assert {
        RealServerListed("lb01", "tcp", "192.0.2.100:80", "10.0.0.12:80"),
        RealServerListed("lb02", "tcp", "192.0.2.100:443", "10.0.0.11:443"),
    } < set(plan.listed)
    assert len(plan.listed) == 6


OWN = "director, files: {/etc/keepalived/keepalived.conf: own},"


def test_nothing_is_awaited_of_a_configuration_of_the_users_own() -> None:
    one = compile_lab(changed(("lb01: {role: director,", f"lb01: {{role: {OWN}")))
    assert {listed.node for listed in one.listed} == {"lb02"}
    assert one.held == compile_lab(lab()).held
    both = compile_lab(changed(("director,", OWN)))
    assert both.listed == ()
    assert both.held == ()


@pytest.mark.parametrize("own", [OWN, "director, keepalived: {content: own},"])
def test_a_configuration_of_the_users_own_is_run_as_it_is(own: str) -> None:
    plan = compile_lab(
        changed(("lb01: {role: director,", f"lb01: {{role: {own}"), ("{lb01: 100, ", "{"))
    )
    assert content(plan, "lb01", KEEPALIVED) == "own"
    assert node(plan, "lb01").daemons[0].name == "keepalived"


def test_the_schedulers_of_a_configuration_of_the_users_own_are_needed() -> None:
    text = (
        "virtual_server 192.0.2.9 80 {\\n    lb_algo mh\\n}\\n# lb_algo sed\\n  lvs_sched twos\\n"
    )
    own = f'director, keepalived: {{content: "{text}"}},'
    plan = compile_lab(
        changed(("lb01: {role: director,", f"lb01: {{role: {own}"), ("{lb01: 100, ", "{"))
    )
    used = {module.removeprefix("ip_vs_") for module in plan.kernel if "ip_vs_" in module}
    assert {"mh", "twos"} <= used
    assert "sed" not in used


def test_a_director_without_any_configuration_is_left_to_ipvsadm() -> None:
    plan = compile_lab(changed(("{lb01: 100, lb02: 150}", "{lb02: 150}")))
    assert KEEPALIVED not in paths(plan, "lb01")
    assert node(plan, "lb01").daemons == ()
    assert "ip_vs" in plan.kernel


def test_an_address_that_nobody_holds_is_an_error() -> None:
    with pytest.raises(LvsnetError, match=r"services\.tls: nobody holds 192\.0\.2\.200"):
        compile_lab(changed(("tls: {address: 192.0.2.100,", "tls: {address: 192.0.2.200,")))


def test_a_director_reaches_a_real_server_where_they_are_neighbours() -> None:
    plan = compile_lab(
        changed(
            ("front: 192.0.2.2, back: 10.0.0.2", "front: 192.0.2.2"),
            ("interfaces: {back: 10.0.0.11}", "interfaces: {back: 10.0.0.11, front: 192.0.2.11}"),
            ("[rs1, rs2]", "[rs1]"),
        )
    )
    assert "real_server 192.0.2.11 80 {" in content(plan, "lb01", KEEPALIVED)
    assert "real_server 10.0.0.11 80 {" in content(plan, "lb02", KEEPALIVED)
    assert RealServerListed("lb01", "tcp", "192.0.2.100:80", "192.0.2.11:80") in plan.listed
    assert RealServerListed("lb02", "tcp", "192.0.2.100:80", "10.0.0.11:80") in plan.listed


def test_a_real_server_out_of_reach_is_an_error() -> None:
    with pytest.raises(LvsnetError, match="node rs1 shares no segment with its director lb01"):
        compile_lab(changed((", back: 10.0.0.2}", "}")))


@pytest.mark.parametrize("path", ["/etc/hosts/more", "/etc/nginx"])
def test_a_file_beneath_a_file_is_an_error(path: str) -> None:
    with pytest.raises(LvsnetError, match=r"node rs1: .* is beneath /etc/"):
        compile_lab(
            changed(("rs1: {role: realserver,", f"rs1: {{role: realserver, files: {{{path}: x}},"))
        )


def test_the_users_file_wins() -> None:
    plan = compile_lab(
        changed(
            (
                "rs1: {role: realserver,",
                (
                    "rs1: {role: realserver, files: {/etc/hosts: mine, /etc/motd:"
                    " {content: hi, mode: 0600}},"
                ),
            )
        )
    )
    assert content(plan, "rs1", "/etc/hosts") == "mine"
    assert len(paths(plan, "rs1")) == len(node(plan, "rs1").files)
    assert {file.path: file.mode for file in node(plan, "rs1").files}["/etc/motd"] == 0o600


def test_the_users_sysctl_is_the_only_one_of_its_key() -> None:
    plan = compile_lab(
        changed(
            (
                "rs1: {role: realserver,",
                (
                    "rs1: {role: realserver, sysctls: {net.core.somaxconn: '9',"
                    " net/ipv4/conf/all/arp_ignore: '8'},"
                ),
            )
        )
    )
    # In the order in which a machine reads the files.
    assert node(plan, "rs1").sysctls == (
        ("net.ipv4.conf.all.arp_announce", "2"),
        ("net.ipv4.conf.eth1.rp_filter", "2"),
        ("net.core.somaxconn", "9"),
        ("net.ipv4.conf.all.arp_ignore", "8"),
    )
    assert "arp_ignore" not in content(plan, "rs1", "/etc/sysctl.d/10-ipvsadm.conf")
    assert "arp_ignore = 8\n" in content(plan, "rs1", "/etc/sysctl.d/50-lvsnet.conf")


def test_sysctls_of_ipvs_need_its_module_first() -> None:
    path = "/etc/modules-load.d/ipvs.conf"
    plan = compile_lab(
        changed(
            (
                "lb01: {role: director,",
                "lb01: {role: director, sysctls: {net/ipv4/vs/run_estimation: 0},",
            )
        )
    )
    assert content(plan, "lb01", path).splitlines()[-1] == "ip_vs"
    assert path not in paths(plan, "lb02")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("net.ipv4.ip_forward", "net.ipv4.ip_forward"),
        ("net/ipv4/ip_forward", "net.ipv4.ip_forward"),
        ("net.ipv4.conf.eth1/5.rp_filter", "net.ipv4.conf.eth1/5.rp_filter"),
        ("net/ipv4/conf/eth1.5/rp_filter", "net.ipv4.conf.eth1/5.rp_filter"),
    ],
)
def test_both_spellings_of_a_sysctl_are_one(written: str, key: str) -> None:
    assert dotted(written) == key


def test_a_name_leads_to_an_address_that_the_node_can_reach() -> None:
    plan = compile_lab(lab())
    lines = content(plan, "client", "/etc/hosts").splitlines()
    router = [line.split("\t")[0] for line in lines if line.endswith("\trouter")]
    assert router == ["192.0.2.9", "10.0.0.9"]


def test_commands_environment_and_capabilities_are_passed_on() -> None:
    plan = compile_lab(
        changed(
            (
                "client: {role: client,",
                (
                    "client: {role: client, exec: [echo a > /b, [ip, link]], env: {A: '1'},"
                    " capabilities: [sys_time], privileged: true,"
                ),
            )
        )
    )
    client = node(plan, "client")
    assert client.commands == (("sh", "-c", "echo a > /b"), ("ip", "link"))
    assert client.daemons == ()
    assert client.environment == (("A", "1"),)
    assert client.capabilities == ("CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_TIME")
    assert client.privileged


def test_netplan_has_what_the_engine_sets() -> None:
    plan = compile_lab(
        changed(
            ("back: 10.0.0.0/24", "back: {subnet: 10.0.0.0/24, mtu: 1400}"),
            (
                "rs1: {role: realserver,",
                (
                    "rs1: {role: realserver, routes: [{to: default, via: 10.0.0.9},"
                    " {to: 198.51.100.0/24, via: 10.0.0.2}],"
                ),
            ),
        )
    )
    assert node(plan, "rs1").routes == (
        Route("default", "10.0.0.9"),
        Route("198.51.100.0/24", "10.0.0.2"),
    )
    path = "/etc/netplan/50-lvsnet.yaml"
    assert {file.path: file.mode for file in node(plan, "rs1").files}[path] == 0o600
    assert YAML(typ="safe").load(content(plan, "rs1", path)) == {
        "network": {
            "version": 2,
            "ethernets": {
                "eth1": {
                    "mtu": 1400,
                    "addresses": ["10.0.0.11/24"],
                    "routes": [
                        {"to": "default", "via": "10.0.0.9"},
                        {"to": "198.51.100.0/24", "via": "10.0.0.2"},
                    ],
                },
            },
        }
    }
    path = "/etc/netplan/50-lo_ipvs.yaml"
    assert {file.path: file.mode for file in node(plan, "rs1").files}[path] == 0o600
    assert YAML(typ="safe").load(content(plan, "rs1", path)) == {
        "network": {
            "version": 2,
            "ethernets": {
                "lo": {
                    "match": {"name": "lo"},
                    "addresses": [{"192.0.2.100/32": {"label": "ipvs"}}],
                }
            },
        }
    }


def test_a_gateway_out_of_reach_is_an_error() -> None:
    with pytest.raises(LvsnetError, match=r"node rs1: the route to default goes via 192\.0\.2\.9"):
        compile_lab(
            changed(
                (
                    "rs1: {role: realserver,",
                    "rs1: {role: realserver, routes: [{to: default, via: 192.0.2.9}],",
                )
            )
        )
