"""What IPVS tables count as time goes on, from the texts of /proc/net/ip_vs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsnet.observe import sampling
from lvsnet.observe.sample import GONE, Sample, grouped, ungrouped
from lvsnet.observe.sampling import GRID_NS, MOST, Line, Sampler

HEAD = """\
IP Virtual Server version 1.2.1 (size=256)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
"""
WEB = "TCP  C0A80A64:0050 rr  \n"
NGINX01 = "  -> C0A80A0D:0050      Route   {} {} {}\n"
NGINX02 = "  -> C0A80A0E:0050      Route   1      0          3\n"
SIX = """\
UDP  [fd00:0010:0000:0000:0000:0000:0000:0100]:0035 wrr
  -> [fd00:0010:0000:0000:0000:0000:0000:0013]:0035      Tunnel  2      7          11
FWM  0000000A sh (flag-1)
  -> C0A80A0D:0000      Masq    1      0          0
"""
LINE = ("lb01", "tcp 192.168.10.100:80", "192.168.10.13:80")


def counted(*texts: str) -> list[Sample]:
    sampler = Sampler()
    for number, text in enumerate(texts):
        sampler.takes(number * GRID_NS, "lb01", text.encode())
    return list(sampler.samples())


def nginx01(weight: int = 1, active: int = 0, inactive: int = 0) -> str:
    return HEAD + WEB + NGINX01.format(weight, active, inactive)


def test_lines_are_read_as_the_kernel_writes_them() -> None:
    assert counted(HEAD + WEB + NGINX01.format(1, 2, 25) + NGINX02 + SIX) == [
        Sample(0, *LINE, 1, 2, 25),
        Sample(0, "lb01", "tcp 192.168.10.100:80", "192.168.10.14:80", 1, 0, 3),
        Sample(0, "lb01", "udp [fd00:10::100]:53", "[fd00:10::13]:53", 2, 7, 11),
        Sample(0, "lb01", "fwmark 10", "192.168.10.13:0", 1, 0, 0),
    ]


def test_there_is_a_sample_for_each_change_only() -> None:
    found = counted(nginx01(), nginx01() + NGINX02, nginx01(active=1), nginx01(active=1))
    assert [one for one in found if one.real_server == LINE[2]] == [
        Sample(0, *LINE, 1, 0, 0),
        Sample(2 * GRID_NS, *LINE, 1, 1, 0),
    ]


def test_a_real_server_that_is_out_of_the_table_is_told_once() -> None:
    found = counted(nginx01(inactive=4), HEAD + WEB, HEAD, nginx01())
    assert [one.weight for one in found] == [1, GONE, 1]
    assert [one.at // GRID_NS for one in found] == [0, 1, 3]
    assert (found[1].active, found[1].inactive) == (0, 0)


def test_with_its_node_the_table_is_gone() -> None:
    sampler = Sampler()
    sampler.takes(0, "lb01", nginx01().encode())
    for at in (GRID_NS, 2 * GRID_NS):
        sampler.ends(at, "lb01")
        sampler.ends(at, "lb02")
    assert [(one.at, one.weight) for one in sampler.samples()] == [(0, 1), (GRID_NS, GONE)]


def value(points: Sequence[sampling.Point], at: int) -> tuple[int, ...]:
    """What holds at a time."""
    return next(point[1:] for point in reversed(points) if point[0] <= at)


steps = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3)), min_size=1, max_size=300)


@settings(max_examples=60)
@given(steps, st.integers(4, 40))
def test_a_line_with_too_many_points_has_a_coarser_grid(
    changes: list[tuple[int, int]], most: int
) -> None:
    points: list[sampling.Point] = []
    at = 0
    for ticks, active in changes:
        at += ticks * GRID_NS
        points.append((at, 1, active, 0))
    line = Line("tcp 192.168.10.100:80", "192.168.10.13:80")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "MOST", most)
        for point in points:
            line.add(point)
        kept = line.all()
    assert len(kept) <= most + 1
    assert set(kept) <= set(points)
    assert kept == sorted(kept)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    if len(points) <= most:
        assert kept == points
    # At the end of each interval of the grid it is what it was.
    for end in range(line.grid, at + line.grid, line.grid):
        if end > points[0][0]:
            assert value(kept, end - 1) == value(points, end - 1)


def test_an_hour_s_changes_are_few() -> None:
    line = Line("tcp 192.168.10.100:80", "192.168.10.13:80")
    for tick in range(36_000):
        line.add((tick * GRID_NS, 1, tick % 7, tick))
    assert MOST / 4 < len(line.all()) <= MOST + 1
    assert line.grid < 10**10


samples = st.lists(
    st.builds(
        Sample,
        st.integers(0, 2**60),
        st.sampled_from(["lb01", "lb02"]),
        st.text(max_size=3),
        st.text(max_size=3),
        st.integers(-1, 9),
        st.integers(0, 2**31),
        st.integers(0, 2**31),
    )
)


@given(samples)
def test_samples_come_back_equal(found: list[Sample]) -> None:
    assert list(ungrouped(grouped(found))) == found


def line(*points: object) -> list[dict[str, object]]:
    return [{"node": "lb01", "service": "", "real_server": "", "points": list(points)}]


@pytest.mark.parametrize(
    "value",
    [None, {}, [1], [{"node": "lb01"}], line(7), line([0, 1, 2]), line([0, 1, 2, "3"])],
)
def test_what_are_no_samples_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^samples: "):
        list(ungrouped(value))
