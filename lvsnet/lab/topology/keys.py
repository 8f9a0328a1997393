"""All keys of a containerlab topology, and what becomes of them (schemas/clab.schema.json).

A key is run, is of no consequence here, is left out with a warning because the site works without
it, or is refused because it would not. None is overlooked, and one that containerlab has not got is
an error, as it is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TOP = ("name", "prefix", "mgmt", "settings", "topology", "debug")
MANAGEMENT = (
    *("network", "bridge", "ipv4-subnet", "ipv4-gw", "ipv4-range", "ipv6-subnet", "ipv6-gw"),
    *("ipv6-range", "mtu", "external-access", "skip-when-unused", "driver-opts"),
    *("ipv4_subnet", "ipv6_subnet"),
)
TOPOLOGY = ("defaults", "kinds", "groups", "nodes", "links")

RUN = (
    *("kind", "group", "image", "entrypoint", "cmd", "user", "exec", "binds", "env", "env-files"),
    *("labels", "sysctls", "cap-add", "privileged", "tmpfs", "security-opts", "network-mode"),
    *("stages", "startup-delay", "restart-policy", "image-pull-policy", "hostname", "dns"),
    *("certificate", "volumes", "runtime", "cgroupns-mode"),
)
"""Of a node: lvsnet does what they say, or says that it does not because of their value."""

WITHOUT_CONSEQUENCE = (
    *("type", "startup-config", "enforce-startup-config", "suppress-startup-config", "license"),
    *("extras", "components", "link-apply-mode"),
    *("config", "position", "credentials", "username", "password", "auto-remove"),
)
"""Of a node: containerlab's kind linux makes nothing of them, or they are for other tools."""


@dataclass(frozen=True)
class Loss:
    """What is left out, and why the site works without it."""

    rule: str
    why: str


_MANAGEMENT = Loss("topology-management", "lvsnet has no management network, so it is left out")
_LIMIT = Loss("topology-limit", "lvsnet does not limit what a node uses, so it is left out")

LEFT_OUT: Mapping[str, Loss] = {
    "mgmt-ipv4": _MANAGEMENT,
    "mgmt-ipv6": _MANAGEMENT,
    "ports": Loss(
        "topology-management",
        "lvsnet has no management network, so no port of this machine leads to a node; "
        "`lvsnet exec` runs commands in one",
    ),
    "aliases": _MANAGEMENT,
    "cpu": _LIMIT,
    "cpu-set": _LIMIT,
    "memory": _LIMIT,
    "shm-size": _LIMIT,
    "cgroup-parent": _LIMIT,
    "healthcheck": Loss("topology-healthcheck", "lvsnet does not run it; the node works the same"),
}

REFUSED: Mapping[str, str] = {
    "devices": "lvsnet gives nodes no devices of this machine",
    "pid-mode": "every node of lvsnet sees its own processes only",
}

NODE = (*RUN, *WITHOUT_CONSEQUENCE, *LEFT_OUT, *REFUSED)

OF_BRIDGES = ("kind", "group", "labels", "network-mode", *WITHOUT_CONSEQUENCE)
"""Keys that a node of kind bridge may have itself."""

STAGES = ("create", "create-links", "configure", "healthy", "exit")
LATER_STAGES: Mapping[str, str] = {
    "healthy": "lvsnet runs no health checks, so no node is ever found healthy",
    "exit": "a node of lvsnet runs until it is stopped",
}

_COMMON = ("mtu", "labels", "ipv4", "ipv6", "vars")
LINK_OF_BRIEF = ("type", "endpoints", *_COMMON)
ENDPOINT = ("node", "interface", "mac", "ipv4", "ipv6", "vars")

_OUTSIDE = "a lab of lvsnet has no way to this machine's networks"
LINKS_REFUSED: Mapping[str, str] = {
    "host": _OUTSIDE,
    "macvlan": _OUTSIDE,
    "mgmt-net": "lvsnet has no management network",
    "vxlan": _OUTSIDE,
    "vxlan-stitch": _OUTSIDE,
    "dummy": "`ip link add NAME type dummy` in exec makes such an interface",
}
LINKS_RUN = ("veth", "veth-stitch", "brief")

KINDS_REFUSED: Mapping[str, str] = {
    "host": "no node of lvsnet is in this machine's network",
    "ovs-bridge": "lvsnet's bridges are Linux's, which kind bridge gives",
    "ext-container": "lvsnet wires the nodes that it makes, and no other containers",
}
