"""``lvsnet ipvs``: what IPVS says of a lab's directors."""

from __future__ import annotations

import shutil
import sys
from contextlib import AbstractContextManager, nullcontext
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import complete, formats
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, LabOption
from lvsnet.endpoint import joined
from lvsnet.errors import LvsnetError
from lvsnet.observe.table_model import ASSURED, FWMARK, STATES, Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lvsnet.control.place import Place
    from lvsnet.observe.table_model import Table
    from lvsnet.observe.table_text import Stamp, View

LIMIT = 100
PROTOCOLS = ("tcp", "udp", "sctp")
LAST_PORT, LAST_MARK = 2**16 - 1, 2**32 - 1


def ipvs(
    nodes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NODE...]",
            help="NODE, or LAB/NODE; by default all directors.",
            show_default=False,
            autocompletion=complete.nodes,
        ),
    ] = None,
    stats: Annotated[bool, typer.Option("--stats", help="Connections, packets and bytes.")] = False,
    rate: Annotated[
        bool, typer.Option("--rate", help="Connections, packets and bytes in a second.")
    ] = False,
    connections: Annotated[
        bool, typer.Option("--connections", "-c", help="The connection table.")
    ] = False,
    service: Annotated[
        str,
        typer.Option(
            metavar="[PROTOCOL ]VIP[:PORT]", help="Of this service only; or 'fwmark NUMBER'."
        ),
    ] = "",
    real_server: Annotated[
        str,
        typer.Option(
            metavar="SERVER[:PORT]",
            help="Of this real server only, a node or an address.",
            autocompletion=complete.nodes,
        ),
    ] = "",
    state: Annotated[
        str,
        typer.Option(
            metavar="STATE",
            help="Connections in this state only.",
            autocompletion=complete.of(*STATES, ASSURED),
        ),
    ] = "",
    limit: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="NUMBER",
            help=f"Connections that are listed of a node; 0 for all. [default: {LIMIT}; all as "
            "JSON]",
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Show what changes, until Ctrl-C.")
    ] = False,
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Show the IPVS tables of directors: services, real servers, connections and rates.

    ActiveConn, InActConn and the connection table are as they are now; the kernel adds up the other
    numbers every 2 seconds of the lab's time.
    With --watch the tables are shown anew once a second at most, and only when they have changed;
    for programs each time is a JSON object on a line. A clock that is held stays where it is.

    \b
    lvsnet ipvs
    lvsnet ipvs lb01 --stats
    lvsnet ipvs --connections --real-server nginx01 --state FIN_WAIT
    lvsnet ipvs --watch
    """
    from lvsnet.observe.table_text import View

    if stats + rate + connections > 1:
        raise typer.BadParameter("one at a time", param_hint="--stats, --rate, --connections")
    if not connections and (state or limit is not None):
        raise typer.BadParameter("only with --connections", param_hint="--state, --limit")
    _check_state(state.upper())
    protocol, address = _service(service, connections=connections)
    server, port = _server(real_server)
    place, name, chosen = _chosen(nodes or [], lab)
    most = (0 if form is Format.json else LIMIT) if limit is None else limit
    wanted = Wanted(
        *(chosen, protocol, address, (server,) if server else (), port),
        *(connections, state.upper(), most),
    )
    view = View.stats if stats else View.rate if rate else View.now
    with _suggesting(place, name, server):
        if form is Format.json:
            _tell(place, name, wanted, watch=watch)
        elif watch:
            _watch(place, name, wanted, view)
        else:
            _show(place, name, wanted, view)


def _check_state(state: str) -> None:
    known = (*STATES, ASSURED)
    if state in ("", *known):
        return
    from lvsnet.lab.suggest import nearest

    near = nearest(state, known)
    hint = f"; did you mean {near}?" if near else ""
    raise typer.BadParameter(
        f"IPVS has no state {state}; it has {', '.join(known)}{hint}", param_hint="--state"
    )


def _tell(place: Place, lab: str, wanted: Wanted, *, watch: bool) -> None:
    from lvsnet.control import tables
    from lvsnet.observe.table_text import plain

    if not watch:
        formats.document(plain(lab, tables.look(place, lab, wanted)))
        return
    from lvsnet.cli import reader

    with reader.awaited():
        tables.follow(place, lab, wanted, lambda found: formats.line(plain(lab, found)))
    raise _ended(lab)


def _show(place: Place, lab: str, wanted: Wanted, view: View) -> None:
    from lvsnet.control import tables

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    found = tables.look(place, lab, wanted)
    for line in _lines(lab, found, wanted, view, _stamp(place, lab), width):
        typer.echo(line)


def _watch(place: Place, lab: str, wanted: Wanted, view: View) -> None:
    from lvsnet.cli import reader, redrawing
    from lvsnet.control import tables

    stamp = _stamp(place, lab)
    with reader.awaited(), redrawing.screen() as screen:

        def take(found: Sequence[Table]) -> None:
            screen.show(lambda width: _lines(lab, found, wanted, view, stamp, width))

        tables.follow(place, lab, wanted, take)
    raise _ended(lab)


def _lines(
    lab: str,
    found: Sequence[Table],
    wanted: Wanted,
    view: View,
    stamp: Stamp | None,
    width: int | None,
) -> list[str]:
    from lvsnet.observe import table_text

    if not found:
        return [f"lab {lab} has no director, and no node of it has virtual services"]
    narrowed = wanted.address or wanted.real_servers
    nothing = "nothing of that service or real server" if narrowed else "no virtual services"
    return table_text.lines(found, view, stamp, nothing, width)


def _stamp(place: Place, lab: str) -> Stamp | None:
    """None of a lab with the real clock."""
    from lvsnet.control.clock import since_boot

    return None if place.clock(lab).now is None else since_boot


def _ended(lab: str) -> LvsnetError:
    return LvsnetError(f"lab {lab} has ended")


def _chosen(given: Sequence[str], lab: str) -> tuple[Place, str, tuple[str, ...]]:
    """Place, lab and the nodes that are meant; none for all directors."""
    from lvsnet.cli.nodes import several
    from lvsnet.control import labs

    if not given:
        name, place = labs.the_lab(lab)
        return place, name, ()
    found = several(given, lab)
    place, name, _ = found[0]
    if other := next((one for _, one, _ in found if one != name), ""):
        raise typer.BadParameter(f"{name} and {other} are two labs", param_hint="NODE")
    return place, name, tuple(node for _, _, node in found)


def _suggesting(place: Place, lab: str, server: str) -> AbstractContextManager[None]:
    """As `lvsnet.cli.nodes.suggesting`, of a real server that is no address."""
    from lvsnet.cli.nodes import suggesting

    return suggesting(place, lab, server) if server and not _address(server) else nullcontext()


def _service(text: str, *, connections: bool) -> tuple[str, str]:
    """Protocol, if one is named, and address, or the firewall mark."""
    if not text:
        return "", ""
    protocol, _, rest = text.strip().rpartition(" ")
    if protocol == FWMARK and rest.isdecimal() and int(rest) <= LAST_MARK:
        if connections:
            raise typer.BadParameter(
                "the kernel does not say which connections are of a service by firewall mark; "
                "narrow them by --real-server",
                param_hint="--service",
            )
        return FWMARK, str(int(rest))
    host, port = _parted(rest)
    if protocol in ("", *PROTOCOLS) and (address := _address(host)):
        return protocol, joined(address, port) if port else address
    raise typer.BadParameter(
        f"{text!r}: write VIP:PORT, 'tcp VIP:PORT', VIP alone for all its services, or 'fwmark "
        "NUMBER'; an IPv6 address before a port in brackets",
        param_hint="--service",
    )


def _server(text: str) -> tuple[str, int]:
    """Node or address, and port; 0 for any."""
    host, port = _parted(text)
    if text and not host:
        raise typer.BadParameter(
            f"{text!r}: write NODE, ADDRESS, or one of them with :PORT", param_hint="--real-server"
        )
    return host, port


def _address(text: str) -> str:
    """As the kernel's are shown; empty when it is none."""
    try:
        return str(ip_address(text))
    except ValueError:
        return ""


def _parted(text: str) -> tuple[str, int]:
    """Host and port, 0 without any, of ``host``, ``host:80``, ``[2001:db8::1]:80`` and so on.

    The host is empty where it is none of them.
    """
    bare = text.count(":") > 1 and not text.startswith("[")
    host, colon, port = ("", "", "") if bare or text.endswith("]") else text.rpartition(":")
    if not colon:
        return text.removeprefix("[").removesuffix("]"), 0
    if not port.isdecimal() or not 0 < int(port) <= LAST_PORT:
        return "", 0
    return host.removeprefix("[").removesuffix("]"), int(port)
