"""What IPVS has of a service: lines of its table, marks, and ports of real servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plans import to_lab

from lvsnet.errors import LvsnetError
from lvsnet.lab.ip_values import address_range
from lvsnet.lab.model_services import Service
from lvsnet.lab.values import port_range
from lvsnet.lab.virtual_services import (
    MOST_LINES,
    asked_first,
    asked_ports,
    protocols,
    real_ports,
    vips,
    virtual_services,
)
from lvsnet.resources import example_labs
from lvsnet.tour import stage

VIP = "192.168.10.100"
PORTS = st.integers(1, 65535)


def service(**said: object) -> Service:
    return Service.model_validate({"method": "dr", "real_servers": ["nginx01"], **said})


def marked(*marks: dict[str, object]) -> Service:
    return service(fwmark=1, marks=list(marks))


def group(*lines: dict[str, object]) -> Service:
    return service(virtual_server_group=list(lines))


def names(one: Service) -> list[str]:
    return [f"{virtual.protocol} {virtual}" for virtual in virtual_services(one)]


def test_an_address_and_port_are_one_line() -> None:
    assert names(service(address=VIP, port=80)) == [f"tcp {VIP}:80"]


def test_a_mark_is_one_line_whatever_gets_it() -> None:
    one = marked({"address": f"{VIP}-101", "ports": [80, 443]}, {"address": "192.168.10.7"})
    assert names(one) == ["fwmark 1"]
    assert [str(vip) for vip in vips(one)] == [VIP, "192.168.10.101", "192.168.10.7"]


def test_a_group_has_a_line_for_each_address_and_port() -> None:
    one = group({"address": "fd00:10::1-2", "ports": ["80-81", 80]}, {"fwmark": 7})
    lines = [f"tcp [fd00:10::{host}]:{port}" for host in (1, 2) for port in (80, 81)]
    assert names(one) == [*lines, "fwmark 7"]


def test_a_group_without_end_is_not_made() -> None:
    one = group({"address": "10.0.0.1-255", "ports": "1-65535"})
    assert len(virtual_services(one)) == MOST_LINES + 1


def test_real_servers_are_asked_where_the_clients_ask_or_at_their_own_port() -> None:
    one = marked({"address": VIP, "ports": [80, 443]}, {"address": VIP, "protocol": "udp"})
    assert real_ports(one, 0, "tcp") == (80, 443)
    assert real_ports(one, 8080, "tcp") == (8080,)
    assert real_ports(one, 8080, "udp") == (8080,)
    assert real_ports(one, 8080, "sctp") == ()
    assert protocols(one) == {"tcp", "udp"}


def test_nobody_listens_at_thousands_of_ports() -> None:
    assert asked_ports(marked({"address": VIP, "ports": [21, "1024-65535"]})) == (21,)


def test_what_clients_ask_first() -> None:
    assert asked_first(marked({"address": VIP, "ports": ["443-444"]}), "tcp") == (
        vips(marked({"address": VIP}))[0],
        443,
    )
    assert asked_first(marked({"address": VIP}), "tcp") is None


def test_the_tour_asks_a_web_service_by_its_mark() -> None:
    lab = to_lab(example_labs()["fwmark"].read_text())
    shop = {"shop": lab.services["shop"]}
    assert stage(lab.model_copy(update={"services": shop})).url == f"http://{VIP}:80/"
    with pytest.raises(LvsnetError, match="lacks one"):
        stage(to_lab(example_labs()["ftp"].read_text()))


@given(PORTS, PORTS)
def test_a_range_of_ports_is_its_ends(one: int, other: int) -> None:
    first, last = sorted((one, other))
    assert port_range(f"{first}-{last}") == (first, last)
    assert port_range(str(one)) == (one, one)
    if first < last:
        with pytest.raises(ValueError, match="upside down"):
            port_range(f"{last}-{first}")


@given(st.ip_addresses(v=4).filter(lambda one: int(one) % 256 < 255), st.integers(1, 255))
def test_a_range_of_addresses_is_written_in_two_ways(first: object, last: int) -> None:
    start = str(first)
    end = f"{start.rpartition('.')[0]}.{last}"
    if last > int(start.rpartition(".")[2]):
        assert address_range(f"{start}-{last}") == address_range(f"{start}-{end}")
    else:
        with pytest.raises(ValueError, match="does not come after"):
            address_range(f"{start}-{last}")


@given(st.text(max_size=30))
def test_other_text_is_refused(text: str) -> None:
    for read in (address_range, port_range):
        try:
            read(text)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - none is as good
