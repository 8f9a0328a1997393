"""Checks of how a service is balanced: what IPVS refuses, and what it or keepalived takes for
something else.

Most of it neither says: a flag of another scheduler is dropped, an engine without persistence is
never asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.model import Lab
from lvsnet.lab.model_services import Service
from lvsnet.lab.schedulers import FLAGGED, MH_TURNS, SH_TABLE, UNWEIGHED, coarse
from lvsnet.lab.virtual_services import protocols, version, vips


def flags(lab: Lab) -> Iterator[Finding]:
    """A scheduler has its own flags, each once."""
    for name, service in lab.services.items():
        for number, flag in enumerate(service.sched_flags):
            loc: Loc = ("services", name, "sched_flags", number)
            rests_on: tuple[Loc, ...] = (("services", name, "scheduler"),)
            named = flag.partition("-")[0]
            if service.scheduler not in FLAGGED:
                yield Finding(
                    loc,
                    f"service {name}: {flag} is for a scheduler that has flags, sh or mh;"
                    f" {service.scheduler} has none, and would go on without a word",
                    because=rests_on,
                )
            elif named in FLAGGED and named != service.scheduler:
                yield Finding(
                    loc,
                    f"service {name}: {flag} is a flag of scheduler {named}, and this one is"
                    f" {service.scheduler}; keepalived drops it without a word, ipvsadm refuses"
                    f" the service; write {flag.replace(named, service.scheduler)}",
                    because=rests_on,
                )
            elif flag in service.sched_flags[:number]:
                yield Finding(loc, f"service {name}: {flag} is there twice")


def one_packet(lab: Lab) -> Iterator[Finding]:
    """A connection of TCP or SCTP has many packets, and all of them go one way."""
    for name, service in lab.services.items():
        if service.ops and service.fwmark is None and service.protocol != "udp":
            yield Finding(
                ("services", name, "ops"),
                f"service {name}: ops is for protocol udp, and this one's is {service.protocol}:"
                " keepalived clears it, ipvsadm refuses the service; take it out",
                "key",
                (("services", name, "protocol"),),
            )


def persistence(lab: Lab) -> Iterator[Finding]:
    """What belongs to persistence is there with it, and fits the protocol."""
    for name, service in lab.services.items():
        if service.persistence_timeout is None:
            for key, what in (
                ("persistence_granularity", service.persistence_granularity),
                ("persistence_engine", service.persistence_engine),
            ):
                if what is not None:
                    yield Finding(
                        ("services", name, key),
                        f"service {name}: {key} is of persistence, which it has none of; add"
                        " persistence_timeout: 6m, or take it out",
                        "key",
                        (("services", name, "persistence_timeout"),),
                    )
        elif service.persistence_engine == "sip" and protocols(service) in ({"tcp"}, {"sctp"}):
            yield Finding(
                ("services", name, "persistence_engine"),
                f"service {name}: the engine sip looks for a Call-ID in datagrams alone"
                f" (ip_vs_sip_fill_param() of the kernel), so with protocol {service.protocol} no"
                " connection would ever be made; take it out, or use protocol udp",
                because=(("services", name, "protocol"),),
            )


def granularity(lab: Lab) -> Iterator[Finding]:
    """A mask of IPv4 is written as an address, one of IPv6 as a length.

    keepalived takes 24 for the mask 0.0.0.24, by which clients of one last byte would be one, and
    no address for IPv6 (pgr_handler() of keepalived/check/check_parser.c).
    """
    for name, service in lab.services.items():
        written = service.persistence_granularity
        loc: Loc = ("services", name, "persistence_granularity")
        if written is None or not vips(service):
            continue
        if version(service) == 4 and written.isdigit():
            mask = IPv4Network(f"0.0.0.0/{min(int(written), 32)}").netmask
            yield Finding(
                loc,
                f"service {name}: {written} is the length of a prefix; keepalived would take it for"
                f" the mask 0.0.0.{written}; write {mask}",
                because=(("services", name, "address"),),
            )
        elif version(service) == 6 and not written.isdigit():
            yield Finding(
                loc,
                f"service {name}: {written} is a mask of IPv4 addresses, and its VIP is an IPv6"
                " address; write the length of a prefix, such as 64",
                because=(("services", name, "address"),),
            )


def thresholds(lab: Lab) -> Iterator[Finding]:
    """The kernel takes no real server whose lower threshold is above the upper one."""
    for name, service in lab.services.items():
        for number, server in enumerate(service.real_servers):
            if server.lthreshold <= server.uthreshold:
                continue
            item: Loc = ("services", name, "real_servers", number)
            what = (
                f"above uthreshold {server.uthreshold}"
                if server.uthreshold
                else "given without uthreshold, which is 0 then"
            )
            yield Finding(
                (*item, "lthreshold"),
                f"service {name}: lthreshold {server.lthreshold} is {what}; the kernel refuses such"
                " a real server (ip_vs_add_dest()), so it would not be in the table",
                because=((*item, "uthreshold"),),
            )


def weights(lab: Lab) -> Iterator[Finding]:
    """Weights do something, and as much as they say."""
    for name, service in lab.services.items():
        given = [server.weight for server in service.real_servers]
        if service.scheduler in UNWEIGHED:
            yield from _unused(name, service)
        elif service.scheduler == "sh" and sum(given) > SH_TABLE:
            yield Finding(
                ("services", name, "scheduler"),
                f"service {name}: with scheduler sh a real server has as many of {SH_TABLE} places"
                f" as its weight says, and the weights come to {sum(given)}: some real servers"
                " have fewer, or none; take smaller weights",
                because=(("services", name, "real_servers"),),
                rule="sh-weights",
            )
        elif service.scheduler == "mh" and (times := coarse(given)) is not None:
            yield Finding(
                ("services", name, "scheduler"),
                f"service {name}: scheduler mh has {MH_TURNS} steps for weights, and these go up"
                f" to {times} times their common divisor, so it makes them"
                " coarser; take weights that are nearer to each other",
                because=(("services", name, "real_servers"),),
                rule="mh-weights",
            )


def _unused(name: str, service: Service) -> Iterator[Finding]:
    if service.quorum > 1:
        return  # which counts them
    for number, server in enumerate(service.real_servers):
        if server.weight > 1:
            yield Finding(
                ("services", name, "real_servers", number, "weight"),
                f"service {name}: scheduler {service.scheduler} asks of a weight only whether it is"
                f" 0, so {server.weight} does nothing; use"
                f" {'wrr' if service.scheduler == 'rr' else 'wlc'}, or take it out",
                because=(("services", name, "scheduler"),),
                rule="weight-unused",
            )
            return
