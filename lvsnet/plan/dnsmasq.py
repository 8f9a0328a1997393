"""dnsmasq on a real server: a name server that knows the lab's names, and says which machine it is.

Its own name is in a TXT record, since all answers of one service come from one address.
"""

from __future__ import annotations

from string import Template

from lvsnet.plan.model import Daemon, File

PATH = "/etc/dnsmasq.conf"
WHOAMI = "whoami"
"""The name whose TXT record is the machine's own name."""

_CONF = Template("""\
# Who answered, and the names of /etc/hosts; nobody else is asked.
txt-record=$whoami,$node
no-resolv
local=/#/
port=$port
# A name server has nothing to do as root but to take its port.
user=dnsmasq
log-facility=-
""")


def dnsmasq_files(node: str, port: int) -> tuple[File, ...]:
    """The configuration of a name server at ``port``, by UDP and TCP."""
    return (File(PATH, _CONF.substitute(whoami=WHOAMI, node=node, port=port)),)


def dnsmasq_daemon(ports: tuple[int, ...]) -> Daemon:
    """The daemon, which is ready once it listens on ``ports``; with none, once it runs."""
    argv = ("dnsmasq", "--keep-in-foreground", f"--conf-file={PATH}", "--pid-file=")
    return Daemon("dnsmasq", argv, stage=1, listens=ports, reads=(PATH,))
