"""NAT: every answer has to go back through the director that has the VIP."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lint.model import Check, Finding, Related
from lvsnet.lint.servers import RealServer, VirtualServer
from lvsnet.lint.site import Site
from lvsnet.rules.nat import GATEWAY_APART, GATEWAY_FIXED, NO_FORWARDING, ONE_NETWORK, RETURN_PATH


def gateways(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        for server in machine.servers:
            holder = machine.instance_with(server.address)
            real = _behind_nat(server)
            if holder is None or real is None or site.router_of(holder) is None:
                continue
            inside = machine.instances_around(real.address) if real.address else ()
            where = f"virtual_server {server.name}"
            if not inside:
                # Of a machine that is known the routes are, too, and have a rule of their own.
                if machine.host and real.address and site.holder(real.address):
                    continue
                message = f"{where}: no VIP of {machine.name} is in {real.address}'s network"
                yield Finding(GATEWAY_FIXED.name, server.place, message)
                continue
            group = machine.group_of(holder.name)
            together = {member.value for member in group.members} if group else {holder.name}
            if not any(one.name in together for one in inside):
                one = inside[0]
                gateway = next(vip for vip in one.held if real.address in vip.network)
                yield Finding(
                    GATEWAY_APART.name,
                    one.place,
                    f"{where}: VIP {server.address} is in instance {holder.name}, the gateway"
                    f" {gateway.address} in {one.name}, and no sync group has both",
                    (Related(holder.place, f"instance {holder.name}"),),
                )


def one_network(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        if machine.host is not None and machine.host.of_lab:
            # Of a lab the clients are known, and its own check looks at each of them.
            continue
        for server in machine.servers:
            holder = machine.instance_with(server.address)
            for vip in holder.held if holder else ():
                if vip.address != server.address or vip.prefix == vip.address.max_prefixlen:
                    continue
                for real in server.real_servers:
                    if real.kind == "NAT" and real.address and real.address in vip.network:
                        yield Finding(
                            ONE_NETWORK.name,
                            real.place,
                            f"virtual_server {server.name}: real server {real.address} is in"
                            f" {vip.network}, where the VIP is",
                            (Related(vip.place, "the VIP"),),
                        )
                        break


def ip_forward(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        if machine.host is None:
            continue
        server = next((one for one in machine.servers if _behind_nat(one)), None)
        ipv6 = server is not None and server.address is not None and server.address.version == 6
        key = "net.ipv6.conf.all.forwarding" if ipv6 else "net.ipv4.ip_forward"
        unsaid = "0" if machine.host.complete else "1"
        if server is not None and machine.host.sysctls.get(key, unsaid) == "0":
            yield Finding(
                NO_FORWARDING.name,
                machine.host.sysctl_places.get(key, server.place),
                f"{machine.name} has virtual_server {server.name} with NAT, and {key}=0",
            )


def return_path(site: Site) -> Iterator[Finding]:
    """Of machines' directories; the nodes of a lab have a check of their own, which knows more."""
    told = set()
    held: dict[str, set[str]] = {}
    for server in site.servers():
        director = site.machine(server.machine)
        for real in server.real_servers:
            machine = site.holder(real.address) if real.kind == "NAT" and real.address else None
            host = machine.host if machine else None
            if machine is None or host is None or host.of_lab or not host.complete:
                continue
            if machine.name in told:
                continue
            ways = {via for to, via in host.routes if to in ("default", "0.0.0.0/0", "::/0")}
            if director.name not in held:
                vips = (vip.address for one in director.instances for vip in one.held)
                held[director.name] = {*map(str, director.own_addresses()), *map(str, vips)}
            if ways & held[director.name]:
                continue
            told.add(machine.name)
            way = f"its gateway is {min(ways)}" if ways else "it has no gateway"
            yield Finding(
                RETURN_PATH.name,
                real.place,
                f"virtual_server {server.name}: real server {machine.name} answers past"
                f" {director.name}: {way}",
            )


def _behind_nat(server: VirtualServer) -> RealServer | None:
    """The first real server that NAT reaches."""
    for real in server.real_servers:
        if real.kind == "NAT" and real.address is not None:
            return real
    return None


CHECKS: tuple[Check, ...] = (gateways, one_network, ip_forward, return_path)
