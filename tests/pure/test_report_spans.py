"""What was so from when to when, in reports."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from report_runs import SECOND, VIP, event, fail_over

from lvsnet.report import spans
from lvsnet.report.columns import packed
from lvsnet.report.spans import Span


def seconds(found: tuple[Span, ...]) -> list[tuple[float, float, str]]:
    return [(one.begun / SECOND, one.ended / SECOND, one.what) for one in found]


def test_an_instance_is_master_backup_and_off() -> None:
    found = {one.node: seconds(one.spans) for one in spans.instances(fail_over())}
    assert found == {
        "lb01": [(0, 2, "master"), (2, 5.52, "off"), (5.52, 9, "backup"), (9, 12, "master")],
        "lb02": [(0, 5.5, "backup"), (5.5, 9, "master"), (9, 12, "backup")],
    }


def test_instances_end_with_their_keepalived_but_not_what_is_off_already() -> None:
    run = replace(
        fail_over(),
        events=(
            event(1, "daemon", "lb01", "exited", "keepalived"),
            event(2, "daemon", "lb02", "exited", "nginx"),
            event(3, "node", "lb02", "off", "lb02"),
            event(4, "daemon", "lb02", "exited", "keepalived"),
            event(5, "node", "lb02", "on", "lb02"),
            event(6, "vrrp", "lb02", "fault", "VI_1"),
        ),
    )
    assert [seconds(one.spans) for one in spans.instances(run)] == [
        [(0, 1, "master"), (1, 12, "stopped")],
        [(0, 3, "backup"), (3, 5, "off"), (6, 12, "fault")],
    ]


def test_instances_are_told_in_the_order_of_the_lab_file() -> None:
    states = [("b", "VI_1"), ("a", "VI_2"), ("a", "VI_1"), ("unknown", "VI_1")]
    run = replace(
        fail_over(),
        roles={"a": "director", "b": "director"},
        initial=tuple(event(0, "vrrp", node, "backup", name) for node, name in states),
        events=(),
    )
    assert [(one.name, one.node) for one in spans.instances(run)] == [
        ("VI_1", "a"),
        ("VI_1", "b"),
        ("VI_1", "unknown"),
        ("VI_2", "a"),
    ]


def test_a_vip_moves() -> None:
    (vip,) = spans.vips(fail_over())
    assert vip.address == VIP
    assert seconds(vip.spans) == [(0, 2, "lb01"), (5.5, 9, "lb02"), (9, 12, "lb01")]


def test_two_holders_overlap() -> None:
    run = replace(fail_over(), events=(event(3, "vip", "lb02", "gained", VIP),))
    assert seconds(spans.vips(run)[0].spans) == [(0, 12, "lb01"), (3, 12, "lb02")]


def test_what_is_told_to_end_first_was_so_from_the_begin() -> None:
    run = replace(
        fail_over(),
        initial=(),
        samples=(),
        events=(
            event(2, "vip", "lb01", "lost", VIP),
            event(3, "ipvs", "lb01", "out", "192.168.10.13:80"),
            event(4, "ipvs", "lb01", "in", "192.168.10.13:80", "in tcp 1:80, weight 3"),
            event(5, "ipvs", "lb01", "weight", "192.168.10.13:80", "in tcp 1:80: weight 3 -> 0"),
            event(6, "node", "lb01", "off", "lb01"),
        ),
    )
    assert seconds(spans.vips(run)[0].spans) == [(0, 2, "lb01")]
    (listed,) = spans.tables(run)
    assert seconds(listed.spans) == [(0, 3, "?"), (4, 5, "3"), (5, 6, "0")]


def test_a_real_server_is_listed_with_its_weights() -> None:
    found = spans.tables(fail_over())
    assert [(one.node, one.real_server) for one in found][:2] == [
        ("lb01", "192.168.10.13:80"),
        ("lb01", "192.168.10.14:80"),
    ]
    assert seconds(found[0].spans) == [(0, 2, "1"), (6, 11, "0"), (11, 12, "1")]
    assert seconds(found[2].spans) == [(0, 12, "1")]


@given(st.lists(st.integers(-(2**51), 2**51)))
def test_columns_are_read_as_they_were(numbers: list[int]) -> None:
    assert unpacked(packed(numbers)) == numbers


def unpacked(text: str) -> list[int]:
    """As assets/columns.js reads it; a browser reads the same in test_report_page.py."""
    found: list[int] = []
    rest = shift = 0
    for byte in b64decode(text):
        rest |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            difference = -(rest + 1) // 2 if rest % 2 else rest // 2
            found.append((found[-1] if found else 0) + difference)
            rest = shift = 0
    return found
