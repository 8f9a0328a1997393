"""IPVS tables in words: columns that fit, spans, numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.cli.redrawing import fitted
from lvsnet.control.clock import since_boot
from lvsnet.observe import table_text
from lvsnet.observe.table_model import (
    USUAL,
    Connection,
    Connections,
    Counts,
    Persistence,
    SyncDaemon,
    Table,
    TableServer,
    TableService,
    Timeouts,
)
from lvsnet.observe.table_text import View

TOTAL, RATE = Counts(130, 780, 0, 123_456_789_012, 0), Counts(12, 72, 0, 5_000, 0)
FIRST = TableServer(
    *("nginx01", "192.168.10.13:80", "dr", "", 1, 0, 0, 5, 120, 0), total=TOTAL, rate=RATE
)
SECOND = replace(FIRST, node="nginx02", address="192.168.10.14:80", weight=0)
SERVICE = TableService(
    *("tcp", "192.168.10.100:80", False, "rr", (), False, None, TOTAL, RATE, (FIRST, SECOND))
)
TABLE = Table("lb01", 5_076_307_000, True, True, USUAL, (), (SERVICE,), None)
CLIENT = Connection(
    *("tcp", "192.168.10.10:41234", "client", "192.168.10.100:80"),
    *("192.168.10.13:80", "nginx01", "ESTABLISHED"), expires=898, origin="local",
)  # fmt: skip


def shown(table: Table, view: View = View.now, width: int | None = None) -> list[str]:
    return table_text.lines([table], view, None, "nothing", width)


def of(**changes: object) -> Table:
    """The table, its service with these changes."""
    return replace(TABLE, services=(replace(SERVICE, **changes),))  # type: ignore[arg-type]


def test_a_director_with_two_real_servers() -> None:
    assert shown(TABLE) == [
        "lb01",
        "tcp 192.168.10.100:80  rr  12 conn/s",
        "  node     address           method  weight  ActiveConn  InActConn  conn/s",
        "  nginx01  192.168.10.13:80  dr           1           5        120      12",
        "  nginx02  192.168.10.14:80  dr           0           5        120      12",
    ]
    assert shown(TABLE, View.stats)[2:4] == [
        "  node     address           Conns  InPkts  OutPkts  InBytes  OutBytes",
        "  all                          130     780        0  123456M         0",
    ]
    assert table_text.lines([TABLE, TABLE], View.now, since_boot, "", None)[5:7] == [
        "",
        "lb01 at 0:00:05.076307",
    ]


def test_what_a_service_has_beside_its_scheduler_is_in_its_line() -> None:
    by_address = Persistence(50, "255.255.255.255", "")
    assert shown(of(persistence=by_address))[1:3] == [
        "tcp 192.168.10.100:80  rr  persistent 50s  12 conn/s",
        "  node     address           method  weight  ActiveConn  InActConn  PersistConn  conn/s",
    ]
    by_call = Persistence(300, "64", "sip")
    changed = of(scheduler="sh", flags=("sh-port",), one_packet=True, persistence=by_call)
    words = "tcp 192.168.10.100:80  sh  sh-port  ops  persistent 5m mask 64 by sip  12 conn/s"
    assert shown(changed)[1] == words
    mark = of(protocol="fwmark", address="7", ipv6=True, real_servers=())
    assert shown(mark)[1:] == ["fwmark 7 IPv6  rr  12 conn/s", "  no real servers"]


def test_thresholds_and_tunnels_are_shown_where_there_are_some() -> None:
    gue = replace(FIRST, method="tun", tunnel="gue 6080", lower=5, upper=10)
    ipip = replace(SECOND, method="tun", tunnel="ipip")
    assert shown(of(real_servers=(gue, ipip)))[2:] == [
        "  node     address           method        weight  limits  ActiveConn  InActConn  conn/s",
        "  nginx01  192.168.10.13:80  tun gue 6080       1    5-10           5        120      12",
        "  nginx02  192.168.10.14:80  tun                0     0-0           5        120      12",
    ]


def test_timeouts_and_sync_daemons_have_a_line() -> None:
    daemon = SyncDaemon("backup", "eth1", 33, "224.0.0.81", 8848)
    table = replace(TABLE, timeouts=Timeouts(900, 10, 300), daemons=(daemon,))
    assert shown(table)[1:3] == [
        "timeouts: tcp 15m, tcp_fin 10s, udp 5m",
        "sync daemon: backup on eth1, syncid 33, 224.0.0.81:8848",
    ]


def test_a_node_without_anything_says_why() -> None:
    empty = replace(TABLE, services=())
    assert shown(empty) == ["lb01", "nothing"]
    assert shown(replace(empty, has_ipvs=False)) == [
        "lb01", "no IPVS: its kernel has not loaded it"
    ]  # fmt: skip
    assert shown(replace(empty, running=False)) == ["lb01", "off; `lvsnet start lb01` starts it"]


def test_connections_have_the_names_of_nodes_and_say_what_is_a_template() -> None:
    template = replace(CLIENT, client="192.168.20.0:0", client_node="", state="NONE", expires=60)
    table = replace(TABLE, connections=Connections(7, (CLIENT, template)))
    assert shown(table)[1:] == [
        "  pro  client          service            real server  state           expires",
        "  tcp  client:41234    192.168.10.100:80  nginx01:80   ESTABLISHED      14m58s",
        "  tcp  192.168.20.0:0  192.168.10.100:80  nginx01:80   NONE, template       1m",
        "  … and 5 more",
    ]
    told = replace(table, connections=Connections(1, (replace(CLIENT, origin="sync"),)))
    assert shown(told)[1].endswith("expires  origin")
    assert shown(replace(table, connections=Connections(0, ())))[1:] == ["no connections"]


def test_where_there_is_no_room_the_least_important_columns_go() -> None:
    table = of(persistence=Persistence(50, "255.255.255.255", ""))
    assert shown(table, width=80)[2] == (
        "  node     address           method  weight  ActiveConn  InActConn  PersistConn"
    )
    assert shown(table, width=40)[2] == "  node     weight  ActiveConn  InActConn"
    assert all(len(line) <= 80 for view in View for line in shown(TABLE, view, 80))
    # Whose node nobody knows is shown by its address.
    unknown = of(real_servers=(replace(FIRST, node=""), SECOND))
    assert shown(unknown, width=50)[3] == "  192.168.10.13:80       1           5        120"


@given(st.integers(1, 130), st.sampled_from(View))
def test_no_row_is_without_what_tells_real_servers_apart(width: int, view: View) -> None:
    rows = shown(TABLE, view, width)[-2:]
    assert all(
        server.node in row or server.address in row
        for server, row in zip((FIRST, SECOND), rows, strict=True)
    )


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0s"), (58, "58s"), (120, "2m"), (898, "14m58s"), (3601, "1h1s")]
)
def test_spans(seconds: int, words: str) -> None:
    assert table_text.span(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (99_999_999, "99999999"), (100_000_000, "100000K"), (2**64 - 1, "18446744T")],
)
def test_no_number_has_more_than_eight_digits(number: int, words: str) -> None:
    assert table_text.short(number) == words


@given(st.lists(st.text(max_size=60), max_size=30), st.integers(1, 60), st.integers(1, 20))
def test_a_picture_fits_its_window(lines: list[str], columns: int, rows: int) -> None:
    found = fitted(lines, columns, rows)
    assert len(found) <= rows
    assert all(len(line) <= columns for line in found)
    if len(lines) <= rows and all(len(line) <= columns for line in lines):
        assert found == lines
