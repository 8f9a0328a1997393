"""What results tell of a lab itself."""

from __future__ import annotations

import re

import pytest

from lvsnet.compiled import compile_file
from lvsnet.report import site
from lvsnet.resources import example_labs
from lvsnet.traffic.target import parse


@pytest.mark.parametrize(
    ("lab", "targets", "service"),
    [
        ("ipv6", ["http://[fd00:10::100]:8080/", "http://192.168.10.100/"], "inside"),
        ("ipv6", ["http://[fd00:10::11]/", "http://[fd00:10::100]/"], "web6"),
        ("ipv6", ["http://[fd00:10::11]/"], "web4"),
        ("ipv6", [], "web4"),
        ("fwmark", ["http://192.168.10.100:443/"], "shop"),
        ("udp-dns", ["udp://192.168.10.101:53"], "dns-without-ops"),
        ("udp-dns", ["tcp://192.168.10.100:53"], "dns-by-tcp"),
    ],
)
def test_the_picture_shows_the_way_that_requests_go(
    lab: str, targets: list[str], service: str
) -> None:
    plan = compile_file(example_labs()[lab]).plan
    drawn = site.of_plan(plan, [parse(one) for one in targets]).picture
    assert set(re.findall(r'data-service="([^"]*)"', drawn)) == {service}
