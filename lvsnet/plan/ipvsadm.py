"""IPVS rules that ipvsadm loads when a director starts, and nobody checks afterwards.

The files are those of Debian's package: its ``/etc/init.d/ipvsadm`` gives the lines of the rules
file that are no comments to ``ipvsadm --restore``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lvsnet.endpoint import joined
from lvsnet.lab.virtual_services import version, virtual_services
from lvsnet.plan.addressing import interface_name
from lvsnet.plan.methods import METHODS
from lvsnet.plan.model import File
from lvsnet.plan.services import Member, Site, rip

if TYPE_CHECKING:
    from lvsnet.lab.model import Lab
    from lvsnet.lab.model_services import Service, Timeouts
    from lvsnet.lab.units import Duration

RULES_PATH = "/etc/ipvsadm.rules"
DEFAULTS_PATH = "/etc/default/ipvsadm"
LOAD = ("sh", "-c", f"grep -v '^#' {RULES_PATH} | ipvsadm --restore")
"""The command that loads the rules."""

BEFORE_KEEPALIVED = File(
    "/etc/systemd/system/keepalived.service.d/50-lvsnet.conf",
    "[Unit]\n# It empties the IPVS table before it loads its rules.\nAfter=ipvsadm.service\n",
)
"""For a real machine on which both have a part in the IPVS table."""

_PROTOCOLS = {"tcp": "-t", "udp": "-u", "sctp": "--sctp-service", "fwmark": "-f"}


def ipvsadm_files(
    lab: Lab,
    node: str,
    sites: Sequence[Site],
    timeouts: Timeouts | None,
    daemon: Sequence[str] = (),
) -> tuple[File, ...]:
    """The rules of ``sites``, the timeouts, if they are ipvsadm's to set, and what loads them.

    ``daemon`` are ipvsadm's options for the sync daemon, if it is ipvsadm's to start. No files when
    there is nothing to load or to start.
    """
    rules = [
        *(() if timeouts is None else _timeouts(timeouts)),
        *(line for site in sites for line in _service(lab, node, site)),
    ]
    if not rules and not daemon:
        return ()
    defaults = File(DEFAULTS_PATH, _defaults(lab, node, sites, daemon, loads=bool(rules)))
    if not rules:
        return (defaults,)
    head = "# As `ipvsadm --save --numeric` writes them; loaded when the machine starts.\n"
    return (
        File(RULES_PATH, head + "".join(f"{rule}\n" for rule in rules)),
        defaults,
    )


def _timeouts(timeouts: Timeouts) -> Iterator[str]:
    chosen = (timeouts.tcp, timeouts.tcp_fin, timeouts.udp)
    if any(one is not None for one in chosen):
        yield " ".join(("--set", *map(_seconds, chosen)))


def _seconds(timeout: Duration | None) -> str:
    return "0" if timeout is None else str(timeout.seconds)  # 0: as it is


def _service(lab: Lab, node: str, site: Site) -> Iterator[str]:
    service = site.service
    for one in virtual_services(service):
        # An address says its family itself.
        family = " -6" if one.address is None and version(service) == 6 else ""
        virtual = f"{_PROTOCOLS[one.protocol]} {one}{family}"
        yield " ".join((f"-A {virtual} -s {service.scheduler}", *_settings(service)))
        for member in site.members:
            real = joined(rip(lab, node, member), member.port or one.port)
            method, *how = METHODS[member.method].options(member.tunnel)
            rule = f"-a {virtual} -r {real} {method} -w {member.weight}"
            yield " ".join((rule, *how, *_thresholds(member)))


def _settings(service: Service) -> Iterator[str]:
    """In the order in which ``ipvsadm --save`` has them."""
    if service.persistence_timeout is not None:
        yield f"-p {service.persistence_timeout.seconds}"
    if service.persistence_granularity is not None:
        yield f"-M {service.persistence_granularity}"
    if service.persistence_engine is not None:
        yield f"--pe {service.persistence_engine}"
    if service.ops:
        yield "-o"
    if service.sched_flags:
        yield f"-b {','.join(service.sched_flags)}"


def _thresholds(member: Member) -> Iterator[str]:
    if member.uthreshold:
        yield f"-x {member.uthreshold}"
    if member.lthreshold:
        yield f"-y {member.lthreshold}"


def _defaults(
    lab: Lab, node: str, sites: Sequence[Site], daemon: Sequence[str], *, loads: bool
) -> str:
    lines = ["# Load the rules when the machine starts.", f'AUTO="{str(loads).lower()}"']
    if daemon:
        _, interface, _, *syncid = daemon
        lines += [
            "# Tell other directors of connections, and listen to them.",
            'DAEMON="both"',
            f'IFACE="{interface}"',
        ]
        if len(syncid) > 1:
            lines.append("# With further options: the start script leaves it to be split.")
        lines.append(f'SYNCID="{" ".join(syncid)}"')
        return "".join(f"{line}\n" for line in lines)
    interfaces = [interface_name(lab, node, site.front) for site in sites]
    lines += ["# Do not tell other directors of connections.", 'DAEMON="none"']
    # With timeouts alone there is no VIP, and so no interface of one.
    lines += [f'IFACE="{interface}"' for interface in interfaces[:1]]
    return "".join(f"{line}\n" for line in lines)
