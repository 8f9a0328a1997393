"""What netem is told, and what it cannot be told. Whether tc(8) shows it so is in tests/e2e."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.engine import fault_netem, netlink, qdiscs
from lvsnet.engine.qdiscs import Impairment, Qdisc, Qdiscs
from lvsnet.errors import LvsnetError
from lvsnet.faults.model import Netem

NONE = Impairment(0, 0, 0, 0, 0, 0, 0, 1000)
HEAD = qdiscs.QOPT.size


def _head(one: Impairment) -> tuple[int, ...]:
    return qdiscs.QOPT.unpack_from(qdiscs.options(one))


def _attributes(one: Impairment) -> dict[int, bytes]:
    return netlink.attributes(qdiscs.options(one)[HEAD:])


def test_times_are_told_in_nanoseconds_and_not_in_ticks() -> None:
    told = replace(NONE, delay_us=20_000, jitter_us=1)
    assert _attributes(told)[qdiscs.LATENCY64] == (20_000_000).to_bytes(8, "little")
    assert _attributes(told)[qdiscs.JITTER64] == (1_000).to_bytes(8, "little")
    assert (_head(told)[0], _head(told)[5]) == (0, 0)


@pytest.mark.parametrize(
    ("percent", "told"), [(0, 0), (1, 42949673), (50, 2147483648), (100, 0xFFFFFFFF)]
)
def test_per_cent_are_parts_of_32_bits(percent: float, told: int) -> None:
    assert qdiscs.probability(percent) == told


@given(st.integers(0, 10_000))
def test_tc_shows_the_per_cent_that_were_asked_for(hundredths: int) -> None:
    percent = hundredths / 100
    assert f"{100.0 * qdiscs.probability(percent) / 0xFFFFFFFF:g}" == f"{percent:g}"


def test_loss_duplicates_and_the_limit_stand_in_the_struct() -> None:
    told = replace(NONE, loss=1, duplicate=50, limit=7)
    assert _head(told) == (0, 7, 42949673, 0, 2147483648, 0)


def test_each_packet_may_overtake_when_some_are_to() -> None:
    told = replace(NONE, delay_us=1, reorder=50)
    assert _head(told)[3] == 1
    assert _attributes(told)[qdiscs.REORDER] == qdiscs.PAIR.pack(2147483648, 0)
    assert _head(NONE)[3] == 0


def test_a_rate_is_told_in_bytes_a_second() -> None:
    told = _attributes(replace(NONE, rate=100_000_000))
    assert qdiscs.RATE_OPTION.unpack(told[qdiscs.RATE]) == (12_500_000, 0, 0, 0)
    assert qdiscs.RATE64 not in told


def test_a_rate_of_more_than_32_bits_has_an_attribute_of_its_own() -> None:
    told = _attributes(replace(NONE, rate=80 * 10**9))
    assert qdiscs.RATE_OPTION.unpack(told[qdiscs.RATE])[0] == 0xFFFFFFFF
    assert told[qdiscs.RATE64] == (10**10).to_bytes(8, "little")


def test_what_is_not_wanted_any_more_is_told_as_well() -> None:
    # The kernel keeps what a change does not name.
    told = _attributes(NONE)
    assert set(told) == {
        qdiscs.LATENCY64,
        qdiscs.JITTER64,
        qdiscs.REORDER,
        qdiscs.CORRUPT,
        qdiscs.RATE,
    }
    assert not any(any(content) for content in told.values())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"loss": 101.0}, "loss is 101%"),
        ({"duplicate": -1.0}, "duplicate is -1%"),
        ({"corrupt": float("nan")}, "corrupt is nan%"),
        ({"reorder": 5.0}, "reorder needs delay"),
        ({"jitter_us": 5}, "jitter needs delay"),
        ({"limit": 0}, "limit is 0"),
        ({"rate": 7}, "rate is 7bit"),
        ({"direction": "up"}, "direction is up"),
        ({"delay_us": -1}, "delay is -1us"),
        ({"delay_us": 2**62}, "delay is 4611686018427387904us"),
        ({"delay_us": 1, "jitter_us": -1}, "jitter is -1us"),
        ({"limit": 2**32}, "limit is 4294967296"),
        ({"rate": 2**68}, "rate is 295147905179352825856bit"),
    ],
)
def test_what_netem_cannot_do_is_said(changes: dict[str, object], words: str) -> None:
    fault = replace(Netem("lb01", "eth1"), **changes)  # type: ignore[arg-type]
    assert fault_netem.unfit(fault).startswith(words)


@pytest.mark.parametrize(
    "fault",
    [
        Netem("lb01", "eth1", delay_us=1, jitter_us=1, reorder=100),
        Netem("lb01", "eth1", loss=100, duplicate=0.0001, corrupt=3),
        Netem("lb01", "eth1", rate=8, limit=1, direction="both"),
    ],
)
def test_what_netem_can_do_is_fit(fault: Netem) -> None:
    assert fault_netem.unfit(fault) == ""


class _Refusing(Qdiscs):
    """A kernel that has some qdisc at the root and refuses another."""

    def __init__(self, there: Qdisc | None, code: int) -> None:
        self.there, self.code = there, code

    def root(self, index: int) -> Qdisc | None:
        assert index == 3
        return self.there

    def impair(self, index: int, impairment: Impairment) -> None:
        assert (index, impairment.delay_us) == (3, 5)
        raise OSError(self.code, "Specified qdisc kind is unknown")


def _impair(there: Qdisc | None, code: int) -> None:
    end = fault_netem._End("out", Path("/proc/1/ns/net"), "eth1")
    fault_netem._impair(_Refusing(there, code), 3, end, Netem("lb01", "eth1", delay_us=5))


@pytest.mark.parametrize("code", [errno.ENOENT, errno.EOPNOTSUPP])
@pytest.mark.parametrize("there", [None, Qdisc("noqueue", 0), Qdisc("fq_codel", 0x10000)])
def test_a_kernel_without_netem_is_told_with_what_to_do(there: Qdisc | None, code: int) -> None:
    with pytest.raises(LvsnetError, match=r"lb01:eth1: .* no netem; .*modprobe.*lvsnet kernel"):
        _impair(there, code)


def test_another_refusal_of_the_kernels_is_left_to_whoever_asked() -> None:
    with pytest.raises(OSError, match="unknown"):
        _impair(None, errno.EPERM)


def test_a_netem_of_the_users_own_stays() -> None:
    with pytest.raises(LvsnetError, match=r"of its own, netem; .* tc qdisc del dev eth1 root"):
        _impair(Qdisc("netem", 0x80010000), errno.EPERM)
