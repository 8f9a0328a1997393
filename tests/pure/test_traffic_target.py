"""What somebody writes of a load, and what they are told when it is wrong."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.traffic.model import SCHEMES, Target
from lvsnet.traffic.target import parse, rate, size, sources

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,9}[a-z0-9](\.[a-z][a-z0-9]{1,5})?", fullmatch=True)
HOSTS = st.ip_addresses().map(str).filter(lambda one: "%" not in one) | NAMES
PATHS = st.from_regex(r"/[!-\"$-~]{0,20}", fullmatch=True)


@given(st.sampled_from(SCHEMES), HOSTS, st.integers(1, 65535), PATHS)
def test_what_is_printed_reads_back(scheme: str, host: str, port: int, path: str) -> None:
    target = Target(scheme, host, port, path if scheme == "http" else "/")
    assert parse(str(target)) == target


@given(st.text(max_size=30))
def test_anything_is_a_target_or_refused_in_words(text: str) -> None:
    try:
        target = parse(text)
    except ValueError as error:
        assert str(error)  # noqa: PT017
    else:
        assert parse(str(target)) == target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("192.168.10.100", Target("http", "192.168.10.100", 80)),
        ("192.168.10.100:8080/a?b=c", Target("http", "192.168.10.100", 8080, "/a?b=c")),
        ("nginx01", Target("http", "nginx01", 80)),
        ("http://192.168.10.100", Target("http", "192.168.10.100", 80, "/")),
        ("HTTP://nginx01/x", Target("http", "nginx01", 80, "/x")),
        ("http://nginx01/http://x", Target("http", "nginx01", 80, "/http://x")),
        ("nginx01/http://x", Target("http", "nginx01", 80, "/http://x")),
        ("tcp://192.168.10.100:3306", Target("tcp", "192.168.10.100", 3306)),
        ("udp://[2001:db8::1]:53", Target("udp", "2001:db8::1", 53)),
        ("2001:db8::1", Target("http", "2001:db8::1", 80)),
        ("http://[2001:db8::1]/x", Target("http", "2001:db8::1", 80, "/x")),
    ],
)
def test_targets(text: str, target: Target) -> None:
    assert parse(text) == target


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no host"),
        ("http://", "names no host"),
        ("/path", "names no host"),
        ("https://192.168.10.100/", "not encrypted"),
        ("ftp://192.168.10.100/", "there is no ftp://"),
        ("tcp://192.168.10.100", "tcp://192.168.10.100:PORT"),
        ("udp://192.168.10.100:53/x", "has no path"),
        ("192.168.10.300", "192.168.10.300 is no IPv4 address"),
        ("http://192.168.10.100:0/", "from 1 to 65535, not 0"),
        ("http://192.168.10.100:/", "not nothing"),
        ("http://192.168.10.100:http/", "not http"),
        ("http://a b/", "neither an address nor"),
        ("http://web/a b", "no spaces"),
        ("http://web/ä", "%20"),
        ("http://web/a\r\nHost: x", "no spaces"),
        ("http://web/a#b", "#"),
        ("http://me@web/", "no user"),
        ("http://[web]/", "[2001:db8::1]"),
        ("http://[::1]80/", "[2001:db8::1]"),
        ("http://[::1/", "[2001:db8::1]"),
        ("fe80::1%eth1", "port"),
    ],
)
def test_no_targets(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        parse(text)


@pytest.mark.parametrize(
    ("text", "found"), [("20/s", 20), ("20", 20), ("0.5/s", 0.5), ("90/min", 1.5), ("0", 0)]
)
def test_rates(text: str, found: float) -> None:
    assert rate(text) == found


@pytest.mark.parametrize("text", ["", "fast", "-1", "20/d", "1e3", "/s", "20 /s"])
def test_no_rates(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        rate(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [("500B", 500), ("10kB", 10_000), ("1.5MB", 1_500_000), ("64KiB", 65536), ("0B", 0)],
)
def test_sizes(text: str, found: int) -> None:
    assert size(text) == found


@pytest.mark.parametrize("text", ["", "10", "10k", "10KB", "-1kB", "1.5B", "1.0000001kB"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(ValueError, match=r"size|bytes"):
        size(text)


def test_sources_are_addresses_and_those_of_prefixes() -> None:
    found = sources(["192.168.10.50", "192.168.10.48/30", "fd00::/127"])
    assert found == (
        "192.168.10.50", "192.168.10.48", "192.168.10.49", "192.168.10.51", "fd00::", "fd00::1",
    )  # fmt: skip
    assert sources([]) == ()


@pytest.mark.parametrize("text", ["nginx01", "192.168.10.1/24", "10.0.0.0/8", ""])
def test_what_is_no_source(text: str) -> None:
    with pytest.raises(ValueError, match=r"address"):
        sources([text])


def test_sctp_is_a_target_of_its_own() -> None:
    found = parse("sctp://192.168.10.100:9000")
    assert (found.protocol, str(found)) == ("sctp", "sctp://192.168.10.100:9000")
    assert parse("192.168.10.100").protocol == "tcp"
