"""IPVS tables in words and columns for people, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from enum import StrEnum

from lvsnet.endpoint import joined, parted
from lvsnet.observe.table_model import (
    FWMARK,
    USUAL,
    Connection,
    Counts,
    Persistence,
    Table,
    TableServer,
    TableService,
)

GAP = "  "
LONGEST = 99_999_999
"""No larger number is written with all its digits."""
UNITS = "KMGTPE"
SERVER, ADDRESS = "node", "address"
SECOND = 1_000_000_000

Stamp = Callable[[int], str]
"""How a time of the lab's clock, in nanoseconds, is shown."""


class View(StrEnum):
    """What is shown of services, as the options of ipvsadm(8)."""

    now = "now"
    stats = "stats"
    rate = "rate"


@dataclass(frozen=True)
class Column:
    """Of a table; `cells` are as many as it has rows."""

    title: str
    cells: tuple[str, ...]
    right: bool = False
    spare: int = 0
    """Where there is no room for all, those with the highest go first; 0 never goes."""

    @property
    def width(self) -> int:
        return max(map(len, (self.title, *self.cells)))


def lines(
    tables: Sequence[Table], view: View, stamp: Stamp | None, nothing: str, width: int | None
) -> list[str]:
    """A block for each node, with its time if there is a ``stamp``.

    ``nothing`` is said of a node without services; ``width`` None: as wide as need be.
    """
    found: list[str] = []
    for table in tables:
        found += [""] if found else []
        found += _block(table, view, stamp, nothing, width)
    return found


def _block(
    table: Table, view: View, stamp: Stamp | None, nothing: str, width: int | None
) -> Iterator[str]:
    yield f"{table.node} at {stamp(table.time)}" if stamp else table.node
    if not table.running:
        yield f"off; `lvsnet start {table.node}` starts it"
        return
    if not table.has_ipvs:
        yield "no IPVS: its kernel has not loaded it"
        return
    if table.timeouts is not None and table.timeouts != USUAL:
        tcp, tcp_fin, udp = map(span, astuple(table.timeouts))
        yield f"timeouts: tcp {tcp}, tcp_fin {tcp_fin}, udp {udp}"
    for daemon in table.daemons:
        where = joined(daemon.group, daemon.port) if daemon.group else "multicast"
        yield (
            f"sync daemon: {daemon.state} on {daemon.interface}, syncid {daemon.syncid}, {where}"
        )
    if table.connections is not None:
        yield from _connections(table, width)
    elif not table.services:
        yield nothing
    else:
        for service in table.services:
            yield _headline(service, view)
            yield from columns(_servers(service, view), width, GAP)


def _headline(service: TableService, view: View) -> str:
    of_mark = " IPv6" if service.ipv6 and service.protocol == FWMARK else ""
    words = [f"{service.protocol} {service.address}{of_mark}", service.scheduler, *service.flags]
    words += ["ops"] if service.one_packet else []
    words += [_persistent(service.persistence)] if service.persistence else []
    if view is View.now:
        words.append(f"{service.rate.connections} conn/s")
    return GAP.join(words)


def _persistent(persistence: Persistence) -> str:
    words = f"persistent {span(persistence.timeout)}"
    if persistence.mask not in ("255.255.255.255", "128"):
        words += f" mask {persistence.mask}"
    return f"{words} by {persistence.engine}" if persistence.engine else words


def _servers(service: TableService, view: View) -> list[Column]:
    if not service.real_servers:
        return [Column("no real servers", ())]
    return _now(service) if view is View.now else _counted(service, view)


def _now(service: TableService) -> list[Column]:
    servers = service.real_servers

    def column(
        title: str, of: Callable[[TableServer], object], spare: int = 0, *, right: bool = True
    ) -> Column:
        return Column(title, tuple(str(of(one)) for one in servers), right, spare)

    found = [*_who(servers, ()), column("method", _method, 3, right=False)]
    found += [column("weight", lambda one: one.weight, 2)]
    if any(one.upper or one.lower for one in servers):
        found.append(column("limits", lambda one: f"{one.lower}-{one.upper}", 1))
    found += [
        column("ActiveConn", lambda one: one.active),
        column("InActConn", lambda one: one.inactive),
    ]
    if service.persistence or any(one.persistent for one in servers):
        found.append(column("PersistConn", lambda one: one.persistent, 4))
    return [*found, column("conn/s", lambda one: one.rate.connections, 7)]


