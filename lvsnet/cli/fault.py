"""``lvsnet fault``: what is broken in a lab, shown, put and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import complete, formats
from lvsnet.cli.clock import ShowsByItself
from lvsnet.cli.command import CommandWithVariables
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, LabOption, NodeArgument

if TYPE_CHECKING:
    from lvsnet.control.place import Place
    from lvsnet.faults.model import Fault

app = typer.Typer(cls=ShowsByItself, rich_markup_mode=None)

PlaceArgument = Annotated[
    str,
    typer.Argument(
        metavar="NODE:IFACE",
        help="IFACE is an interface's name, such as eth1, or that of its segment, such as lan.",
        show_default=False,
        autocompletion=complete.interfaces,
    ),
]
ProcessArgument = Annotated[
    str,
    typer.Argument(
        help="A daemon of the node, or any process of that name.",
        show_default=False,
        autocompletion=complete.daemons,
    ),
]
SidesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="NODE,... from NODE,...",
        help="Two groups of nodes, with commas between a group's.",
        show_default=False,
        autocompletion=complete.sides,
    ),
]
SidesOrNoneArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NODE,... from NODE,...]",
        help="As they were parted; all partitions, if nothing is said.",
        show_default=False,
        autocompletion=complete.sides,
    ),
]
ProtocolArgument = Annotated[
    str,
    typer.Argument(
        metavar="PROTO[/PORT]",
        help="vrrp, icmp, arp, tcp, udp, sctp, or an IP protocol's number; a port is tcp/80.",
        autocompletion=complete.protocols,
        show_default=False,
    ),
]


@app.callback()
def _fault() -> None:
    """Break something in a running lab, and mend it; alone, show what is broken.

    Each fault stays until it is taken back. One inside a node ends with the node's power; one of
    its cables does not.
    """


@app.command(cls=CommandWithVariables, short_help="Show the faults that are on.")
def show(lab: LabOption = "", form: FormatOption = Format.table) -> None:
    """Show the faults that are on, as they would be written here."""
    from lvsnet.control import faults
    from lvsnet.control.labs import the_lab

    name, place = the_lab(lab)
    found = faults.standing(place, name)
    if form is Format.json:
        _document(name, found)
        return
    for fault in found:
        typer.echo(str(fault))
    if not found:
        typer.echo("no fault is on", err=True)


@app.command(cls=CommandWithVariables, short_help="Cut the power of a node.")
def stop(node: NodeArgument, lab: LabOption = "", form: FormatOption = Format.table) -> None:
    """Cut the power of a node, as `lvsnet stop`; `lvsnet fault start` boots it."""
    _give("stop", node, (), lab, form)


@app.command(cls=CommandWithVariables, short_help="Boot a node that was stopped.")
def start(node: NodeArgument, lab: LabOption = "", form: FormatOption = Format.table) -> None:
    """Boot a node that was stopped, as `lvsnet start`."""
    _give("start", node, (), lab, form)


@app.command(cls=CommandWithVariables, short_help="Stop a node's processes where they are.")
def freeze(node: NodeArgument, lab: LabOption = "", form: FormatOption = Format.table) -> None:
    """Stop all processes of a node where they are, until `lvsnet fault thaw`.

    Its kernel still answers: ARP, ping, and a connection's begin.
    """
    _give("freeze", node, (), lab, form)


@app.command(cls=CommandWithVariables, short_help="Let a frozen node go on.")
def thaw(node: NodeArgument, lab: LabOption = "", form: FormatOption = Format.table) -> None:
    """Let a frozen node's processes go on."""
    _give("thaw", node, (), lab, form)


