"""IPVS's connections, by the text of /proc/net/ip_vs_conn (net/netfilter/ipvs/ip_vs_conn.c)."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsnet.observe import states
from lvsnet.observe.states import Connection

HEAD = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
FOUR = "TCP C0A80A0A 9C40 C0A80A64 0050 C0A80A0D 0050 FIN_WAIT        113\n"
SIX = (
    "TCP 2001:0db8:0000:0000:0000:0000:0000:000a A3F2 2001:0db8:0000:0000:0000:0000:0000:0100 "
    "0050 2001:0db8:0000:0000:0000:0000:0000:000d 0050 ESTABLISHED     899\n"
)
ENGINE = "UDP C0A80A0A 13C4 C0A80A64 13C4 C0A80A0D 13C4 UDP             299 sip abc@host\n"


def test_ipv4() -> None:
    client, service, server = "192.168.10.10:40000", "192.168.10.100:80", "192.168.10.13:80"
    found = Connection("tcp", client, service, server, "FIN_WAIT", 113)
    assert list(states.parse(HEAD + FOUR)) == [found]


def test_ipv6() -> None:
    (found,) = states.parse(HEAD + SIX)
    assert (found.client, found.service) == ("[2001:db8::a]:41970", "[2001:db8::100]:80")
    assert (found.real_server, found.state) == ("[2001:db8::d]:80", "ESTABLISHED")


def test_the_persistence_engines_words_are_left() -> None:
    (found,) = states.parse(HEAD + ENGINE)
    assert (found.protocol, found.state, found.expires) == ("udp", "UDP", 299)


def test_an_empty_table_and_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert list(states.parse(HEAD)) == []
    monkeypatch.setattr(states, "FILE", tmp_path / "ip_vs_conn")
    assert states.connections() == ()


def test_another_format_is_an_error() -> None:
    with pytest.raises(ValueError, match="without all its fields"):
        list(states.parse(f"{HEAD}TCP C0A80A0A 9C40\n"))
