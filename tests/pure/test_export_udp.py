"""What the README of an export has one ask: a service that answers HTTP, and no datagrams."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lvsnet.compiled import compile_file
from lvsnet.export.request import Request, through_a_vip
from lvsnet.resources import example_labs

LAB = Path(__file__).parent / "labs" / "udp-services.yaml"


def test_a_page_is_asked_of_the_first_service_by_tcp() -> None:
    plan = compile_file(LAB).plan
    udp = tuple(one for one in plan.listed if one.protocol == "udp")
    (tcp, *_) = [
        replace(one, service="192.0.2.100:81") for one in plan.listed if one.protocol == "tcp"
    ]
    found = through_a_vip(replace(plan, listed=(*udp, tcp)))
    assert found == Request("client", "http://192.0.2.100:81/")
    assert through_a_vip(replace(plan, listed=udp)) is None


def test_no_page_is_asked_of_a_name_server_or_of_an_ftp_server() -> None:
    for lab in ("udp-dns", "ftp"):
        plan = compile_file(example_labs()[lab]).plan
        named = [one for one in plan.listed if one.protocol == "tcp"]
        assert named
        assert through_a_vip(plan) is None