def _counted(service: TableService, view: View) -> list[Column]:
    """First those of all its real servers together, and of those that have gone."""
    titles = {
        View.stats: ("Conns", "InPkts", "OutPkts", "InBytes", "OutBytes"),
        View.rate: ("CPS", "InPPS", "OutPPS", "InBPS", "OutBPS"),
    }[view]
    whole: list[TableService | TableServer] = [service, *service.real_servers]
    rows = [_of(one, view) for one in whole]
    numbers = zip(*(astuple(row) for row in rows), strict=True)
    return [
        *_who(service.real_servers, ("all",)),
        *(
            Column(title, tuple(map(short, cells)), right=True, spare=number)
            for number, (title, cells) in enumerate(zip(titles, numbers, strict=True))
        ),
    ]


def _of(one: TableService | TableServer, view: View) -> Counts:
    return one.total if view is View.stats else one.rate


def _who(servers: Sequence[TableServer], first: tuple[str, ...]) -> list[Column]:
    """Node and address; in a narrow window only one of them. ``first``: a row above them."""
    known = tuple(one.node for one in servers)
    addresses = tuple(one.address for one in servers)
    none = ("",) * len(first)
    if all(known):
        return [Column(SERVER, first + known), Column(ADDRESS, none + addresses, spare=6)]
    return [Column(SERVER, none + known, spare=6), Column(ADDRESS, first + addresses)]


def _method(server: TableServer) -> str:
    return (
        f"{server.method} {server.tunnel}" if server.tunnel not in ("", "ipip") else server.method
    )


def _connections(table: Table, width: int | None) -> Iterator[str]:
    found = table.connections
    if found is None or not found.listed:
        yield "no connections" if found is None or not found.count else f"{found.count} connections"
        return
    rows = found.listed
    told = any(one.origin != "local" for one in rows)
    shown = [
        Column("pro", tuple(one.protocol for one in rows), spare=1),
        Column("client", tuple(_named(one.client, one.client_node) for one in rows)),
        Column("service", tuple(one.service for one in rows), spare=3),
        Column("real server", tuple(_named(one.real_server, one.node) for one in rows)),
        Column("state", tuple(_state(one) for one in rows)),
        Column("expires", tuple(span(one.expires) for one in rows), right=True),
    ]
    if told:
        shown.append(Column("origin", tuple(one.origin for one in rows), spare=2))
    yield from columns(shown, width, GAP)
    if more := found.count - len(rows):
        yield f"{GAP}… and {more} more"


def _named(end: str, node: str) -> str:
    return joined(node, parted(end)[1]) if node else end


def _state(one: Connection) -> str:
    """A template is no connection, but sends its client's next ones to the same real server."""
    is_template = one.client.endswith(":0")
    return f"{one.state}, template" if is_template else one.state


def columns(found: Sequence[Column], width: int | None, margin: str) -> Iterator[str]:
    """Title and rows of those that there is room for; a line that is still too wide is cut."""
    kept = list(found)
    while width is not None and _wide(kept, margin) > width:
        last = max(kept, key=lambda one: one.spare)
        if not last.spare:
            break
        kept.remove(last)
    for cells in zip(*((one.title, *one.cells) for one in kept), strict=True):
        row = GAP.join(
            cell.rjust(one.width) if one.right else cell.ljust(one.width)
            for one, cell in zip(kept, cells, strict=True)
        )
        yield f"{margin}{row}".rstrip()


def _wide(found: Iterable[Column], margin: str) -> int:
    widths = [one.width for one in found]
    return len(margin) + sum(widths) + len(GAP) * (len(widths) - 1)


def short(number: int) -> str:
    """With all digits up to eight of them, then in thousands and so on: ``123456K``."""
    unit = ""
    for larger in UNITS:
        if number <= LONGEST:
            break
        number, unit = number // 1000, larger
    return f"{number}{unit}"


def span(seconds: int) -> str:
    """``58s``, ``14m58s``, ``1h``."""
    parts = [
        f"{number}{unit}"
        for number, unit in (
            (seconds // 3600, "h"),
            (seconds // 60 % 60, "m"),
            (seconds % 60, "s"),
        )
        if number
    ]
    return "".join(parts) or "0s"


def plain(lab: str, tables: Sequence[Table]) -> dict[str, object]:
    """For programs: ``{lab, tables}``, as `Table` has them, but ``time`` in seconds."""
    return {
        "lab": lab,
        "tables": [{**asdict(one), "time": one.time / SECOND} for one in tables],
    }
