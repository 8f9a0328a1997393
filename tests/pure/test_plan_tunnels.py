"""Method tun, and services whose real servers have different methods: plans, and their exports."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plans import below, compiled, content, node, paths, replaced
from test_export_topology import EXAMPLES, exported, plan_of
from test_export_vagrant import calls, machine

from lvsnet.lab.forwarding import end_of_tunnel
from lvsnet.lab.model_services import Tunnel
from lvsnet.observe.model import Address as Held
from lvsnet.observe.model import Node as SeenNode
from lvsnet.observe.model import Site
from lvsnet.plan.difference import Action, compare
from lvsnet.plan.model import OFF_WIRE, Address, Device, Plan, Unwrapping

SITE = """
name: site
segments: {front: 192.0.2.0/24, back: 10.0.0.0/24}
nodes:
  lb01: {role: director, interfaces: {front: 192.0.2.2}, routes: [{to: 10.0.0.0/8, via: 192.0.2.1}]}
  rs1: {role: realserver, interfaces: {back: 10.0.0.11}}
  rs2: {role: realserver, interfaces: {front: 192.0.2.12, back: 10.0.0.12}}
  rs3: {role: realserver, interfaces: {back: 10.0.0.13}}
vrrp: {VI_1: {segment: front, virtual_router_id: 1, addresses: [192.0.2.100], priority: {lb01: 9}}}
services:
  web: {address: 192.0.2.100, port: 80, method: tun, scheduler: rr, real_servers: [rs1]}
