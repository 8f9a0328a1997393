"""Checks of single nodes."""

from __future__ import annotations

from collections.abc import Iterator

from lvsnet.lab.addressing import address_in, contains, is_of_link, own
from lvsnet.lab.checks.addresses import settled
from lvsnet.lab.checks.applications import PROGRAMS, of_node
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.held_vips import located
from lvsnet.lab.model import File, Lab, Route
from lvsnet.lab.suggest import hint

MOST_NODES = 500
MOST_INTERFACES = 100
"""Of one node."""
KEEPALIVED_CONF = "/etc/keepalived/keepalived.conf"


def amounts(lab: Lab) -> Iterator[Finding]:
    """A lab has a segment and a node, and no more nodes and interfaces than a machine bears."""
    for key, amount in (("segments", len(lab.segments)), ("nodes", len(lab.nodes))):
        if amount == 0:
            yield Finding((key,), f"{key}: is empty; at least one is needed", because=((key,),))
    if len(lab.nodes) > MOST_NODES:
        message = f"nodes: {len(lab.nodes)} are too many; at most {MOST_NODES}"
        yield Finding(("nodes",), message, "key")
    for name, node in lab.nodes.items():
        if len(node.interfaces) > MOST_INTERFACES:
            yield Finding(
                ("nodes", name, "interfaces"),
                f"node {name}: {len(node.interfaces)} interfaces are too many;"
                f" at most {MOST_INTERFACES}",
                "key",
            )


def reserved_names(lab: Lab) -> Iterator[Finding]:
    """``localhost`` names each machine itself (RFC 6761, 6.3)."""
    if "localhost" in lab.nodes:
        yield Finding(("nodes", "localhost"), "a node cannot be called localhost", "key")


def files_have_one_text(lab: Lab) -> Iterator[Finding]:
    """A file has either ``content`` or ``source``."""
    for name, node in lab.nodes.items():
        for path, file in node.files.items():
            if isinstance(file, File):
                yield from _one_text(("nodes", name, "files", path), f"{path} of node {name}", file)
        if node.keepalived is not None:
            yield from _one_text(
                ("nodes", name, "keepalived"), f"keepalived of node {name}", node.keepalived
            )


def _one_text(loc: Loc, what: str, file: File) -> Iterator[Finding]:
    content, source = (*loc, "content"), (*loc, "source")
    if file.content is not None and file.source is not None:
        yield Finding(source, f"{what} has both content and source; keep one", "key")
    elif file.content is None and file.source is None:
        message = f"{what} has neither content nor source"
        yield Finding(loc, message, "key", (content, source))


def files_are_no_directories(lab: Lab) -> Iterator[Finding]:
    """No file's path goes through another file."""
    for name, node in lab.nodes.items():
        outer: str | None = None
        # Sorted by parts, so that what is beneath a path follows it directly.
        for path in sorted(node.files, key=lambda path: path.split("/")):
            if outer is None or not path.startswith(f"{outer}/"):
                outer = path
                continue
            yield Finding(
                ("nodes", name, "files", path),
                f"node {name}: {path} is beneath {outer}, which is a file",
                "key",
            )


def sysctls_are_the_nodes_own(lab: Lab) -> Iterator[Finding]:
    """Only net.* belongs to a network namespace; the rest is shared (namespaces(7), sysctl(8))."""
    for name, node in lab.nodes.items():
        for key in node.sysctls:
            if not (lab.privileged or node.privileged) and not key.startswith(("net.", "net/")):
                yield Finding(
                    ("nodes", name, "sysctls", key),
                    f"node {name}: {key} is shared by all nodes; only net.* is a node's own"
                    " (privileged: true allows it)",
                    "key",
                    (("nodes", name, "privileged"),),
                )


def sysctls_once(lab: Lab) -> Iterator[Finding]:
    """``net.ipv4.ip_forward`` and ``net/ipv4/ip_forward`` are one key."""
    for name, node in lab.nodes.items():
        first: dict[tuple[str, ...], str] = {}
        for key in node.sysctls:
            parts = sysctl_parts(key)
            if parts in first:
                yield Finding(
                    ("nodes", name, "sysctls", key),
                    f"node {name}: {key} is the same as {first[parts]}",
                    "key",
                )
            first.setdefault(parts, key)


def sysctl_parts(key: str) -> tuple[str, ...]:
    """Split as sysctl(8) does: by the first separator, of which the other is then a plain dot."""
    separator = next(character for character in key if character in "./")
    return tuple(key.split(separator))


