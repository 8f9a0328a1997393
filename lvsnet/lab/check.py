"""The semantic checks of a lab: what only makes sense between values.

A pure function of the Lab. It also takes labs that have lost their wrong parts, so that these
checks need not wait until the rest of the file is right.
"""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.checks import (
    addresses,
    allow,
    balancing,
    families,
    groups,
    members,
    nat,
    nodes,
    quorum,
    scripts,
    services,
    settings,
    sync,
    tracking,
    tunnels,
    virtual_services,
    vrrp,
    weights,
)
from lvsnet.lab.finding import Check, Finding
from lvsnet.lab.model import Lab

CHECKS: tuple[Check, ...] = (
    allow.allowed_names,
    nodes.amounts,
    nodes.reserved_names,
    nodes.files_have_one_text,
    nodes.files_are_no_directories,
    nodes.sysctls_are_the_nodes_own,
    nodes.sysctls_once,
    nodes.routes_once,
    nodes.gateways_are_neighbours,
    nodes.keepalived_where_it_runs,
    nodes.daemons_once,
    addresses.one_of_a_family,
    addresses.subnets_apart,
    addresses.mtu_of_ipv6,
    addresses.interfaces_in_segments,
    addresses.addresses_once,
    families.one_of_instance,
    families.version_of_vrrp,
    families.machines,
    families.real_servers,
    families.routes,
    vrrp.in_segment,
    vrrp.machines,
    vrrp.priorities_differ,
    vrrp.router_ids_differ,
    vrrp.intervals,
    vrrp.one_configuration,
    settings.states,
    settings.unicast_peers,
    settings.auth_pass_length,
    settings.master_at_first,
    settings.preempt_delay,
    settings.vip_prefix,
    tracking.tracked_scripts,
    tracking.tracked_once,
    tracking.tracked_interfaces,
    tracking.backup_without_script,
    weights.without_effect,
    weights.gap,
    groups.members,
    groups.one_group,
    groups.same_machines,
    groups.same_preference,
    scripts.security,
    scripts.paths,
    scripts.shell_words,
    scripts.executable,
    virtual_services.one_form,
    virtual_services.lines_of_groups,
    virtual_services.one_mark,
    virtual_services.same_directors,
    virtual_services.without_vip,
    services.address_is_a_vip,
    services.services_once,
    services.check_fields,
    services.checked_by_keepalived,
    balancing.flags,
    balancing.one_packet,
    balancing.persistence,
    balancing.thresholds,
    balancing.weights,
    quorum.for_keepalived,
    quorum.reachable,
    quorum.sorry,
    members.members,
    members.members_once,
    members.ports,
    members.neighbours,
    sync.sync_daemon,
    tunnels.settings,
    tunnels.routes,
    tunnels.reverse_path,
    nat.return_path,
    nat.one_gateway,
    nat.client_subnet,
    nat.gateway_apart,
)


def check(lab: Lab) -> Iterator[Finding]:
    """Give all that is wrong or unwise in ``lab``, check by check; ``allow`` plays no part."""
    for one in CHECKS:
        yield from one(lab)
