"""NAT: every answer has to go back through the director that has the VIP."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lint.model import Family, Finding, Related, Rule
from lvsnet.lint.servers import RealServer, VirtualServer
from lvsnet.lint.site import Site

GATEWAY_APART = Rule(
    "nat-gateway-apart",
    "warning",
    "a service's VIP and the VIP in its real servers' network, their gateway with NAT, are in no"
    " common sync group: when one of them moves alone, answers miss the director",
    "keepalived.conf(5), vrrp_sync_group",
    "put the two instances into one vrrp_sync_group, on all directors",
)
GATEWAY_FIXED = Rule(
    "nat-gateway-fixed",
    "warning",
    "with NAT several directors share a VIP, and none moves in the real servers' network: their"
    " gateway can only be one director's own address, so after a takeover answers miss the other",
    "ip_vs_out_hook() of net/netfilter/ipvs/ip_vs_core.c",
    "give the directors a VRRP instance in that network, in a sync group with the VIP's, and make"
    " its VIP the real servers' gateway",
)
ONE_NETWORK = Rule(
    "nat-one-network",
    "warning",
    "with NAT a real server is in the VIP's own network: answers to clients that are there, too, go"
    " round the director, and the client resets a connection that it knows nothing of",
    "ip_vs_out_hook() of net/netfilter/ipvs/ip_vs_core.c; RFC 9293, 3.10.7.1",
    "use DR, put the real servers into a network of their own, or give them a route to that network"
    " through the director, and set send_redirects=0 there",
    "05-nat-client-in-subnet",
)
NO_FORWARDING = Rule(
    "nat-ip-forward",
    "error",
    "with NAT a director does not forward (net.ipv4.ip_forward=0, or for IPv6"
    " net.ipv6.conf.all.forwarding=0): requests reach the real servers,"
    " answers are dropped, and connections stay in SYN_RECV",
    "Documentation/networking/ip-sysctl.rst of Linux, ip_forward",
    "set net.ipv4.ip_forward=1, or net.ipv6.conf.all.forwarding=1, on all directors",
    "04-nat-without-ip-forward",
)
RETURN_PATH = Rule(
    "nat-return-path",
    "error",
    "with NAT a real server's answers do not go through the director that holds the VIP: nobody"
    " puts the VIP back into them, and connections stay in SYN_RECV",
    "ip_vs_out_hook() of net/netfilter/ipvs/ip_vs_core.c",
    "make a VIP of the directors in that network the real servers' gateway",
    "04-nat-gateway-elsewhere",
)


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


FAMILY = Family(
    "NAT",
    (GATEWAY_APART, GATEWAY_FIXED, ONE_NETWORK, NO_FORWARDING, RETURN_PATH),
    (gateways, one_network, ip_forward, return_path),
)