"""
GUE = "{type: gue, port: 7000, checksum: remcsum}"
RULES = "/etc/ipvsadm.rules"
KEEPALIVED = "/etc/keepalived/keepalived.conf"
MODULES = "/etc/modules-load.d/tunnel.conf"


def mixed() -> Plan:
    """A service whose method is dr, with a real server of each further kind."""
    others = f"rs2, {{node: rs1, method: tun}}, {{node: rs3, method: tun, tunnel: {GUE}}}"
    return compiled(replaced(SITE, ("method: tun", "method: dr"), ("[rs1]", f"[{others}]")))


def with_tunnel(tunnel: str) -> Plan:
    return compiled(replaced(SITE, ("method: tun,", f"method: tun, tunnel: {tunnel},")))


def test_a_real_server_behind_a_router_has_the_vip_at_the_end_of_the_tunnel() -> None:
    plan = compiled(SITE)
    assert [one.real_server for one in plan.listed] == ["10.0.0.11:80"]
    real_server = node(plan, "rs1")
    assert real_server.devices == (Device("tunl0", "ipip"),)
    assert real_server.addresses == (Address("tunl0", "192.0.2.100/32"),)
    # With 2 the larger value wins over all's 1, and is enough since the device has an address.
    assert ("net.ipv4.conf.tunl0.rp_filter", "2") in real_server.sysctls
    assert ("net.ipv4.conf.all.arp_ignore", "1") in real_server.sysctls
    assert node(plan, "lb01").devices == ()


def test_the_ways_of_keepalived_and_ipvsadm_to_say_a_tunnel() -> None:
    written = {
        "ipip": ("TUN", "-i -w 1"),
        "gre": ("TUN type gre nocsum", "-i -w 1 --tun-type gre --tun-nocsum"),
        "gue": (
            "TUN type gue port 6080 nocsum",
            "-i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum",
        ),
        GUE: (
            "TUN type gue port 7000 remcsum",
            "-i -w 1 --tun-type gue --tun-port 7000 --tun-remcsum",
        ),
    }
    for tunnel, (keepalived, ipvsadm) in written.items():
        conf = content(with_tunnel(tunnel), "lb01", KEEPALIVED)
        assert f"lb_kind {keepalived}" in below(conf, "virtual_server 192.0.2.100 80")
        static = replaced(SITE, ("method: tun,", f"method: tun, tunnel: {tunnel},"))
        static = replaced(static, ("scheduler:", "configured_by: ipvsadm, scheduler:"))
        assert content(compiled(static), "lb01", RULES).endswith(f"-r 10.0.0.11:80 {ipvsadm}\n")


@pytest.mark.parametrize(
    ("tunnel", "device", "modules", "ports"),
    [
        ("ipip", Device("tunl0", "ipip"), {"ipip"}, ()),
        ("gre", Device("gre0", "gre"), {"ip_gre"}, ()),
        (GUE, Device("tunl0", "ipip"), {"ipip", "fou"}, (Unwrapping(7000, "gue"),)),
    ],
)
def test_what_a_tunnel_needs_at_its_end(
    tunnel: str, device: Device, modules: set[str], ports: tuple[Unwrapping, ...]
) -> None:
    plan = with_tunnel(tunnel)
    assert node(plan, "rs1").devices == (device,)
    assert node(plan, "rs1").unwrapping == ports
    assert modules <= set(plan.kernel)
    lines = content(plan, "rs1", MODULES).splitlines()
    assert {line for line in lines if not line.startswith("#")} == modules
    netdevs = {path for path in paths(plan, "rs1") if path.endswith(".netdev")}
    assert netdevs == {f"/etc/systemd/network/50-gue{one.port}.netdev" for one in ports}


def test_each_real_server_has_what_its_own_method_needs() -> None:
    plan = mixed()
    on = {one.name: {address.interface for address in one.addresses} for one in plan.nodes}
    assert on == {"lb01": set(), "rs1": {"tunl0"}, "rs2": {"lo"}, "rs3": {"tunl0"}}
    assert node(plan, "rs1").unwrapping == ()
    conf = content(plan, "lb01", KEEPALIVED)
    service = "virtual_server 192.0.2.100 80"
    assert "lb_kind DR" in below(conf, service)
    assert below(conf, service, "real_server 192.0.2.12 80") == ["weight 1"]
    own = ["weight 1", "lvs_method TUN"]
    assert below(conf, service, "real_server 10.0.0.11 80") == own
    own = ["weight 1", "lvs_method TUN type gue port 7000 remcsum"]
    assert below(conf, service, "real_server 10.0.0.13 80") == own


def test_ipv6_outside_or_inside_has_its_own_devices() -> None:
    site = replaced(
        SITE,
        ("front: 192.0.2.0/24", "front: [192.0.2.0/24, 2001:db8::/64]"),
        ("back: 10.0.0.0/24", "back: [10.0.0.0/24, 2001:db8:1::/64]"),
        ("back: 10.0.0.11", "back: [10.0.0.11, 2001:db8:1::11]"),
        ("[rs1]", "[2001:db8:1::11]"),
    )
    assert node(compiled(site), "rs1").devices == (Device("ip6tnl0", "ip6tnl"),)
    gue = compiled(replaced(site, ("method: tun,", "method: tun, tunnel: gue,")))
    assert node(gue, "rs1").unwrapping == (Unwrapping(6080, "gue", 6),)
    six = replaced(
        site,
        ("addresses: [192.0.2.100]", "addresses: ['2001:db8::100']"),
        ("address: 192.0.2.100", "address: '2001:db8::100'"),
        ("[2001:db8:1::11]", "[10.0.0.11]"),
    )
    inside = node(compiled(six), "rs1")
    assert inside.devices == (Device("sit0", "sit"),)
    assert inside.addresses == (Address("sit0", "2001:db8::100/128"),)
    assert not [key for key, _ in inside.sysctls if "rp_filter" in key]


def test_who_has_the_vip_at_the_end_of_a_tunnel_does_not_hold_it() -> None:
    families = ((outside, inside) for outside in (4, 6) for inside in (4, 6))
    ends = {
        end_of_tunnel(Tunnel(type=kind), *each)
        for each in families
        for kind in ("ipip", "gue", "gre")
    }
    assert ends == OFF_WIRE - {"lo"}
    held = tuple(Held(end, "192.0.2.100/32") for end in ends)
    seen = SeenNode("rs1", "realserver", True, held, (), ())
    assert Site((seen,), ("192.0.2.100",)).holders("192.0.2.100") == []


def test_a_real_server_gets_another_tunnel_by_being_rebuilt() -> None:
    (change,) = [
        one for one in compare(compiled(SITE), with_tunnel("gre")).nodes if one.node == "rs1"
    ]
    assert change.action is Action.rebuild
    assert {"interface gre0, gre, is added", "interface tunl0, ipip, is removed"} <= {
        *change.reasons
    }
    (change,) = [
        one for one in compare(compiled(SITE), with_tunnel("gue")).nodes if one.node == "rs1"
    ]
    assert "its tunnels' UDP ports change" in change.reasons


def test_containerlab_makes_the_device_before_its_sysctls() -> None:
    text = next(file.content for file in exported(plan_of(EXAMPLES["gue"])) if "clab" in file.path)
    lines = text[text.index("nginx01:") :].splitlines()

    def place(piece: str) -> int:
        return next(number for number, line in enumerate(lines) if piece in line)

    order = (
        "ip link add tunl0 type ipip",
        "net.ipv4.conf.tunl0.rp_filter=2",
        "ip link set tunl0 up",
        "ip fou add port 6080 gue",
        "ip address replace 192.168.10.100/32 dev tunl0",
    )
    assert [place(piece) for piece in order] == sorted(map(place, order))


def test_a_virtual_machine_has_the_modules_before_the_sysctls() -> None:
    script = machine(plan_of(EXAMPLES["gue"]), "nginx01")["configure.sh"]
    assert script.index("modprobe ipip") < script.index("\nsysctl --system")
    assert "modprobe fou" in script
    waited = [words[1:] for words in calls(script, "wait_for")]
    assert ["has", "tunl0", "192.168.10.100/32"] in waited
    assert ["sh", "-c", "ip fou show | grep -q -w 'port 6080 gue'"] in waited


def test_a_plan_without_tunnels_says_nothing_of_them() -> None:
    plan = plan_of(EXAMPLES["dr"])
    assert all(one == replace(one, devices=(), unwrapping=()) for one in plan.nodes)
    assert not any(MODULES in paths(plan, one.name) for one in plan.nodes)
