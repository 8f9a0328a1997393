"""Machines that answer for a VIP with DR or TUN: seen of labs, and of machines' directories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from lvsnet.lint.addresses import IPAddress
from lvsnet.lint.host import Host
from lvsnet.lint.model import Check, Finding, Place
from lvsnet.lint.site import Machine, Site
from lvsnet.rules.realservers import ARP_ANNOUNCE, ARP_IGNORE, NO_VIP, RP_FILTER

TUNNELS = ("tunl", "gre", "sit", "ip6tnl", "ip6gre")
"""How the names of the kernel's tunnel devices begin, of IP in IP and of GRE."""


def quiet(site: Site) -> Iterator[Finding]:
    """About ARP, which is IPv4's."""
    for machine, host, vip in _serving(site):
        if vip.version != 4 or vip not in {one.address for one in host.held}:
            continue
        for rule, key, fitting in (
            (ARP_IGNORE, "arp_ignore", ("1", "2", "3", "8")),
            (ARP_ANNOUNCE, "arp_announce", ("2",)),
        ):
            values = _in_force(host, key)
            if any(value in fitting for value, _ in values):
                continue
            value, place = values[0] if values else ("0", _where(host, vip))
            message = f"{machine.name} has VIP {vip} and net.ipv4.conf.all.{key}={value}"
            yield Finding(rule.name, place, message)


def has_vip(site: Site) -> Iterator[Finding]:
    for machine, host, vip in _serving(site):
        held = {one.address for one in host.held}
        held |= {one.address for instance in machine.instances for one in instance.held}
        added = any(_changes(line, "add", vip) for line, _ in host.commands)
        gone = [place for line, place in host.commands if _changes(line, "del", vip)]
        if gone or (vip not in held and not added and host.complete):
            place = gone[0] if gone else host.place
            yield Finding(NO_VIP.name, place, f"{machine.name} does not have VIP {vip}")


def tunnels(site: Site) -> Iterator[Finding]:
    for machine, host, vip in _serving(site, ("TUN",)):
        values = _in_force(host, "rp_filter", ("all", *TUNNELS))
        if not values or vip.version != 4:
            continue
        value, place = values[0]
        on_tunnel = any(one.interface.startswith(TUNNELS) for one in host.held)
        if value == "0" or (value == "2" and on_tunnel):
            continue
        yield Finding(
            RP_FILTER.name, place, f"{machine.name} takes VIP {vip} by TUN with rp_filter={value}"
        )


def _serving(
    site: Site, kinds: tuple[str, ...] = ("DR", "TUN")
) -> Iterator[tuple[Machine, Host, IPAddress]]:
    """Machines of a lab that are real servers, each with the VIPs that it answers for."""
    having: dict[IPAddress | None, list[tuple[Machine, Host]]] = defaultdict(list)
    for machine in site.machines:
        if machine.host is not None:
            own = {one.address for one in machine.host.held}
            own |= {vip.address for one in machine.instances for vip in one.held}
            for address in own:
                having[address].append((machine, machine.host))
    told = set()
    for server in site.servers():
        for real in server.real_servers:
            if server.address is None or real.kind not in kinds:
                continue
            for machine, host in having.get(real.address, ()):
                key = (machine.name, server.address)
                if key not in told and machine.name != server.machine:
                    told.add(key)
                    yield machine, host, server.address


def _in_force(host: Host, key: str, of: tuple[str, ...] = ("",)) -> list[tuple[str, Place]]:
    """What is set for all interfaces or for one, the largest value first, which counts.

    ``of``: what the names begin with of those that matter.
    """
    return sorted(
        (
            (value, host.sysctl_places.get(name, host.place))
            for name, value in host.sysctls.items()
            if name.startswith(tuple(f"net.ipv4.conf.{one}" for one in of))
            and name.endswith(f".{key}")
        ),
        key=lambda found: found[0],
        reverse=True,
    )


def _where(host: Host, address: IPAddress) -> Place:
    """Where an address that the machine has is written, or else the machine."""
    found = (one.place for one in host.held if one.address == address and one.place)
    return next(found, host.place)


def _changes(line: str, how: str, address: IPAddress) -> bool:
    """Whether a command adds or deletes an address: ``ip address del 192.0.2.1/32 dev lo``."""
    words = line.split()
    return (
        len(words) > 3
        and words[0].rpartition("/")[2] == "ip"
        and words[1].startswith("a")
        and words[2].startswith(how[:1])
        and words[3].partition("/")[0] == str(address)
    )


CHECKS: tuple[Check, ...] = (quiet, has_vip, tunnels)
