"""Virtual services as keepalived.conf has them: virtual servers with checks of real servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lvsnet.keepalived.keywords.services import REAL_SERVER, VIRTUAL_SERVER
from lvsnet.keepalived.tree import Blank, Comment, Statement, Word, comment, statement
from lvsnet.lab.virtual_services import FWMARK, asked_ports, version, virtual_services
from lvsnet.plan.checkers import checker, checks, interval
from lvsnet.plan.methods import METHODS
from lvsnet.plan.services import Member, Site, rip
from lvsnet.plan.settings import Machine, written

if TYPE_CHECKING:
    from lvsnet.lab.model import Lab
    from lvsnet.lab.model_services import Service, Timeouts


def lvs_timeouts(timeouts: Timeouts) -> Iterator[Statement]:
    """The line of ``global_defs``; none when all stay as they are."""
    chosen = {"tcp": timeouts.tcp, "tcpfin": timeouts.tcp_fin, "udp": timeouts.udp}
    words = [
        word
        for name, timeout in chosen.items()
        if timeout is not None
        for word in (name, str(timeout.seconds))
    ]
    if words:
        yield statement("lvs_timeouts", *words)


def virtual_server(lab: Lab, node: str, site: Site) -> Iterator[Statement]:
    """The virtual server of a service on its director ``node``, and its group before it."""
    service = site.service
    virtual = virtual_services(service)
    by_address = any(one.address is not None for one in virtual)
    if service.virtual_server_group:
        named: tuple[str | int, ...] = ("group", site.name)
        block = tuple(statement(str(first), *rest) for first, *rest in _lines(service))
        yield statement("virtual_server_group", site.name, block=block)
    else:
        (named,) = _lines(service)
    yield statement(
        "virtual_server",
        *named,
        block=(
            comment(f"service {site.name}"),
            *_checking(service),
            *_quorum(service),
            statement("lb_algo", service.scheduler),
            # Behind it: keepalived takes a flag only for the scheduler that it knows by then.
            *(statement(flag) for flag in service.sched_flags),
            *_ipvs(service),
            statement("lb_kind", *METHODS[service.method].lvs_method(service.tunnel)),
            # Of a firewall mark alone it would be told to be of no use.
            *((statement("protocol", service.protocol.upper()),) if by_address else ()),
            *_sorry_server(lab, node, site),
            *written(Machine(lab, node), VIRTUAL_SERVER, service.settings),
            *(
                item
                for member in site.members
                for item in (Blank(), _real_server(lab, node, member, service))
            ),
        ),
    )


def _lines(service: Service) -> Iterator[tuple[str | int, ...]]:
    """The head of a virtual server, or the lines of a group (keepalived.conf(5)).

    In a group a mark alone is one of IPv4 packets (ipvs_group_cmd() of
    keepalived/check/ipvswrapper.c); elsewhere its family is that of its real servers.
    """
    family = ("inet6",) if service.virtual_server_group and version(service) == 6 else ()
    for one in virtual_services(service):
        if one.address is None:
            yield (FWMARK, one.mark, *family)
        else:
            yield (str(one.address), one.port)


def _ipvs(service: Service) -> Iterator[Statement]:
    """How IPVS treats connections of the service."""
    if service.ops:
        yield statement("ops")
    if service.persistence_engine is not None:
        yield statement("persistence_engine", service.persistence_engine)
    if service.persistence_timeout is not None:
        yield statement("persistence_timeout", str(service.persistence_timeout.seconds))
    if service.persistence_granularity is not None:
        yield statement("persistence_granularity", service.persistence_granularity)


def _checking(service: Service) -> Iterator[Statement]:
    if not service.is_checked:
        return
    every = interval(service)
    if every is not None:
        yield statement("delay_loop", str(every.seconds))
    if service.alpha:
        # Without alpha keepalived puts every real server into the table at once and takes the dead
        # ones out after their first failed checks, so that clients of a director that has just
        # started hit them, and nobody can tell "has passed" from "was not looked at yet". It costs
        # nothing at start: a new master waits for its VIP longer than a first check takes, which
        # warmup 0 makes one second. It comes anywhere within delay_loop otherwise, and with a long
        # one the table would stay empty.
        yield statement("warmup", 0)
        yield Statement((Word("alpha"),), comment=Comment(" in the table once its check passes"))


def _quorum(service: Service) -> Iterator[Statement]:
    """When the service counts as up, and what that means."""
    switches = {
        "omega": service.omega,
        "inhibit_on_failure": service.inhibit_on_failure,
        "ha_suspend": service.ha_suspend,
    }
    yield from (statement(word) for word, wanted in switches.items() if wanted)
    if service.quorum > 1:
        yield statement("quorum", service.quorum)
    if service.hysteresis:
        yield statement("hysteresis", service.hysteresis)
    if service.quorum_up is not None:
        yield statement("quorum_up", service.quorum_up)
    if service.quorum_down is not None:
        yield statement("quorum_down", service.quorum_down)


def _sorry_server(lab: Lab, director: str, site: Site) -> Iterator[Statement]:
    for member in site.sorry:
        yield statement("sorry_server", *_reached(lab, director, member))
        if member.method != site.service.method or member.tunnel != site.service.tunnel:
            how = METHODS[member.method].lvs_method(member.tunnel)
            yield statement("sorry_server_lvs_method", *how)
        if site.service.sorry_server_inhibit:
            yield statement("sorry_server_inhibit")


def _reached(lab: Lab, director: str, member: Member) -> tuple[str | int, ...]:
    port = (member.port,) if member.port else ()
    return (str(rip(lab, director, member)), *port)


def _real_server(lab: Lab, director: str, member: Member, service: Service) -> Statement:
    # Of a real server without a port of its own, the first one that clients ask is checked.
    ports = () if member.port else asked_ports(service)[:1]
    method = METHODS[member.method].lvs_method(member.tunnel)
    own = method != METHODS[service.method].lvs_method(service.tunnel)
    return statement(
        "real_server",
        *_reached(lab, director, member),
        block=(
            statement("weight", member.weight),
            *((statement("lvs_method", *method),) if own else ()),
            *((statement("uthreshold", member.uthreshold),) if member.uthreshold else ()),
            *((statement("lthreshold", member.lthreshold),) if member.lthreshold else ()),
            *written(Machine(lab, director), REAL_SERVER, member.settings),
            *(
                checker(Machine(lab, director), one, ports, interval(service))
                for one in checks(service, member)
            ),
        ),
    )
