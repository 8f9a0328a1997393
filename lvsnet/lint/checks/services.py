"""Virtual servers: what keepalived or the kernel refuses, or makes something else of."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.keepalived.keywords.services import SCHEDULERS
from lvsnet.lint.model import Check, Finding, Related
from lvsnet.lint.servers import KINDS, RealServer, VirtualServer
from lvsnet.lint.site import Machine, Site
from lvsnet.rules.services import (
    ADDRESS,
    EMPTY,
    FAMILY_DIFFERS,
    FLAG,
    IPVSADM,
    METHOD,
    OPS,
    PORT,
    PORT_ZERO,
    PROTOCOL,
    REAL_TWICE,
    SCHEDULER_MISSING,
    SCHEDULER_UNKNOWN,
    SUSPEND,
    TUN_PORT,
    TWICE,
    VS_MODULE,
)

FLAGS = {"sh-port": "sh", "sh-fallback": "sh", "mh-port": "mh", "mh-fallback": "mh"}


def refused(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        for fault in machine.refused:
            message = f"ipvsadm refuses a line of {machine.name}: {fault.value}"
            yield Finding(IPVSADM.name, fault.place, message)


def forwarding(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        reals = [real for real in server.real_servers if not real.written.word("lvs_method")]
        if server.kind is None and (reals or not server.real_servers):
            message = f"virtual_server {server.name}: there is no lb_kind, so it is NAT"
            yield Finding(METHOD.name, server.place, message)
        words = [server.kind, server.written.word("sorry_server_lvs_method")]
        words += [real.written.word("lvs_method") for real in server.real_servers]
        for kind in words:
            if kind is not None and kind.value not in KINDS:
                message = f"virtual_server {server.name}: keepalived does not know {kind.value}"
                used = "NAT" if kind is server.kind else "the virtual server's"
                yield Finding(METHOD.name, kind.place, f"{message}, and uses {used}")


def scheduling(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        where = f"virtual_server {server.name}"
        if server.scheduler is None:
            message = f"{where}: there is no lb_algo, so it is wlc"
            yield Finding(SCHEDULER_MISSING.name, server.place, message)
        elif server.scheduler.value not in SCHEDULERS:
            message = f"{where}: there is no scheduler {server.scheduler.value}"
            yield Finding(SCHEDULER_UNKNOWN.name, server.scheduler.place, message)
        now = ""
        for word in server.written.all(*FLAGS, "lb_algo", "lvs_sched"):
            if word.keyword not in FLAGS:
                now = word.arguments[0] if word.arguments else ""
            elif FLAGS[word.keyword] != now:
                message = f"{where}: {word.keyword} is for lb_algo {FLAGS[word.keyword]}"
                yield Finding(FLAG.name, word.place, message)


def protocols(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        marks = _of_marks(machine)
        for server in machine.servers:
            yield from _protocol(server, marks)


def _of_marks(machine: Machine) -> set[str]:
    """The virtual server groups that have firewall marks alone, which need no protocol."""
    return {
        f"group {one.arguments[0]}"
        for one in machine.statements
        if one.keyword == "virtual_server_group"
        and one.arguments
        and all(entry.keyword == "fwmark" for entry in one.block or ())
    }


def _protocol(server: VirtualServer, marks: set[str]) -> Iterator[Finding]:
    where = f"virtual_server {server.name}"
    of_mark = server.name.startswith("fwmark") or server.name in marks
    if server.protocol is None and not of_mark:
        message = f"{where}: there is no protocol, so it is UDP"
        yield Finding(PROTOCOL.name, server.place, message)
    ops = server.written.last("ops")
    if ops is not None and server.protocol is not None and server.protocol.value != "UDP":
        message = f"{where}: ops is for UDP, and this is {server.protocol.value}"
        yield Finding(OPS.name, ops.place, message)
    if server.address is not None and not server.port and not server.persistent:
        yield Finding(PORT_ZERO.name, server.place, f"{where}: port 0 without persistence")
    suspend = server.written.last("ha_suspend")
    if suspend is not None and server.name.startswith("fwmark"):
        yield Finding(SUSPEND.name, suspend.place, f"{where}: ha_suspend of a firewall mark")


def twice(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        first: dict[object, VirtualServer] = {}
        for server in machine.servers:
            before = first.setdefault(server.identity, server)
            if before is not server:
                message = f"virtual_server {server.name} is there already"
                related = (Related(before.place, "here first"),)
                yield Finding(TWICE.name, server.place, message, related)


def real_servers(site: Site) -> Iterator[Finding]:
    for server in site.servers():
        where = f"virtual_server {server.name}"
        if not server.real_servers:
            yield Finding(EMPTY.name, server.place, f"{where}: there is no real_server")
            continue
        first: dict[object, RealServer] = {}
        for real in server.real_servers:
            name = " ".join(real.written.arguments)
            if real.address is None:
                # ipvsadm looks names up.
                if server.checked:
                    message = f"{where}: real_server {name or 'without a name'} is no address"
                    yield Finding(ADDRESS.name, real.place, message)
                continue
            before = first.setdefault((real.address, real.port), real)
            if before is not real:
                message = f"{where}: real_server {name} is there already"
                yield Finding(
                    REAL_TWICE.name, real.place, message, (Related(before.place, "here"),)
                )
            yield from _fitting(server, real, f"{where}: real_server {name}")
        if server.sorry is not None and server.sorry.address is not None:
            name = " ".join(server.sorry.written.arguments)
            yield from _fitting(server, server.sorry, f"{where}: sorry_server {name}")


def _fitting(server: VirtualServer, real: RealServer, where: str) -> Iterator[Finding]:
    if server.address is None or real.address is None:
        return
    if real.kind in ("DR", "TUN") and real.port_written and real.port not in (0, server.port):
        message = f"{where}: with {real.kind} its port is the virtual server's, {server.port}"
        rule = PORT if real.kind == "DR" else TUN_PORT
        yield Finding(rule.name, real.place, message)
    if real.address.version != server.address.version and real.kind != "TUN":
        message = f"{where}: IPv{real.address.version} behind an IPv{server.address.version} VIP"
        yield Finding(FAMILY_DIFFERS.name, real.place, f"{message} needs TUN")


def modules(site: Site) -> Iterator[Finding]:
    for machine in site.machines:
        if machine.host is None or machine.host.modules is None or "ip_vs" in machine.host.modules:
            continue
        for key, place in machine.host.sysctl_places.items():
            if key.startswith("net.ipv4.vs."):
                message = f"{machine.name} sets {key}, and loads no ip_vs when it starts"
                yield Finding(VS_MODULE.name, place, message)
                break


CHECKS: tuple[Check, ...] = (
    forwarding,
    scheduling,
    protocols,
    twice,
    real_servers,
    modules,
    refused,
)