@app.command(cls=CommandWithVariables, short_help="Kill processes of a node.")
def kill(
    node: NodeArgument,
    process: ProcessArgument,
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Kill all processes of that name in a node by SIGKILL: none of them says goodbye.

    A daemon of the lab file's can be started again by `lvsnet fault revive`.
    """
    _give("kill", node, (process,), lab, form)


@app.command(cls=CommandWithVariables, short_help="Start a daemon again that was killed.")
def revive(
    node: NodeArgument,
    process: ProcessArgument,
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Start a daemon again that was killed, and wait until it is ready."""
    _give("revive", node, (process,), lab, form)


@app.command(cls=CommandWithVariables, short_help="Pull out a node's cable, or plug it in.")
def link(
    way: Annotated[
        str,
        typer.Argument(
            metavar="down|up", show_default=False, autocompletion=complete.of("down", "up")
        ),
    ],
    where: PlaceArgument,
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Pull a node's cable out, `link down lb01:eth1`, or plug it in again, `link up lb01:eth1`.

    The node's interface has no carrier meanwhile.
    """
    _give("link", where, (), lab, form, before=(way,))


@app.command(cls=CommandWithVariables, short_help="Part nodes from others.")
def partition(sides: SidesArgument, lab: LabOption = "", form: FormatOption = Format.table) -> None:
    """Let no frame pass between nodes and others, in either direction.

    So `partition lb01 from lb02`, or `partition lb01,nginx01 from lb02,nginx02`. Links stay up.
    """
    _give("partition", sides[0], sides[1:], lab, form)


@app.command(cls=CommandWithVariables, short_help="Take a partition back, or all.")
def heal(
    sides: SidesOrNoneArgument = None, lab: LabOption = "", form: FormatOption = Format.table
) -> None:
    """Let frames pass again between nodes that were parted."""
    first, *rest = sides or [""]
    _give("heal", first, rest, lab, form)


@app.command(cls=CommandWithVariables, short_help="Make a cable slow, long or bad.")
def netem(
    where: PlaceArgument,
    impairments: Annotated[
        list[str],
        typer.Argument(
            metavar="off|KEY=VALUE...",
            help="What is wrong with it, and perhaps in which direction.",
            show_default=False,
            autocompletion=complete.impairments,
        ),
    ],
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Make a node's cable slow, long or bad, by tc-netem(8); `off` mends it.

    \b
    delay=20ms jitter=5ms     how long packets take, more or less
    loss=1%                   also duplicate=, corrupt=, and reorder=, which needs delay=
    rate=100Mbit              bits a second, with kbit, Mbit or Gbit
    limit=1000                packets that may wait; more are lost
    in, out or both           of the node; out if nothing is said
    """
    _give("netem", where, impairments, lab, form)


@app.command(cls=CommandWithVariables, short_help="Lose a protocol's packets.")
def drop(
    node: NodeArgument,
    protocol: ProtocolArgument,
    direction: Annotated[
        str,
        typer.Argument(
            metavar="[in|out|both]",
            help="Of the node; both if nothing is said.",
            show_default=False,
            autocompletion=complete.of("in", "out", "both"),
        ),
    ] = "",
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Lose the packets of a protocol on a node's cables.

    A port is that of either end. icmp is IPv4's; ICMPv6 is protocol 58.
    """
    _give("drop", node, (protocol, *([direction] if direction else [])), lab, form)


@app.command("pass", cls=CommandWithVariables, short_help="Let a protocol's packets pass again.")
def pass_(
    node: NodeArgument,
    protocol: ProtocolArgument,
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Let the packets pass again that `lvsnet fault drop` loses."""
    _give("pass", node, (protocol,), lab, form)


@app.command(cls=CommandWithVariables, short_help="Make a node's nginx fail, be late, or flap.")
def service(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="fail|slow|flap|mend",
            show_default=False,
            autocompletion=complete.of("fail", "slow", "flap", "mend"),
        ),
    ],
    node: NodeArgument,
    time: Annotated[
        str,
        typer.Argument(
            metavar="[TIME]",
            help="How late, 2s if nothing is said; or for how long it is there and away, 5s.",
            show_default=False,
        ),
    ] = "",
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Make a node's nginx answer 500 (fail), late (slow), or come and go (flap); or mend it."""
    _give("service", node, (time,) if time else (), lab, form, before=(kind,))


@app.command(cls=CommandWithVariables, short_help="Take all faults back.")
def clear(
    node: Annotated[
        str,
        typer.Argument(
            metavar="[NODE]",
            help="NODE, or LAB/NODE; all of the lab's, if nothing is said.",
            show_default=False,
            autocompletion=complete.nodes,
        ),
    ] = "",
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Take all faults of a lab back, or those that a node has a part in.

    One that cannot be taken back does not keep the others from it.
    """
    _give("clear", node, (), lab, form)


def _give(
    verb: str,
    node: str,
    rest: Sequence[str],
    lab: str,
    form: Format,
    before: Sequence[str] = (),
) -> None:
    """Give an order whose words these are; ``node`` begins with a node, or LAB/NODE."""
    from lvsnet.cli import progress
    from lvsnet.control import faults
    from lvsnet.faults import grammar
    from lvsnet.faults.model import FaultError
    from lvsnet.progress import silent

    place, name, found = _addressed(node, lab)
    words = (verb, *before, found, *(_plain(one, name) for one in rest))
    try:
        order = grammar.parse(" ".join(word for word in words if word))
        report = silent if form is Format.json else progress.timed()
        faults.give(place, name, order, report)
    except FaultError as error:
        raise typer.BadParameter(str(error), param_hint="FAULT") from error
    if form is Format.json:
        _document(name, faults.standing(place, name))


def _addressed(node: str, lab: str) -> tuple[Place, str, str]:
    """Place, lab, and the word without the lab's name; a word may have several nodes."""
    from lvsnet.cli.nodes import addressed
    from lvsnet.control.labs import the_lab

    if not node:
        name, place = the_lab(lab)
        return place, name, ""
    first, comma, others = node.partition(",")
    place, name, one = addressed(first, lab)
    return place, name, f"{one}{comma}{_plain(others, name)}"


def _plain(word: str, lab: str) -> str:
    """Nodes without the lab's name before them."""
    return ",".join(one.removeprefix(f"{lab}/") for one in word.split(","))


def _document(lab: str, found: Sequence[Fault]) -> None:
    from lvsnet.faults.text import plain

    formats.document({"lab": lab, "faults": [plain(fault) for fault in found]})
