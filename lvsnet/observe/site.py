"""A look at every node of a lab, and waiting until the site as a whole is up."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

from lvsnet.engine import logs, namespaces
from lvsnet.engine.links import Links
from lvsnet.engine.runtime import Runtime
from lvsnet.errors import LvsnetError
from lvsnet.observe import ipvs
from lvsnet.observe.model import Address, Node, Service, Site
from lvsnet.plan.model import AddressHeld, Plan, RealServerListed
from lvsnet.progress import Report

INTERVAL = 0.1
LOOPBACK = ("127.0.0.1/8", "::1/128")


def look(plan: Plan, runtime: Runtime) -> Site:
    """The state of every node, read from the kernel and the runtime."""
    inits = runtime.inits(plan.lab)
    vips = tuple(condition.address for condition in plan.held)
    nodes = []
    for node in plan.nodes:
        running = node.name in inits
        addresses: tuple[Address, ...] = ()
        services: tuple[Service, ...] = ()
        if running:
            try:
                with namespaces.entered(namespaces.of_process(inits[node.name])):
                    addresses = _addresses(vips)
                    services = ipvs.services()
            except namespaces.GONE:
                running = False  # its power was cut just now
        daemons = tuple(
            (daemon.name, running and runtime.alive(plan.lab, node.name, daemon.name))
            for daemon in node.daemons
        )
        nodes.append(Node(node.name, node.role, running, addresses, daemons, services))
    return Site(tuple(nodes), vips)


def wait(plan: Plan, runtime: Runtime, deadline: float, report: Report) -> None:
    """Return once every VIP has one holder and every checked real server is in the tables.

    It only looks: nothing is sent to a VIP, so that the connection tables stay empty.

    Raises:
        LvsnetError: ``deadline`` seconds passed, or a daemon ended meanwhile.
    """
    until = time.monotonic() + deadline
    said = ""
    while True:
        site = look(plan, runtime)
        _all_alive(plan, runtime, site)
        missing = lacks(plan, site)
        if not missing:
            return
        if time.monotonic() > until:
            raise LvsnetError(
                f"the site is not up after {deadline:.0f} s: "
                + "; ".join(missing)
                + "\n`lvsnet deploy --no-wait` leaves it running for a look"
            )
        if missing[0] != said:
            said = missing[0]
            report(f"wait: {said}")
        time.sleep(INTERVAL)


def lacks(plan: Plan, site: Site) -> list[str]:
    """What the site still lacks to be up, in words."""
    return [
        *(why for condition in plan.held if (why := _not_held(condition, site))),
        *_not_listed(plan.listed, site),
    ]


def _not_held(condition: AddressHeld, site: Site) -> str:
    holders = [name for name in site.holders(condition.address) if name in condition.nodes]
    if not holders:
        return f"VIP {condition.address} is on none of {', '.join(condition.nodes)}"
    if len(holders) > 1:
        return f"VIP {condition.address} is on {' and '.join(holders)}"
    return ""


def _not_listed(conditions: Iterable[RealServerListed], site: Site) -> list[str]:
    listed = {
        RealServerListed(node.name, service.protocol, service.address, real_server.address)
        for node in site.nodes
        for service in node.services
        for real_server in service.real_servers
    }
    return [
        f"{one.node} does not list {one.real_server} for {one.service}"
        for one in conditions
        if not one.suspended and one not in listed
    ]


def _all_alive(plan: Plan, runtime: Runtime, site: Site) -> None:
    for node in site.nodes:
        for daemon, alive in node.daemons:
            if not alive:
                words = logs.tail(runtime.said(plan.lab, node.name))
                raise LvsnetError(f"{node.name}: {daemon} ended; its last lines:\n{words}")


def _addresses(vips: Collection[str]) -> tuple[Address, ...]:
    """The addresses of the network namespace that this process is in, but the host-local ones, and
    of the link-local ones only VIPs: the kernel gives each interface one."""
    with Links() as links:
        names = links.names()
        found = [(names[index], address) for index, address in links.addresses()]
    return tuple(
        Address(name, address)
        for name, address in found
        if address not in LOOPBACK
        and (not address.startswith("fe80:") or address.partition("/")[0] in vips)
    )
