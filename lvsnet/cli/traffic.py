"""``lvsnet traffic``: requests from a lab's clients, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from lvsnet.cli import complete
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, LabOption
from lvsnet.errors import LvsnetError

if TYPE_CHECKING:
    from lvsnet.control.place import Place
    from lvsnet.traffic.model import Answerer, Target

T = TypeVar("T")
W = TypeVar("W")

NAME = "traffic"
"""Of a load that the command line begins."""
RATE = "20/s"
SPAN = "10s"


class Style(StrEnum):
    """How connections are used."""

    request = "request"
    keepalive = "keepalive"
    hold = "hold"


def traffic(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[NODE...] TARGET",
            help="Clients, by default the lab's only one, and where requests go.",
            show_default=False,
            autocompletion=complete.nodes,
        ),
    ],
    rate: Annotated[
        str,
        typer.Option(
            metavar="RATE",
            help="Requests a second of all clients together; 0: each as soon as one is answered. "
            f"[default: {RATE}]",
        ),
    ] = "",
    count: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="So many requests in all.")
    ] = None,
    span: Annotated[
        str,
        typer.Option(
            "--for", metavar="DURATION", help=f"Requests for so long. [default: {SPAN}, or --count]"
        ),
    ] = "",
    connections: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="Of each client, at once.")
    ] = 1,
    style: Annotated[
        Style,
        typer.Option(
            help="A connection for each request; connections that are kept; or connections that "
            "are opened once and carry a heartbeat."
        ),
    ] = Style.request,
    timeout: Annotated[
        str, typer.Option(metavar="DURATION", help="After which a request has failed.")
    ] = "1s",
    upload: Annotated[
        str, typer.Option(metavar="SIZE", help="Body of each request, such as 10kB.")
    ] = "0B",
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="Send from this address of the client, or from those of a prefix in turn; may be "
            "repeated.",
        ),
    ] = None,
    serve: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NODE:udp/PORT",
            help="Have a node answer there meanwhile, or on tcp/ or sctp/PORT; may be repeated.",
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write every request to it, a JSON object on a line.",
            autocompletion=complete.files,
        ),
    ] = None,
    heavy: Annotated[
        bool, typer.Option("--heavy", help="As much as goes, by wrk or iperf3; in real time.")
    ] = False,
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Send requests from clients in a lab, and show what became of them.

    TARGET is http://VIP[:PORT][/PATH], or tcp://VIP:PORT, udp:// or sctp://; an address alone is
    http. Requests are due by the clock, whatever becomes of those before. Ctrl-C ends the load, and
    shows what there was. The exit code is 0 also when requests were lost.

    \b
    lvsnet traffic 192.168.10.100
    lvsnet traffic client http://192.168.10.100/ --rate 20/s --count 200
    lvsnet traffic udp://192.168.10.13:9000 --serve nginx01:udp/9000
    lvsnet traffic tcp://192.168.10.13:5201 --heavy --for 5s
    """
    from lvsnet.cli import traffic_sending as sending
    from lvsnet.traffic import target as written

    if heavy:
        _only_light(rate, count, serve, record, source)
    if count is not None and span:
        raise typer.BadParameter("--count has an end already", param_hint="--for")
    target = _read(written.parse, words[-1], "TARGET")
    patience = _seconds(timeout, "--timeout")
    length = None if count is not None else _seconds(span or SPAN, "--for")
    body = _read(written.size, upload, "--upload")
    pace = _read(written.rate, rate or RATE, "--rate")
    sources = _read(written.sources, source or (), "--source")
    place, name, clients = _clients(words[:-1], lab)
    if heavy:
        from lvsnet.traffic.heavy import Heavy

        seconds = _whole(length or 0.0, "--for")
        longest = max(1, round(patience))
        kept = _kept(target, style)
        job = Heavy(_one(clients), target, seconds, connections, kept, longest, body)
        sending.send_heavy(place, name, job, form)
        return

    from lvsnet.traffic.model import Load

    load = Load(
        *(NAME, clients, target, pace, count, length, connections, style.value, patience, body),
        sources=sources,
    )
    answerers = [_answerer(one) for one in serve or ()]
    if not sending.send(place, name, load, answerers, record, form):
        raise typer.Exit(130)


def _clients(given: Sequence[str], lab: str) -> tuple[Place, str, tuple[str, ...]]:
    """Place, lab and the nodes that are to send requests."""
    from lvsnet.cli.nodes import several
    from lvsnet.control import labs

    if given:
        found = several(given, lab)
        place, name, _ = found[0]
        if other := next((one for _, one, _ in found if one != name), ""):
            raise typer.BadParameter(f"{name} and {other} are two labs", param_hint="NODE")
        return place, name, tuple(node for _, _, node in found)
    name, place = labs.the_lab(lab)
    clients = [node.name for node in place.record(name).plan.nodes if node.role == "client"]
    if len(clients) == 1:
        return place, name, (clients[0],)
    there = f"has {', '.join(clients)}" if clients else "has no node with role client"
    raise LvsnetError(
        f"lab {name} {there}: say which node is to send, as in `lvsnet traffic NODE TARGET`"
    )


def _answerer(text: str) -> Answerer:
    """Who answers, from ``nginx01:udp/9000``."""
    from lvsnet.traffic import target

    try:
        return target.answerer(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--serve") from error


def _only_light(
    rate: str,
    count: int | None,
    serve: list[str] | None,
    record: Path | None,
    source: list[str] | None,
) -> None:
    given = {
        "--rate": rate,
        "--count": count,
        "--serve": serve,
        "--record": record,
        "--source": source,
    }
    if found := [option for option, value in given.items() if value]:
        raise typer.BadParameter(
            f"a heavy load has no {found[0]}: it goes as fast as it can, --for so long",
            param_hint="--heavy",
        )


def _one(clients: Sequence[str]) -> str:
    if len(clients) > 1:
        raise typer.BadParameter("a heavy load has one client", param_hint="NODE")
    return clients[0]


def _kept(target: Target, style: Style) -> bool:
    """Whether wrk keeps its connections."""
    if target.scheme == "sctp":
        raise typer.BadParameter("a heavy load goes by http, tcp or udp", param_hint="TARGET")
    if style is Style.hold or (target.scheme != "http" and style is not Style.request):
        raise typer.BadParameter(
            f"a heavy load to {target} cannot be of style {style.value}", param_hint="--style"
        )
    return style is Style.keepalive


def _whole(seconds: float, hint: str) -> int:
    if seconds < 1 or seconds != int(seconds):
        raise typer.BadParameter("wrk and iperf3 count in whole seconds", param_hint=hint)
    return int(seconds)


def _seconds(text: str, hint: str) -> float:
    from lvsnet.lab.units import Duration

    microseconds = _read(Duration, text, hint).microseconds
    if not microseconds:
        raise typer.BadParameter(f"{text}: write a duration above 0", param_hint=hint)
    return microseconds / 1e6


def _read(reader: Callable[[W], T], text: W, hint: str) -> T:
    try:
        return reader(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=hint) from error
