"""Durations and sizes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet.lab.units import Duration, Size

SECONDS = {
    "2s": "2",
    "500ms": "0.5",
    "1.5s": "1.5",
    "2m": "120",
    "1h": "3600",
    "0s": "0",
    "250us": "0.00025",
    "1.000001s": "1.000001",
    "8760h": "31536000",
}


@pytest.mark.parametrize(("written", "seconds"), SECONDS.items())
def test_seconds_are_exact_and_plain(written: str, seconds: str) -> None:
    assert Duration(written).seconds == Decimal(seconds)
    assert str(Duration(written).seconds) == seconds


@pytest.mark.parametrize(
    ("written", "shortest"),
    [("120s", "2m"), ("1.50s", "1500ms"), ("60m", "1h"), ("90s", "90s"), ("0h", "0s")],
)
def test_rendering_takes_the_longest_unit_that_divides(written: str, shortest: str) -> None:
    assert str(Duration(written)) == shortest
    assert Duration(written) == Duration(shortest)
    assert hash(Duration(written)) == hash(Duration(shortest))


@given(st.integers(min_value=0, max_value=365 * 24 * 3600 * 10**6))
def test_what_is_rendered_reads_back(microseconds: int) -> None:
    duration = Duration(f"{microseconds}us")
    assert duration.microseconds == microseconds
    assert Duration(str(duration)) == duration
    assert Duration(f"{duration.seconds}s") == duration


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("2", "needs a unit"),
        ("1.5", "needs a unit"),
        ("", "not a duration"),
        ("-1s", "not a duration"),
        ("1 s", "not a duration"),
        ("2S", "not a duration"),
        ("s", "not a duration"),
        ("1s\n", "not a duration"),
        ("٣s", "not a duration"),
        ("1e3s", "not a duration"),
        ("0.5us", "finer than a microsecond"),
        ("8761h", "longer than a year"),
    ],
)
def test_refused(written: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Duration(written)


def test_order_is_that_of_time() -> None:
    written = ["1h", "500ms", "2s", "1m", "3us"]
    assert [str(one) for one in sorted(map(Duration, written))] == [
        "3us",
        "500ms",
        "2s",
        "1m",
        "1h",
    ]


@pytest.mark.parametrize(
    ("written", "shortest", "size"),
    [
        ("512M", "512M", 2**29),
        ("1G", "1G", 2**30),
        ("768MiB", "768M", 768 * 2**20),
        ("1.5G", "1536M", 1536 * 2**20),
        ("1048576KiB", "1G", 2**30),
        ("0.5K", "", 0),
        ("1.3G", "", 0),
    ],
)
def test_sizes_are_whole_k_in_powers_of_1024(written: str, shortest: str, size: int) -> None:
    if not shortest:
        with pytest.raises(ValueError, match=f"^{written} is not a whole number of K$"):
            Size(written)
        return
    assert Size(written).bytes == size
    assert str(Size(written)) == shortest
    assert Size(written) == Size(shortest)


@given(st.integers(min_value=0, max_value=2**40))
def test_a_size_that_is_rendered_reads_back(kibibytes: int) -> None:
    size = Size(f"{kibibytes}K")
    assert size.bytes == kibibytes * 1024
    assert Size(str(size)) == size


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("512", "512 needs a unit: K, M or G, such as 512M"),
        ("512MB", "'512MB': units are K, M and G, powers of 1024; write 512M"),
        ("1g", "'1g': units are K, M and G, powers of 1024; write 1G"),
        ("1.5 GiB", "'1.5 GiB': units are K, M and G, powers of 1024; write 1.5G"),
        ("1T", "'1T' is not a size; write a number with a unit, such as 512M or 1G"),
        ("-1M", "'-1M' is not a size; write a number with a unit, such as 512M or 1G"),
        ("", "'' is not a size; write a number with a unit, such as 512M or 1G"),
        ("1M\n", "'1M\\n' is not a size; write a number with a unit, such as 512M or 1G"),
    ],
)
def test_what_is_no_size_says_what_is_one(written: str, message: str) -> None:
    with pytest.raises(ValueError) as failure:  # noqa: PT011  the text is compared
        Size(written)
    assert str(failure.value) == message
