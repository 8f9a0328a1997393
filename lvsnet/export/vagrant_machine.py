"""What lies in a virtual machine's directory: its files, and the scripts that provision it.

They run in the order of `STEPS`, as root, and again whenever the machine is provisioned anew. Only
``configure`` sets what belongs to the site itself, its files, sysctls, addresses and routes; it
asks nothing of systemd but what ``netplan apply`` does.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from string import Template

from lvsnet.export import shell, tunnels
from lvsnet.export.packages import Packages, of_machine
from lvsnet.export.vagrant_shell import script
from lvsnet.export.vagrant_units import services
from lvsnet.plan.model import File, Interface, Node

STEPS = ("packages", "interfaces", "configure", "services")
"""Names of the scripts, without ``.sh``."""
ONLY_CONTAINERS_NEED = ("busybox-static", "systemd-standalone-sysusers", "tini")
"""The second conflicts with systemd itself."""
NETPLAN = "netplan.io"
"""On Ubuntu it is there; on Debian it reads the machine's files, too."""
MODULES = "/etc/modules-load.d/50-lvsnet-export.conf"
ENVIRONMENT = "/etc/profile.d/lvsnet-export.sh"
"""For whoever logs in."""
LOCK_S = 300
"""Seconds that another one, such as a daily upgrade, may hold the lock of the packages."""

_PACKAGES = Template("""\
missing=
for package in $names; do
    status=$$(dpkg-query --show --showformat='$${db:Status-Status}' "$$package" 2>/dev/null) || :
    [ "$$status" = installed ] || missing="$$missing $$package"
done
# Later the machine may have no way to the archive: its default route is the lab's.
[ -n "$$missing" ] || exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=$lock update
# shellcheck disable=SC2086
apt-get -q -o DPkg::Lock::Timeout=$lock install --yes --no-install-recommends $$missing""")


def files_of(node: Node, kernel: Sequence[str], packages: Packages) -> Iterator[File]:
    """The contents of a machine's directory; paths are relative to it.

    ``kernel`` are the modules that the lab needs (`lvsnet.plan.model.Plan.kernel`).
    """
    run = services(node)
    yield File("packages.sh", _packages(node, packages))
    yield File("interfaces.sh", _interfaces(node))
    yield File("configure.sh", _configure(node, kernel))
    yield File("services.sh", _services(node))
    for file in node.files:
        yield File(f"files{file.path}", file.content, file.mode)
    added = [*_links(node), *_modules(node, kernel), *_environment(node)]
    for file in (*added, *(one for each in run for one in each.files)):
        yield File(f"system{file.path}", file.content, file.mode)


def _packages(node: Node, packages: Packages) -> str:
    names = sorted({*of_machine(node, packages), NETPLAN} - {*ONLY_CONTAINERS_NEED})
    body = _PACKAGES.substitute(names=" ".join(names), lock=LOCK_S)
    return script(node.name, f"Installs what {node.name} needs.", (), [body])


def _interfaces(node: Node) -> str:
    what = f"Calls the interfaces of {node.name} as its files do, now and whenever it starts."
    pairs = [f"{one.mac.lower()} {one.name}" for one in node.interfaces]
    lines = [f"step_aside {pair} lvs{number}" for number, pair in enumerate(pairs)]
    lines += [f"rename {pair}" for pair in pairs]
    lines += _install("system", _links(node))
    return script(node.name, what, ("name_of", "rename", "step_aside"), lines)


def _configure(node: Node, kernel: Sequence[str]) -> str:
    lines = _install("files", node.files)
    modules = _modules(node, kernel)
    lines += _install("system", [*modules, *_environment(node)])
    if modules:
        lines += ["", "# Without IPVS there is no net.ipv4.vs.", _load(kernel)]
    if node.devices:
        lines += ["", "# The devices of tunnels come with these.", tunnels.load(node)]
    if node.sysctls:
        lines += [
            "",
            "# Not every key that the box's own files name need be there; those of the lab must.",
            "sysctl --system >/dev/null 2>&1 || :",
            *(shlex.join(("keeps", key, value)) for key, value in node.sysctls),
        ]
    lines += _network(node)
    goes = ("goes",) if node.routes else ()
    keeps = ("keeps",) if node.sysctls else ()
    what = f"Puts files, sysctls, addresses and routes of {node.name} in place."
    return script(node.name, what, ("wait_for", "has", *goes, *keeps), lines)


def _network(node: Node) -> Iterator[str]:
    yield from ("", "# It does not wait for what networkd does of it.", "netplan apply")
    wanted = [(each.name, one) for each in node.interfaces for one in each.addresses]
    wanted += [(extra.interface, extra.address) for extra in node.addresses]
    for interface, address in wanted:
        what = f"{interface} has no address {address}"
        yield shlex.join(("wait_for", what, "has", interface, address))
    for one in node.unwrapping:
        what = f"nothing unwraps {one.encapsulation} at UDP port {one.port}"
        yield shlex.join(("wait_for", what, "sh", "-c", tunnels.unwraps(one)))
    for route in node.routes:
        what = f"the best route to {route.destination} is not via {route.via}"
        yield shlex.join(("wait_for", what, "goes", route.destination, route.via))


def _services(node: Node) -> str:
    run = services(node)
    lines = _install("system", [file for each in run for file in each.files])
    lines.append("systemctl daemon-reload")
    for each in run:
        lines.append(f"restart {shlex.quote(each.unit)}")
        for condition in each.ready:
            what = f"{each.unit}: {condition.lacking}"
            lines.append(shlex.join(("wait_for", what, "sh", "-c", condition.test)))
    what = f"Starts what runs on {node.name}, now and whenever it starts."
    return script(node.name, what, ("wait_for", "restart"), lines)


def _links(node: Node) -> list[File]:
    """For udev, which names interfaces when the machine starts (systemd.link(5))."""
    return [
        File(f"/etc/systemd/network/10-lvsnet-{one.name}.link", _link(one))
        for one in node.interfaces
    ]


def _link(interface: Interface) -> str:
    return f"[Match]\nMACAddress={interface.mac}\n\n[Link]\nName={interface.name}\n"


def _modules(node: Node, kernel: Sequence[str]) -> list[File]:
    names = shell.modules(kernel)
    if node.role != "director" or not names:
        return []
    return [File(MODULES, "".join(f"{name}\n" for name in names))]


def _load(kernel: Sequence[str]) -> str:
    return shell.load_modules(shell.modules(kernel))


def _environment(node: Node) -> list[File]:
    return [File(ENVIRONMENT, shell.exports(node))] if node.environment else []


def _install(root: str, files: Sequence[File]) -> list[str]:
    return [
        shlex.join(
            ("install", "-D", "-m", f"{file.mode:04o}", "-T", f"{root}{file.path}", file.path)
        )
        for file in files
    ]
