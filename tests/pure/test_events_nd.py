"""Which frames are unsolicited neighbour advertisements."""

from __future__ import annotations

from ipaddress import IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from lvsnet.observe import nd

MAC, OTHER = bytes.fromhex("02f7bcb1c1c0"), bytes.fromhex("02f7bcb1c1c1")
VIP = IPv6Address("fd00:10::100")


def frame(to: str = "ff02::1", kind: int = 136, flags: int = 0x20, *, option: bool = True) -> bytes:
    ethernet = b"\x33\x33\0\0\0\1" + OTHER + b"\x86\xdd"
    head = bytes((0x60, 0, 0, 0, 0, 32, 58, 255)) + VIP.packed + IPv6Address(to).packed
    body = nd.ADVERTISEMENT.pack(kind, 0, 0, flags, VIP.packed)
    return ethernet + head + body + (nd.OPTION.pack(2, 1, MAC) if option else b"")


def test_the_mac_that_is_named_counts_and_else_the_senders() -> None:
    assert nd.announced(frame()) == ("fd00:10::100", MAC.hex(":"))
    assert nd.announced(frame(option=False)) == ("fd00:10::100", OTHER.hex(":"))


def test_answers_and_other_messages_are_none() -> None:
    assert nd.announced(frame(flags=0x60)) is None
    assert nd.announced(frame(to="fd00:10::10")) is None
    assert nd.announced(frame(kind=135)) is None


@given(st.binary(max_size=120))
def test_any_frame_is_read_or_none(content: bytes) -> None:
    nd.announced(content)


@given(st.integers(min_value=0, max_value=86))
def test_a_frame_that_was_cut_off_is_read_or_none(size: int) -> None:
    nd.announced(frame()[:size])