def routes_once(lab: Lab) -> Iterator[Finding]:
    """A node has one route to a destination; the default one of each family."""
    for name, node in lab.nodes.items():
        seen = set()
        for number, route in enumerate(node.routes):
            key = (str(route.to), route.via.version)
            if key in seen:
                loc = ("nodes", name, "routes", number, "to")
                yield Finding(loc, f"node {name}: there is already a route to {route.to}")
            seen.add(key)


def gateways_are_neighbours(lab: Lab) -> Iterator[Finding]:
    """A route's gateway is in one of the node's segments, and not the node itself."""
    for name, node in lab.nodes.items():
        near = [lab.segments[key] for key in node.interfaces if key in lab.segments]
        for number, route in enumerate(node.routes):
            loc = ("nodes", name, "routes", number, "via")
            if route.via in own(node):
                yield Finding(loc, f"node {name}: the gateway {route.via} is the node itself")
            elif is_of_link(route.via) or route.dev is not None:
                yield from _of_link(lab, name, number, route)
            elif settled(lab, name) and not any(contains(segment, route.via) for segment in near):
                yield Finding(
                    loc,
                    f"node {name}: the gateway {route.via} is in none of the node's segments",
                    because=(("nodes", name, "interfaces"), ("segments",)),
                )


def _of_link(lab: Lab, name: str, number: int, route: Route) -> Iterator[Finding]:
    """Each segment has link-local addresses of its own, so the gateway is in a segment that is
    said, or the only one. A gateway of another kind may say its segment, too."""
    node, loc = lab.nodes[name], ("nodes", name, "routes", number)
    because: tuple[Loc, ...] = (("nodes", name, "interfaces"), ("segments",))
    if route.dev is None and len(node.interfaces) > 1:
        yield Finding(
            (*loc, "via"),
            f"node {name}: the gateway {route.via} is a link-local address, of which each of"
            f" {' and '.join(node.interfaces)} has its own; say which with"
            f" `dev: {next(iter(node.interfaces))}`",
            because=because,
        )
    elif route.dev is not None and route.dev not in node.interfaces:
        known = hint(route.dev, node.interfaces)
        message = f"node {name}: it has no interface in segment '{route.dev}'{known}"
        yield Finding((*loc, "dev"), message, because=because)
    elif settled(lab, name) and node.interfaces:
        segment = route.dev or next(iter(node.interfaces))
        reason, (holder, vip) = "", located(lab).get(route.via, ("", None))
        if is_of_link(route.via) and address_in(node, segment, 6) is None:
            reason = f"IPv6, and the node has no IPv6 address in segment {segment}"
        elif is_of_link(route.via) and vip is not None and vip.segment != segment:
            reason = f"a VIP of VRRP instance {holder} in segment {vip.segment}, not in {segment}"
        elif not is_of_link(route.via) and not contains(lab.segments[segment], route.via):
            reason = f"not in segment {segment}"
        if reason:
            message = f"node {name}: the gateway {route.via} is {reason}"
            yield Finding((*loc, "via"), message, because=because)


def keepalived_where_it_runs(lab: Lab) -> Iterator[Finding]:
    """Directors and real servers run keepalived; other machines do not have it."""
    for name, node in lab.nodes.items():
        if node.keepalived is not None and node.role not in ("director", "realserver"):
            yield Finding(
                ("nodes", name, "keepalived"),
                f"node {name}: only directors and real servers run keepalived; its role is"
                f" {node.role}",
                "key",
                (("nodes", name, "role"),),
            )


def daemons_once(lab: Lab) -> Iterator[Finding]:
    """A further daemon is none that runs on the node anyway."""
    for name, node in lab.nodes.items():
        for daemon in node.daemons:
            why = _runs_anyway(lab, name, daemon)
            if why is not None:
                yield Finding(
                    ("nodes", name, "daemons", daemon),
                    f"node {name}: {daemon} runs there anyway, {why}; take it out, or give your"
                    " own daemon another name",
                    "key",
                    (("nodes", name, "role"),),
                )


def _runs_anyway(lab: Lab, name: str, daemon: str) -> str | None:
    """Why lvsnet starts a daemon of this name on a node; None when it does not."""
    node = lab.nodes[name]
    if node.role == "realserver" and daemon in PROGRAMS.values():
        for application in of_node(lab, name):
            if daemon == PROGRAMS[application]:
                return f"for application {application}, as it is a real server"
    if daemon == "keepalived" and node.role in ("director", "realserver"):
        if node.keepalived is not None or KEEPALIVED_CONF in node.files:
            return "with a configuration of your own"
        instances = [key for key, one in lab.vrrp.items() if name in one.priority]
        if instances:
            return f"for VRRP instance {instances[0]}"
    return None
