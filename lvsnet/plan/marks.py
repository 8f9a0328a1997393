"""Firewall marks that a director gives to packets, by nftables rules of its own table.

They are set before routing, where IPVS has not seen the packet yet: it takes them in its INPUT
hook (ip_vs_ops4 of net/netfilter/ipvs/ip_vs_core.c), and looks for a mark's service before that of
an address (ip_vs_service_find() of ip_vs_ctl.c).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from string import Template

from lvsnet.lab.virtual_services import Marked, marked
from lvsnet.plan.model import File
from lvsnet.plan.services import Site

PATH = "/etc/nftables.conf"
"""What Debian's nftables.service loads when a machine starts."""
LOAD = ("nft", "--file", PATH)
"""The command that does the same (nft(8))."""
MODULES = ("nf_tables",)

# Made, removed and made again in one transaction: what was loaded before is replaced, and tables of
# others stay.
_CONF = Template("""\
#!/usr/sbin/nft -f
# What comes in for these addresses and ports is one service of IPVS, by its mark.
table inet lvs_marks
delete table inet lvs_marks
table inet lvs_marks {
    chain prerouting {
        type filter hook prerouting priority mangle
$rules    }
}
""")


def mark_files(sites: Sequence[Site]) -> tuple[File, ...]:
    """The rules for the services that a director has; none where none is by a mark."""
    rules = "".join(_rules(sites))
    return (File(PATH, _CONF.substitute(rules=rules), 0o755),) if rules else ()


def _rules(sites: Sequence[Site]) -> Iterator[str]:
    for site in sites:
        for number, one in enumerate(marked(site.service)):
            if not number:
                yield f"        # service {site.name}\n"
            yield f"        {_addresses(one)} {_ports(one)} meta mark set {one.mark}\n"


def _addresses(one: Marked) -> str:
    header = "ip" if one.first.version == 4 else "ip6"
    last = "" if one.first == one.last else f"-{one.last}"
    return f"{header} daddr {one.first}{last}"


def _ports(one: Marked) -> str:
    if not one.ports:
        return f"meta l4proto {one.protocol}"
    ways = [str(first) if first == last else f"{first}-{last}" for first, last in one.ports]
    return f"{one.protocol} dport {ways[0] if len(ways) == 1 else '{ ' + ', '.join(ways) + ' }'}"
