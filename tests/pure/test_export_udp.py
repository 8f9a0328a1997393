"""What the README of an export has one ask: a service that answers HTTP, and no datagrams."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lvsnet.compiled import compile_file
from lvsnet.export.request import Request, through_a_vip

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
