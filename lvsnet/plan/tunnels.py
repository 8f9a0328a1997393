"""What makes a real server's end of a tunnel on a real machine, whenever it starts.

tunl0 and the like come with their modules there. In a lab the engine makes them, and these files
only lie there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lvsnet.plan.model import File, Unwrapping

MODULES_PATH = "/etc/modules-load.d/tunnel.conf"


def tunnel_files(modules: Sequence[str], unwrapping: Sequence[Unwrapping]) -> Iterator[File]:
    """For modules-load.d(5), and for systemd-networkd: netplan knows no UDP ports of tunnels."""
    if modules:
        head = "# The tunnel's device comes with its module.\n"
        yield File(MODULES_PATH, head + "".join(f"{name}\n" for name in modules))
    for one in unwrapping:
        name = f"{one.encapsulation}{one.port}"
        yield File(f"/etc/systemd/network/50-{name}.netdev", _netdev(name, one))


def _netdev(name: str, one: Unwrapping) -> str:
    """systemd.netdev(5), [FooOverUDP]. It makes a port, and no interface of that name."""
    local = "Local=::\n" if one.version == 6 else ""
    return (
        f"# As `ip fou add port {one.port} {one.encapsulation}`.\n"
        f"[NetDev]\nName={name}\nKind=fou\n\n"
        f"[FooOverUDP]\nEncapsulation=GenericUDPEncapsulation\nPort={one.port}\n{local}"
    )
