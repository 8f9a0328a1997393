"""The semantic checks of a lab: what only makes sense between values.

A pure function of the Lab. It also takes labs that have lost their wrong parts, so that these
checks need not wait until the rest of the file is right.
"""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab import check_addresses, check_nodes, check_services, check_vrrp
from lvsnet.lab.finding import Finding, Rule
from lvsnet.lab.model import Lab

RULES: tuple[Rule, ...] = (
    check_nodes.amounts,
    check_nodes.reserved_names,
    check_nodes.files_have_one_text,
    check_nodes.files_are_no_directories,
    check_nodes.sysctls_are_the_nodes_own,
    check_nodes.sysctls_once,
    check_nodes.routes_once,
    check_nodes.gateways_are_neighbours,
    check_nodes.keepalived_on_directors,
    check_addresses.subnets_apart,
    check_addresses.interfaces_in_segments,
    check_addresses.addresses_once,
    check_vrrp.in_segment,
    check_vrrp.directors,
    check_vrrp.priorities_differ,
    check_vrrp.router_ids_differ,
    check_vrrp.one_configuration,
    check_services.address_is_a_vip,
    check_services.services_once,
    check_services.members,
    check_services.members_once,
    check_services.dr_ports,
    check_services.dr_neighbours,
    check_services.check_fields,
)


def check(lab: Lab) -> Iterator[Finding]:
    """Give all that is wrong in ``lab``, rule by rule."""
    for rule in RULES:
        yield from rule(lab)
