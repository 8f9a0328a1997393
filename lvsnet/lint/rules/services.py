"""Virtual servers: what keepalived or the kernel refuses, or makes something else of."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.keepalived.keywords.services import SCHEDULERS
from lvsnet.lint.model import Family, Finding, Related, Rule
from lvsnet.lint.servers import KINDS, RealServer, VirtualServer
from lvsnet.lint.site import Machine, Site

FLAGS = {"sh-port": "sh", "sh-fallback": "sh", "mh-port": "mh", "mh-fallback": "mh"}

METHOD = Rule(
    "keepalived-forwarding-method",
    "error",
    "lb_kind is missing, or is none of NAT, DR and TUN, in capitals: keepalived uses NAT",
    "svr_forwarding_handler() of keepalived/check/check_parser.c; keepalived.conf(5), lvs_method",
    "write lb_kind DR, NAT or TUN; IPVS has no FULLNAT",
)
PROTOCOL = Rule(
    "protocol-missing",
    "error",
    "a virtual_server has no protocol: keepalived uses UDP, and TCP connections are refused",
    "validate_check_config() of keepalived/check/check_data.c",
    "write protocol TCP, UDP or SCTP",
)
SCHEDULER_MISSING = Rule(
    "scheduler-missing",
    "note",
    "a virtual_server has no scheduler: keepalived uses wlc",
    "validate_check_config() of keepalived/check/check_data.c; ipvsadm(8), --scheduler",
    "write lb_algo and the one that is meant",
)
SCHEDULER_UNKNOWN = Rule(
    "scheduler-unknown",
    "error",
    "there is no such scheduler: keepalived ignores the line, and uses wlc",
    "lbalgo_handler() of keepalived/check/check_parser.c; ipvsadm(8), --scheduler",
    "write one of the kernel's: " + ", ".join(SCHEDULERS),
)
FLAG = Rule(
    "scheduler-flag",
    "warning",
    "a flag belongs to another scheduler than the virtual server's, or stands before lb_algo:"
    " keepalived ignores it",
    "lbflags_handler() of keepalived/check/check_parser.c; ipvsadm(8), --sched-flags",
    "take it out, or write it below lb_algo sh or mh, whose it is",
)
OPS = Rule(
    "ops-not-udp",
    "error",
    "one-packet scheduling of a service that is not UDP: keepalived takes it out, since each packet"
    " of a connection would go to another real server",
    "ipvsadm(8), --ops; validate_check_config() of keepalived/check/check_data.c",
    "take ops out",
)
PORT_ZERO = Rule(
    "port-zero",
    "error",
    "a service of all ports without persistence: keepalived makes it persistent for 360 s, since"
    " the kernel takes it no other way",
    "ip_vs_add_service() of net/netfilter/ipvs/ip_vs_ctl.c;"
    " validate_check_config() of keepalived/check/check_data.c",
    "write the port, or persistence_timeout",
)
EMPTY = Rule(
    "virtual-server-empty",
    "error",
    "a virtual_server has no real servers: keepalived leaves it out",
    "vs_end_handler() of keepalived/check/check_parser.c",
    "write its real servers",
)
TWICE = Rule(
    "virtual-server-twice",
    "error",
    "one machine has two virtual servers of the same address, port and protocol: the kernel has"
    " one, with the settings of the first and the real servers of both, and keepalived counts"
    " quorum and takes away real servers for each alone",
    "ip_vs_genl_set_cmd() of net/netfilter/ipvs/ip_vs_ctl.c; ipvs_cmd() of"
    " keepalived/check/ipvswrapper.c",
    "put the real servers into one of the two",
)
REAL_TWICE = Rule(
    "real-server-twice",
    "error",
    "a real server is twice in a virtual_server: keepalived leaves out the second",
    "validate_check_config() of keepalived/check/check_data.c",
    "take one out; weight gives a real server more",
)
PORT = Rule(
    "dr-port",
    "error",
    "with DR a real server has another port than the virtual server: packets arrive for the port"
    " that the client chose, and keepalived puts the virtual server's in its place",
    "ipvsadm(8), --real-server; validate_check_config() of keepalived/check/check_data.c",
    "write the virtual server's port, or use NAT",
)
TUN_PORT = Rule(
    "tun-port",
    "error",
    "with TUN a real server has another port than the virtual server: packets leave the tunnel for"
    " the port that the client chose, and keepalived puts the virtual server's in its place",
    "ipvsadm(8), --real-server; validate_check_config() of keepalived/check/check_data.c",
    "write the virtual server's port, or use NAT",
)
FAMILY_DIFFERS = Rule(
    "real-server-family",
    "error",
    "a real server's address is of another family than the virtual server's, and its method is not"
    " TUN: keepalived leaves it out",
    "rs_end_handler() of keepalived/check/check_parser.c",
    "use TUN, or an address of the same family",
)
ADDRESS = Rule(
    "real-server-address",
    "error",
    "a real_server is no address: keepalived looks up no names, and leaves it out or ends",
    "keepalived.conf(5), real_server; alloc_rs() of keepalived/check/check_data.c",
    "write its address",
)
VS_MODULE = Rule(
    "ip-vs-not-loaded",
    "warning",
    "net.ipv4.vs.* is set when the machine starts, and ip_vs is not loaded by then: these"
    " parameters are not there yet, and nobody sets them later",
    "Documentation/networking/ipvs-sysctl.rst of Linux; modules-load.d(5), sysctl.d(5)",
    "write ip_vs into a file of /etc/modules-load.d; a container has no modules of its own, so load"
    " it on its host",
)
SUSPEND = Rule(
    "ha-suspend-fwmark",
    "warning",
    "ha_suspend for a firewall mark, which has no address that keepalived could look for: it takes"
    " ha_suspend out",
    "validate_check_config() of keepalived/check/check_data.c",
    "take it out",
)
IPVSADM = Rule(
    "ipvsadm-line",
    "error",
    "a line of ipvsadm's has an option that it does not know, that does not go with the line's"
    " command or that lacks its value: ipvsadm refuses the line, and what it should add is not"
    " there",
    "ipvsadm(8); parse_options() and generic_opt_check() of ipvsadm.c; popt(3)",
    "correct the option; ipvsadm -h names them all",
)


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


FAMILY = Family(
    "Virtual servers",
    (
        METHOD,
        PROTOCOL,
        SCHEDULER_MISSING,
        SCHEDULER_UNKNOWN,
        FLAG,
        OPS,
        PORT_ZERO,
        EMPTY,
        TWICE,
        REAL_TWICE,
        PORT,
        TUN_PORT,
        FAMILY_DIFFERS,
        ADDRESS,
        VS_MODULE,
        SUSPEND,
        IPVSADM,
    ),
    (forwarding, scheduling, protocols, twice, real_servers, modules, refused),
)
