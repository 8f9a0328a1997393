"""Addresses and prefixes of a lab file, and endpoints made of them."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Interface, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsnet import endpoint
from lvsnet.lab import ip_values

UNICAST = st.integers(min_value=0x2000 << 112, max_value=(0xFE00 << 112) - 1).map(IPv6Address)


@given(UNICAST)
def test_every_spelling_of_an_address_is_one_address(address: IPv6Address) -> None:
    for written in (address.exploded, address.exploded.upper(), address.compressed):
        assert ip_values.address(written) == address
        assert ip_values.vip(written) == IPv6Interface(f"{address}/128")
        assert ip_values.is_address(written)


@given(st.ip_addresses(), st.integers(min_value=1, max_value=65535))
def test_endpoints_come_apart_as_they_were_joined(address: object, port: int) -> None:
    host, number = endpoint.parted(endpoint.joined(address, port))
    assert (ip_address(host), number) == (address, str(port))


@given(st.text(alphabet="0123456789abcdef:.%/[]g ", max_size=45))
def test_other_text_is_refused_and_nothing_else(written: str) -> None:
    for read in (ip_values.address, ip_values.vip, ip_values.subnet, ip_values.destination):
        try:
            read(written)
        except ValueError as error:
            assert "\n" not in str(error)  # noqa: PT017  any ValueError, with a text of ours


@pytest.mark.parametrize(
    ("written", "read"),
    [("::/0", "default"), ("0.0.0.0/0", "default"), ("ff00::/8", "ff00::/8")],
)
def test_destinations_of_routes(written: str, read: str) -> None:
    assert str(ip_values.destination(written)) == read


def test_a_link_local_address_is_a_vip_and_no_service() -> None:
    assert str(ip_values.vip("fe80::100")) == "fe80::100/128"
    with pytest.raises(ValueError, match="link-local"):
        ip_values.service_address("fe80::100")
