"""Reading IPVS's connections from /proc/net/ip_vs_conn_sync."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from lvsnet.endpoint import joined
from lvsnet.observe import connection_table
from lvsnet.observe.table_model import Connection, Wanted

NAMES = {"192.168.10.10": "client", "192.168.10.13": "nginx01", "192.168.10.14": "nginx02"}
HEAD = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires\n"
WEB = "192.168.10.100:80"
TEXT = HEAD + (
    "TCP C0A80A0A 973C C0A80A64 0050 C0A80A0E 0050 FIN_WAIT    LOCAL      119\n"
    "TCP C0A80A0A 0409 C0A80A64 0050 C0A80A0D 0050 ESTABLISHED SYNC       880\n"
    "TCP C0A80A00 0000 C0A80A64 0050 C0A80A0E 0050 ASSURED     LOCAL       59\n"
    "TCP C0A80A00 0000 C0A80A64 0000 C0A80A0E 0000 NONE        LOCAL       59\n"
    "UDP C0A80A0A 0409 C0A80A64 0050 C0A80A0D 1F90 UDP         LOCAL      299\n"
    "IP  C0A80A0A 0000 00000007 0000 C0A80A0D 0000 NONE        LOCAL       30\n"
)
ESTABLISHED = Connection(
    *("tcp", "192.168.10.10:1033", "client", WEB, "192.168.10.13:80", "nginx01"),
    *("ESTABLISHED", 880, "sync"),
)


def found(wanted: Wanted, text: str = TEXT) -> list[tuple[str, str, str]]:
    said = connection_table.narrowed(text, wanted, NAMES)
    return [(one.protocol, one.client, one.service) for one in said.listed]


def test_all_are_listed_by_service_and_client() -> None:
    said = connection_table.narrowed(TEXT, Wanted(), NAMES)
    assert said.count == len(said.listed) == 6
    assert ESTABLISHED in said.listed
    assert found(Wanted()) == [
        ("fwmark", "192.168.10.10:0", "7"),
        ("tcp", "192.168.10.0:0", "192.168.10.100:0"),
        ("tcp", "192.168.10.0:0", WEB),
        ("tcp", "192.168.10.10:1033", WEB),
        ("tcp", "192.168.10.10:38716", WEB),
        ("udp", "192.168.10.10:1033", WEB),
    ]


def test_all_can_be_had_as_the_kernel_lists_them() -> None:
    found = list(connection_table.connections(TEXT))
    assert [one.state for one in found[:3]] == ["FIN_WAIT", "ESTABLISHED", "ASSURED"]
    assert found[1] == replace(ESTABLISHED, client_node="", node="")
    assert not list(connection_table.connections(HEAD))


def test_they_are_narrowed_down() -> None:
    assert found(Wanted(protocol="udp", address=WEB)) == [("udp", "192.168.10.10:1033", WEB)]
    # The template that is for all ports of the address is one of the service's, too.
    assert len(found(Wanted(protocol="tcp", address=WEB))) == 4
    assert len(found(Wanted(address="192.168.10.100"))) == 5
    assert not found(Wanted(address="192.168.10.10"))
    assert found(Wanted(protocol="fwmark", address="7")) == [("fwmark", "192.168.10.10:0", "7")]
    assert not found(Wanted(address="192.168.10.100:81"))[1:]
    assert len(found(Wanted(real_servers=("192.168.10.13",)))) == 3
    assert found(Wanted(real_servers=("192.168.10.13",), port=8080)) == [
        ("udp", "192.168.10.10:1033", WEB)
    ]
    assert found(Wanted(state="ESTABLISHED")) == [("tcp", "192.168.10.10:1033", WEB)]


def test_no_more_are_listed_than_were_asked_for_but_all_are_counted() -> None:
    said = connection_table.narrowed(TEXT, Wanted(most=2), NAMES)
    assert (said.count, len(said.listed)) == (6, 2)


def test_addresses_of_version_6_are_as_elsewhere() -> None:
    text = HEAD + (
        "TCP fd00:0010:0000:0000:0000:0000:0000:0010 8D2A fd00:0010:0000:0000:0000:0000:0000:0100 "
        "0050 fd00:0010:0000:0000:0000:0000:0000:0013 0050 SYN_RECV    LOCAL       57\n"
        "IP  fd00:0010:0000:0000:0000:0000:0000:0010 0000 0000:0007:0000:0000:0000:0000:0000:0000 "
        "0000 fd00:0010:0000:0000:0000:0000:0000:0013 0000 NONE        LOCAL       57\n"
    )
    of_mark, one = connection_table.narrowed(text, Wanted(), {"fd00:10::13": "nginx01"}).listed
    ends = (one.client, one.service, one.real_server, one.node)
    assert ends == ("[fd00:10::10]:36138", "[fd00:10::100]:80", "[fd00:10::13]:80", "nginx01")
    assert (of_mark.protocol, of_mark.service) == ("fwmark", "7")


@given(st.text(alphabet="TCPU 0123456789ABCDEFabcdef:\n\t_xé", max_size=300))
def test_whatever_is_no_connection_is_left_out(text: str) -> None:
    assert connection_table.narrowed(HEAD + text, Wanted(), NAMES).count >= 0


ADDRESSES = st.ip_addresses()
PORTS = st.integers(0, 65535)


@given(
    st.tuples(ADDRESSES, PORTS), st.tuples(ADDRESSES, PORTS), st.tuples(ADDRESSES, PORTS),
    st.integers(0, 4294967),
)  # fmt: skip
def test_every_connection_that_the_kernel_writes_is_read(
    client: tuple[IPv4Address | IPv6Address, int],
    service: tuple[IPv4Address | IPv6Address, int],
    real: tuple[IPv4Address | IPv6Address, int],
    expires: int,
) -> None:
    ends = " ".join(_written(*one) for one in (client, service, real))
    line = f"TCP {ends} {'ESTABLISHED':11} {'LOCAL':6} {expires:7}\n"
    (read,) = connection_table.narrowed(HEAD + line, Wanted(), {}).listed
    assert read == Connection(
        *("tcp", joined(*client), "", joined(*service), joined(*real), ""),
        *("ESTABLISHED", expires, "local"),
    )


def _written(address: IPv4Address | IPv6Address, port: int) -> str:
    digits = address.exploded if isinstance(address, IPv6Address) else f"{int(address):08X}"
    return f"{digits} {port:04X}"
