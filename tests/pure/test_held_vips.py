"""VIPs that advertisements do not carry are VIPs: for services, gateways, checks and the plan."""

from __future__ import annotations

from pathlib import Path

import pytest
from plans import content, node

from lvsnet.errors import LabFileError
from lvsnet.lab.held_vips import excluded, vip_holders, vips_of
from lvsnet.lab.ip_values import address
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.model import Plan

LAB = """\
name: small
segments: {{lan: [192.168.10.0/24, fd00:10::/64], back: 172.16.10.0/24}}
nodes:
  lb01: {{role: director, interfaces: {{lan: [192.168.10.11, fd00:10::11], back: 172.16.10.11}}}}
  lb02: {{role: director, interfaces: {{lan: [192.168.10.12, fd00:10::12], back: 172.16.10.12}}}}
  web: {{role: realserver, interfaces: {{lan: [192.168.10.13, fd00:10::13]}}}}
  inside: {{role: realserver, interfaces: {{back: 172.16.10.13}}}}
vrrp:
  VI_1:
    segment: lan
    virtual_router_id: 33
    priority: {{lb01: 150, lb02: 100}}
    {vips}
services:
  web: {{address: {asked}, port: 80, method: {method}, real_servers: [{real}]}}
"""
SIX = {"asked": "fd00:10::100", "method": "dr", "real": "web"}
GATEWAY = {"asked": "192.168.10.100", "method": "nat", "real": "inside"}
FORMS = (
    "[fd00:10::100]",
    "fd00:10::100",
    "[fd00:10::100/64 dev lan]",
    '[{"fd00:10::100/128": {dev: lan, no_track: true}}]',
    "{lb01: [fd00:10::100], lb02: fd00:10::100}",
    "[FD00:10:0:0::0100]",
)
"""Of one VIP."""


def lab(tmp_path: Path, vips: str, service: dict[str, str]) -> Path:
    path = tmp_path / "lab.yaml"
    path.write_text(LAB.format(vips=vips, **service))
    return path


def plan(path: Path) -> Plan:
    return compile_lab(load(path))


@pytest.mark.parametrize("form", FORMS)
def test_a_service_has_one_in_every_form(tmp_path: Path, form: str) -> None:
    vips = f"addresses: [192.168.10.100]\n    virtual_ipaddress_excluded: {form}"
    made = plan(lab(tmp_path, vips, SIX))
    assert [one.address for one in made.held] == ["192.168.10.100", "fd00:10::100"]
    assert [one.nodes for one in made.held] == [("lb01", "lb02")] * 2
    assert made.vrrp[0].addresses == ("192.168.10.100", "fd00:10::100")
    assert [one.address for one in node(made, "web").addresses] == ["fd00:10::100/128"]


def test_advertised_or_not_they_stand_on_an_interface(tmp_path: Path) -> None:
    vips = (
        "addresses: [192.168.10.100]\n"
        "    virtual_ipaddress_excluded: [fd00:10::100, {172.16.10.1/24: {dev: back, label: b}}]"
    )
    text = content(plan(lab(tmp_path, vips, SIX)), "lb02", "/etc/keepalived/keepalived.conf")
    assert "        fd00:10::100 dev eth1\n        172.16.10.1/24 dev eth2 label b\n" in text


@pytest.mark.parametrize(
    "vips",
    [
        "addresses: [192.168.10.100]\n    virtual_ipaddress_excluded: [172.16.10.1 dev back]",
        "addresses: [192.168.10.100, {172.16.10.1: {dev: back}}]",
    ],
)
def test_a_gateway_is_where_its_device_is(tmp_path: Path, vips: str) -> None:
    made = plan(lab(tmp_path, vips, GATEWAY))
    assert [one.via for one in node(made, "inside").routes] == ["172.16.10.1"]


def test_one_in_no_subnet_is_no_gateway(tmp_path: Path) -> None:
    vips = "addresses: [192.168.10.100]\n    virtual_ipaddress_excluded: [10.9.9.9 dev back]"
    with pytest.raises(LabFileError, match="has no way back to clients"):
        load(lab(tmp_path, vips, GATEWAY))


def test_one_of_some_machines_is_waited_for_on_none(tmp_path: Path) -> None:
    vips = "addresses: [192.168.10.100]\n    virtual_ipaddress_excluded: {lb02: [10.9.9.9]}"
    path = lab(tmp_path, vips, {**SIX, "asked": "192.168.10.100"})
    (instance,) = load(path).vrrp.values()
    assert [one.machines for one in excluded(instance)] == [("lb02",)]
    assert [one.address for one in plan(path).held] == ["192.168.10.100"]


def test_what_each_machine_is_given_by_its_name_is_one_vip(tmp_path: Path) -> None:
    form = "{lb01: [10.9.9.9, 10.9.9.8], lb02: [10.9.9.9]}"
    vips = f"addresses: [192.168.10.100]\n    virtual_ipaddress_excluded: {form}"
    made = load(lab(tmp_path, vips, {**SIX, "asked": "192.168.10.100"}))
    assert [(str(one.address), one.machines) for one in vips_of(made.vrrp["VI_1"])] == [
        ("192.168.10.100/32", ("lb01", "lb02")),
        ("10.9.9.9/32", ("lb01", "lb02")),
        ("10.9.9.8/32", ("lb01",)),
    ]
    assert vip_holders(made)[address("10.9.9.8")] == "VI_1"


SPREAD = """\
name: spread
segments: {lan: 192.168.10.0/29}
nodes:
  lb01: {role: director, interfaces: {lan: 192.168.10.1}}
  lb02: {role: director, interfaces: {lan: 192.168.10.2}}
vrrp:
  spread: {over: [lb01, lb02], addresses: 1}
  VI_1:
    segment: lan
    virtual_router_id: 3
    priority: {lb01: 150, lb02: 100}
    addresses: [{192.168.10.6: {dev: lan}}]
    virtual_ipaddress_excluded: [192.168.10.5/29 dev lan, {192.168.10.4: {dev: lan}}]
"""


def test_a_number_of_vips_goes_round_those_that_are_excluded(tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text(SPREAD)
    assert [str(vip.ip) for vip in load(path).vrrp["SPREAD_1"].addresses] == ["192.168.10.3"]
