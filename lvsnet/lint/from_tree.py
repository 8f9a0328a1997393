"""What a machine's other files say: kernel parameters, addresses, routes, ipvsadm's rules.

A directory such as `lvsnet render` writes, or a repository of machines' files has:
``lb01/etc/sysctl.d/...``, ``lb01/etc/netplan/...``, ``lb01/etc/network/interfaces``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_interface
from pathlib import Path

from lvsnet.errors import LabFileError, Problem
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Leaf, Listing, Mark, Node, Table, child, place
from lvsnet.lint.host import Held, Host
from lvsnet.lint.model import Place
from lvsnet.lint.reading import refused, text_of
from lvsnet.plan.sysctls import dotted

IPVSADM = "etc/ipvsadm.rules"
DEFAULTS = "etc/default/ipvsadm"
INTERFACES = "etc/network/interfaces"
_SAYING = (
    "etc/keepalived/keepalived.conf",
    "etc/sysctl.conf",
    "etc/sysctl.d",
    "etc/netplan",
    INTERFACES,
    IPVSADM,
)
_KINDS = ("ethernets", "bonds", "bridges", "vlans", "tunnels", "dummy-devices")
"""Of netplan's devices."""
_SYSCTL = re.compile(r"-?\s*([\w./*-]+)\s*=\s*(.*)")
_DEFAULT = re.compile(r"\s*(DAEMON|IFACE|SYNCID)\s*=\s*[\"']?([^\s\"']*)")


@dataclass
class Tree:
    """What was read of a machine's directory."""

    texts: dict[str, str] = field(default_factory=dict)
    sysctls: dict[str, tuple[str, Place]] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    routes: list[tuple[str, str]] = field(default_factory=list)
    commands: list[tuple[str, Place]] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    complete: bool = False


def is_machine(root: Path) -> bool:
    """Whether a directory has files of which the linter reads some."""
    return any((root / one).exists() for one in _SAYING)


def host(root: Path) -> tuple[Host, dict[str, str]]:
    """The facts in a machine's directory, and the texts of the files that they are in.

    Raises LabFileError when one of them cannot be read.
    """
    try:
        return _host(root)
    except OSError as error:
        raise refused(str(error.filename or root), error) from None


def _host(root: Path) -> tuple[Host, dict[str, str]]:
    tree = Tree()
    for path in (*_files(root, "etc/sysctl.d", "*.conf"), root / "etc/sysctl.conf"):
        _sysctls(path, tree)
    for path in _files(root, "etc/netplan", "*.yaml"):
        _netplan(path, tree)
    _interfaces(root / INTERFACES, tree)
    for path in (*_files(root, "etc/modules-load.d", "*.conf"), root / "etc/modules"):
        tree.modules |= {line.strip() for line, _ in _lines(path, tree)}
    tree.commands += _lines(root / IPVSADM, tree)
    _defaults(root / DEFAULTS, tree)
    return (
        Host(
            role="",
            place=Place(str(root), 1),
            held=tuple(tree.held),
            routes=tuple(tree.routes),
            sysctls={key: value for key, (value, _) in tree.sysctls.items()},
            sysctl_places={key: where for key, (_, where) in tree.sysctls.items()},
            commands=tuple(tree.commands),
            modules=frozenset(tree.modules),
            complete=tree.complete,
        ),
        tree.texts,
    )


def _files(root: Path, directory: str, pattern: str) -> list[Path]:
    return sorted(path for path in (root / directory).glob(pattern) if path.is_file())


def _lines(path: Path, tree: Tree) -> Iterator[tuple[str, Place]]:
    """The lines of a file that say something; none when there is no file."""
    if not path.is_file():
        return
    text = tree.texts[str(path)] = text_of(path)
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare and not bare.startswith(("#", ";")):
            yield bare, Place(str(path), number, len(line) - len(line.lstrip()) + 1)


def _sysctls(path: Path, tree: Tree) -> None:
    """sysctl.d(5): of several files the last one counts."""
    for line, where in _lines(path, tree):
        found = _SYSCTL.fullmatch(line)
        if found:
            tree.sysctls[dotted(found[1])] = (found[2].strip(), where)


def _netplan(path: Path, tree: Tree) -> None:
    """https://netplan.readthedocs.io/en/stable/netplan-yaml/"""
    text = tree.texts[str(path)] = text_of(path)
    document = parse(text)
    wrong = [
        Problem(str(path), fault.mark.line, fault.mark.column, fault.message)
        for fault in document.faults
        if fault.mark is not None
    ]
    if wrong:
        raise LabFileError(wrong)
    network = child(document.root, "network")
    tree.complete = tree.complete or network is not None
    for kind in _KINDS:
        devices = child(network, kind)
        if not isinstance(devices, Table):
            continue
        for name, device in devices.entries.items():
            addresses = child(device.node, "addresses")
            for number, item in enumerate(
                addresses.items if isinstance(addresses, Listing) else ()
            ):
                mark, _ = place(document, ("network", kind, name, "addresses", number))
                written = next(iter(item.node.entries)) if isinstance(item.node, Table) else ""
                _hold(tree, written or _plain(item.node), name, _at(path, mark))
            gateway = _plain(child(device.node, "gateway4"))
            if gateway:
                tree.routes.append(("default", gateway))
            routes = child(device.node, "routes")
            for item in routes.items if isinstance(routes, Listing) else ():
                to, via = _plain(child(item.node, "to")), _plain(child(item.node, "via"))
                if to and via:
                    tree.routes.append((to, via))


def _at(path: Path, mark: Mark) -> Place:
    return Place(str(path), mark.line, mark.column)


def _plain(node: Node | None) -> str:
    return str(node.value) if isinstance(node, Leaf) else ""


def _interfaces(path: Path, tree: Tree) -> None:
    """interfaces(5)"""
    name = address = ""
    here = Place(str(path), 1)
    for line, where in _lines(path, tree):
        tree.complete = True
        words = line.split()
        if words[0] == "iface" and len(words) > 1:
            name = words[1].partition(":")[0]
        elif words[0] == "address" and len(words) > 1:
            address, here = words[1], where
            _hold(tree, address, name, here)
        elif words[0] == "netmask" and len(words) > 1 and address and tree.held:
            tree.held.pop()
            _hold(tree, f"{address.partition('/')[0]}/{words[1]}", name, here)
        elif words[0] == "gateway" and len(words) > 1:
            tree.routes.append(("default", words[1]))
        elif words[0] in ("up", "post-up", "pre-up"):
            tree.commands.append((" ".join(words[1:]), where))


def _hold(tree: Tree, written: str, interface: str, where: Place) -> None:
    try:
        found = ip_interface(written)
    except ValueError:
        return
    # Which segment an interface is in nobody says, but its network tells as much.
    inner = interface == "lo" or found.network.num_addresses == 1
    segment = "" if inner else str(found.network)
    tree.held.append(Held(found.ip, interface, segment, where))


def _defaults(path: Path, tree: Tree) -> None:
    """Debian's /etc/default/ipvsadm, which starts a sync daemon."""
    said: dict[str, str] = {}
    where = Place(str(path), 1)
    for line, here in _lines(path, tree):
        found = _DEFAULT.match(line)
        if found:
            said[found[1]] = found[2]
            where = here if found[1] == "DAEMON" else where
    for role in ("master", "backup"):
        if said.get("DAEMON") in (role, "both"):
            line = f"ipvsadm --start-daemon {role} --mcast-interface {said.get('IFACE', '')}"
            tree.commands.append((f"{line} --syncid {said.get('SYNCID') or 0}", where))
