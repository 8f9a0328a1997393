"""The sections of the lab file's reference: which model each one describes, and its example."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from lvsnet.lab import model, model_checks, model_marks, model_services, model_vrrp
from lvsnet.lab.document import Loc


@dataclass(frozen=True)
class Excerpt:
    """A place of an example lab, whose lines show a section's keys."""

    lab: str
    loc: Loc


@dataclass(frozen=True)
class Section:
    """What there is to say of one model."""

    title: str
    noun: str
    """Of one value that the model describes."""
    keys: str
    """Where in a lab file it stands."""
    described: type[BaseModel]
    level: int
    example: Excerpt | str
    """Cut from an example lab; or in full where none of them has it."""


SECTIONS = (
    Section("The whole file", "lab", "", model.Lab, 2, Excerpt("dr", ())),
    Section(
        "Segments", "segment", "segments: NAME", model.Segment, 2, Excerpt("nat", ("segments",))
    ),
    Section(
        "Nodes", "node", "nodes: NAME", model.Node, 2, Excerpt("source-cron", ("nodes", "lb01"))
    ),
    Section(
        "Files",
        "file",
        "nodes: NAME: files: PATH",
        model.File,
        3,
        "files:\n"
        "  /etc/motd: |\n"
        "    The text of the file itself.\n"
        "  /usr/local/sbin/check:\n"
        "    source: scripts/check         # beside the lab file\n"
        '    mode: "0755"\n',
    ),
    Section(
        "Routes",
        "route",
        "nodes: NAME: routes",
        model.Route,
        3,
        "routes:\n  - {to: default, via: 172.16.10.1}\n  - {to: 10.0.0.0/8, via: 172.16.10.254}\n",
    ),
    Section(
        "VRRP instances",
        "VRRP instance",
        "vrrp: NAME",
        model_vrrp.VrrpInstance,
        2,
        Excerpt("source-vrrp", ("vrrp",)),
    ),
    Section(
        "Spread VIPs",
        "spread",
        "vrrp: spread",
        model_vrrp.Spread,
        2,
        "vrrp:\n"
        "  spread: {addresses: 6, over: [lb01, lb02, lb03], losses: 1}\n"
        "services:\n"
        "  web: {address: spread, port: 80, method: dr, real_servers: [nginx01, nginx02]}\n",
    ),
    Section(
        "Authentication",
        "authentication",
        "vrrp: NAME: authentication",
        model_vrrp.Authentication,
        3,
        Excerpt("source-vrrp", ("vrrp", "VI_1", "authentication")),
    ),
    Section(
        "Tracked scripts",
        "tracked script",
        "vrrp: NAME: track_script",
        model_vrrp.TrackScript,
        3,
        Excerpt("source-vrrp", ("vrrp", "NGINX_01", "track_script")),
    ),
    Section(
        "Tracked links",
        "tracked link",
        "vrrp: NAME: track_interface",
        model_vrrp.TrackInterface,
        3,
        "track_interface: [back, {segment: storage, weight: -60}]\n",
    ),
    Section(
        "Scripts",
        "script",
        "vrrp_script: NAME",
        model_vrrp.VrrpScript,
        2,
        Excerpt("source-vrrp", ("vrrp_script",)),
    ),
    Section(
        "Sync groups",
        "sync group",
        "vrrp_sync_group: NAME",
        model_vrrp.SyncGroup,
        2,
        Excerpt("nat", ("vrrp_sync_group",)),
    ),
    Section(
        "Services",
        "service",
        "services: NAME",
        model_services.Service,
        2,
        Excerpt("source-virtual-server", ("services",)),
    ),
    Section(
        "Firewall marks",
        "mark",
        "services: NAME: marks",
        model_marks.Mark,
        3,
        "services:\n"
        "  shop:\n"
        "    fwmark: 1\n"
        "    marks: [{address: 192.168.10.100, ports: [80, 443]}]\n"
        "    method: dr\n"
        "    real_servers: [nginx01, nginx02]\n",
    ),
    Section(
        "Groups of virtual servers",
        "line of a group",
        "services: NAME: virtual_server_group",
        model_marks.VirtualServers,
        3,
        "services:\n"
        "  web:\n"
        "    virtual_server_group:\n"
        "      - {address: 192.168.10.100-102, ports: [80, 8080-8089]}\n"
        "      - {address: 192.168.10.110, ports: 80}\n"
        "    method: dr\n"
        "    real_servers: [nginx01, nginx02]\n",
    ),
    Section(
        "Real servers",
        "real server",
        "services: NAME: real_servers",
        model_services.RealServer,
        3,
        Excerpt("nat", ("services", "web", "real_servers")),
    ),
    Section(
        "Tunnels",
        "tunnel",
        "services: NAME: tunnel",
        model_services.Tunnel,
        3,
        Excerpt("gue", ("services",)),
    ),
    Section(
        "Sorry servers",
        "sorry server",
        "services: NAME: sorry_server",
        model_services.SorryServer,
        3,
        "services:\n"
        "  web:\n"
        "    address: 192.168.10.100\n"
        "    port: 80\n"
        "    method: nat\n"
        "    real_servers: [nginx01, nginx02]\n"
        "    check: {type: http}\n"
        "    sorry_server: {node: nginx03, port: 8080}\n",
    ),
    Section(
        "Checks",
        "check",
        "services: NAME: check",
        model_checks.Check,
        3,
        Excerpt("dr", ("services", "web", "check")),
    ),
    Section(
        "Timeouts of connections",
        "timeouts",
        "timeouts",
        model_services.Timeouts,
        2,
        "timeouts: {tcp: 15m, tcp_fin: 30s, udp: 5m}\n",
    ),
    Section(
        "Connection synchronization",
        "sync daemon",
        "sync_daemon",
        model_services.SyncDaemon,
        2,
        "sync_daemon: {segment: lan, syncid: 33}\n",
    ),
    Section(
        "Global definitions",
        "global definitions",
        "global_defs",
        model.GlobalDefs,
        2,
        "global_defs: {script_user: nobody, enable_script_security: true}\n",
    ),
)
