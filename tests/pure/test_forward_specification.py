"""``[HOST:]PORT:TARGET:PORT``, and what it means in a lab."""

from __future__ import annotations

import pytest

from lvsnet.errors import LvsnetError
from lvsnet.forwarding.specification import Forward, Route, parse, route
from lvsnet.observe.model import Address, Node, Site


@pytest.mark.parametrize(
    ("text", "forward"),
    [
        ("8080:192.168.10.100:80", Forward("127.0.0.1", 8080, "", "192.168.10.100", 80)),
        ("0:web:80", Forward("127.0.0.1", 0, "", "web", 80)),
        ("8080:dr/web:80", Forward("127.0.0.1", 8080, "dr", "web", 80)),
        ("localhost:8080:web:80", Forward("localhost", 8080, "", "web", 80)),
        ("*:8080:web:80", Forward("*", 8080, "", "web", 80)),
        (":8080:web:80", Forward("*", 8080, "", "web", 80)),
        ("[::1]:8080:[fd00::0:1]:80", Forward("::1", 8080, "", "fd00::1", 80)),
        ("8080:[fd00::1]:80", Forward("127.0.0.1", 8080, "", "fd00::1", 80)),
    ],
)
def test_what_an_argument_asks_for(text: str, forward: Forward) -> None:
    assert parse(text) == forward


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not"),
        ("8080", "is not"),
        ("8080:80", "is not"),
        ("8080::80", "is not"),
        ("8080:fd00::1:80", "an IPv6 address is in brackets"),
        ("8080:[fd00::1:80", "an IPv6 address is in brackets"),
        ("8080:[fd00::1]x:80", "is not"),
        ("1:2:3:4:5", "is not"),
        ("x:web:80", "'x' is no port, 0 to 65535"),
        ("-1:web:80", "'-1' is no port"),
        ("65536:web:80", "'65536' is no port"),
        ("8080:web:http", "'http' is no port, 1 to 65535"),
        ("8080:web:0", "'0' is no port, 1 to 65535"),
        ("8080:web:²", "is no port"),
    ],
)
def test_what_makes_no_sense_is_told(text: str, words: str) -> None:
    with pytest.raises(LvsnetError, match=words):
        parse(text)


def node(name: str, role: str, *addresses: str, running: bool = True) -> Node:
    held = (Address("lo", "127.0.0.1/8"), *(Address("eth1", one) for one in addresses))
    return Node(name, role, running, held, (), ())


SITE = Site(
    (
        node("lb01", "director", "192.168.10.11/24", "192.168.10.100/32"),
        node("gw", "router", "192.168.10.1/24"),
        node("c1", "client", "192.168.10.9/24", running=False),
        node("c2", "client", "192.168.10.10/24", "fd00::10/64", "fe80::1/64"),
    ),
    ("192.168.10.100",),
)


@pytest.mark.parametrize(
    ("text", "dialler", "expected"),
    [
        ("1:192.168.10.100:80", "", Route("c2", ("192.168.10.100",))),
        ("1:192.168.10.100:80", "lb01", Route("lb01", ("192.168.10.100",))),
        ("1:lb01:80", "", Route("lb01", ("127.0.0.1", "::1", "192.168.10.11"))),
        ("1:c2:80", "c2", Route("c2", ("127.0.0.1", "::1", "192.168.10.10", "fd00::10"))),
        ("1:lb01:80", "c2", Route("c2", ("192.168.10.11",))),
    ],
)
def test_where_it_is_connected_from_and_to(text: str, dialler: str, expected: Route) -> None:
    assert route(SITE, parse(text), dialler) == expected


def test_a_node_that_is_not_there_is_told_with_those_that_are() -> None:
    for text, dialler in (("1:web:80", ""), ("1:192.168.10.100:80", "web")):
        with pytest.raises(LvsnetError, match="no node web; it has lb01, gw, c1, c2"):
            route(SITE, parse(text), dialler)


def test_directors_are_not_connected_from_unasked() -> None:
    alone = Site((SITE.nodes[0],), SITE.vips)
    with pytest.raises(LvsnetError, match="--from NODE names another"):
        route(alone, parse("1:192.168.10.100:80"), "")
