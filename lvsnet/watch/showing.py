"""A watched lab in lines of text, for a screen that is so many cells wide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from lvsnet.control import clock
from lvsnet.control.clock import Clock
from lvsnet.endpoint import parted
from lvsnet.observe.table_model import FWMARK, Table, TableServer, TableService
from lvsnet.watch.columns import GAP, Column, cut, fitting
from lvsnet.watch.layout import Machine
from lvsnet.watch.model import Lab, Line
from lvsnet.watch.orders import CABLE, Part, parts

GOOD, BAD, QUIET, CHOSEN = "bold green", "bold red", "dim", "reverse"
STATES: Mapping[str, str] = {"master": GOOD, "backup": "cyan", "fault": BAD, "stopped": BAD}
LISTED = 3
"""Lines that a node has at most: VRRP instances, and addresses."""
MARK = "▶"
NARROW = 60
"""Cells below which events have no milliseconds."""
ROOMY = 96
"""Cells from which interfaces are shown with their addresses."""
NODES = (
    Column("", 0),
    Column("node", 0),
    Column("role", 3),
    Column("state", 0),
    Column("holds", 1, least=8),
    Column("cables and daemons", 2, least=10),
)
TABLE = (
    Column("", 0, least=10),
    Column("", 4),
    Column("", 5),
    Column("weight", 1, right=True),
    Column("active", 1, right=True),
    Column("inact", 1, right=True),
    Column("conn/s", 2, right=True),
    Column("in/s", 3, right=True),
    Column("out/s", 3, right=True),
)
"""Of real servers; bytes in and out."""


def title(lab: Lab, now: int | None, width: int) -> Text:
    """The lab's name, its kernel, and its clock."""
    if lab.layout is None:
        return Text("…")
    words = Text(no_wrap=True)
    words.append(f"{lab.layout.lab}", "bold")
    words.append(f"  {lab.layout.kernel}", QUIET)
    time = Text()
    mode = mode_of(lab.clock)
    time.append(mode, "bold yellow" if mode in ("held", "paused") else QUIET)
    if now is not None:
        time.append(f"  {stamp(lab, now)}", "bold")
    room = width - words.cell_len - time.cell_len
    if room < GAP:
        words = cut(words, max(0, width - time.cell_len - GAP))
        room = width - words.cell_len - time.cell_len
    return words + Text(" " * max(0, room)) + time


def mode_of(clock: Clock | None) -> str:
    """``held``, ``paused``, ``running x2``, or ``real clock``."""
    if clock is None or clock.kind != "virtual":
        return "real clock"
    if clock.mode != "running":
        return clock.mode
    return "running" if clock.speed == 1 else f"running x{clock.speed:g}"


def stamp(lab: Lab, now: int, within: int = 0) -> str:
    """``0:01:23.456`` since a guest's boot, or the time of day on this machine's own kernel; of
    what is known to the second, without what is behind the point."""
    on_host = lab.layout is not None and lab.layout.kernel.startswith("host")
    whole = clock.stamp(now, lab.booted if on_host else None)
    return whole.partition(".")[0] if within else whole[:-3]


def nodes(lab: Lab, chosen: str, part: Part | None, width: int) -> tuple[list[Text], int]:
    """A line with titles, and the nodes; and which of the lines is the chosen node's first.

    ``part`` is what is chosen of that node.
    """
    rows: list[list[Text]] = []
    at = 0
    for machine in lab.layout.machines if lab.layout else ():
        is_chosen = machine.name == chosen
        if is_chosen:
            at = len(rows) + 1
        states, held = _states(lab, machine), _held(lab, machine)
        for n in range(max(1, len(states), len(held))):
            rows.append(
                [
                    Text(MARK if is_chosen and not n else " "),
                    Text(machine.name if not n else "", "bold reverse" if is_chosen else "bold"),
                    Text(machine.role if not n else "", QUIET),
                    states[n] if n < len(states) else Text(),
                    held[n] if n < len(held) else Text(),
                    _parts(lab, machine, part if is_chosen else None, width) if not n else Text(),
                ]
            )
    return fitting(NODES, rows, width), at


def _states(lab: Lab, machine: Machine) -> list[Text]:
    """What is wrong with a node as a whole; else the state of its VRRP instances."""
    name = machine.name
    if not lab.stands:
        return [Text("…", QUIET)]
    if name in lab.off:
        return [Text("OFF", BAD)]
    wrong = [Text("frozen", BAD)] if lab.is_frozen(name) else []
    if any(lab.is_cut(name, one.interface) for one in machine.cables):
        wrong.append(Text("cut", BAD))
    wrong += [Text(f"{one} dead", BAD) for one in machine.daemons if (name, one) in lab.dead]
    found = sorted(lab.vrrp.get(name, {}).items())
    for instance, state in found:
        words = state.upper() if len(found) == 1 else f"{instance} {state.upper()}"
        wrong.append(Text(words, STATES.get(state, "")))
    return _few(wrong) or [Text("on", QUIET)]


def _held(lab: Lab, machine: Machine) -> list[Text]:
    return _few([Text(one, GOOD) for one in lab.held.get(machine.name, ())])


def _few(lines: list[Text]) -> list[Text]:
    if len(lines) <= LISTED:
        return lines
    return [*lines[: LISTED - 1], Text(f"and {len(lines) - LISTED + 1} more", QUIET)]


def _parts(lab: Lab, machine: Machine, chosen: Part | None, width: int) -> Text:
    """Cables by their segments, with more room also interfaces and addresses; and daemons."""
    words = Text()
    cables = {one.interface: one for one in machine.cables}
    for one in parts(machine):
        name = one.name
        if one.kind == CABLE:
            is_bad = lab.is_cut(machine.name, name)
            state = " cut" if is_bad else ""
            found = cables[name]
            name = f"{name} {found.segment}"
            if width >= ROOMY:
                name = " ".join([name, *found.addresses])
        else:
            is_bad = (machine.name, name) in lab.dead
            state = " dead" if is_bad else ""
        if words:
            words.append(", ", QUIET)
        style = BAD if is_bad else ""
        words.append(f"{name}{state}", f"{style} {CHOSEN}".strip() if one == chosen else style)
    return words


def tables(lab: Lab, chosen: str, width: int) -> tuple[list[Text], int]:
    """Each director's services, and their real servers; and which of the lines is the first of the
    chosen node's, 0 if it has none."""
    if not lab.stands:
        return [], 0
    services = [
        (table, service) for table in lab.tables if table.running for service in table.services
    ]
    if not services:
        return [Text("no node has virtual services", QUIET)], 0
    rows = [_server(one) for _, service in services for one in service.real_servers]
    titles, *lines = fitting(TABLE, rows, width)
    found: list[Text] = []
    begins: dict[str, int] = {}
    taken = iter(lines)
    for table, service in services:
        head = cut(_service(lab, table, service), width)
        if table.node not in begins:
            with_titles = _beside(head, titles)
            if with_titles is None and not begins:
                found.append(titles)
            begins[table.node] = len(found) if begins else 0
            head = with_titles or head
        found.append(head)
        found += [next(taken) for _ in service.real_servers]
    return found, begins.get(chosen, 0)


def _beside(head: Text, titles: Text) -> Text | None:
    """A service's line and, behind it, the columns' titles; None where there is no room."""
    begin = len(titles.plain) - len(titles.plain.lstrip())
    room = begin - head.cell_len
    return head + Text(" " * room) + titles[begin:] if room >= GAP else None


def _service(lab: Lab, table: Table, service: TableService) -> Text:
    """``lb01 ● tcp 192.168.10.100:80 rr``; the mark says that the node holds the VIP. A service by
    firewall mark has none that anybody knows of."""
    words = Text(no_wrap=True)
    words.append(table.node, "bold")
    if service.protocol == FWMARK:
        words.append("  ")
    else:
        holds = parted(service.address)[0] in lab.held.get(table.node, ())
        words.append(" ●" if holds else " ○", GOOD if holds else QUIET)
    words.append(f" {service.protocol} {service.address} ")
    words.append(" ".join((service.scheduler, *service.flags)), QUIET)
    if service.persistence is not None:
        words.append(f" persistent {service.persistence.timeout}s", QUIET)
    return words


def _server(one: TableServer) -> list[Text]:
    rate = one.rate
    quiet = QUIET if one.weight == 0 else ""
    return [
        Text(f"  {one.node or one.address}", quiet),
        Text(one.address if one.node else "", quiet),
        Text(one.method, QUIET),
        Text(str(one.weight), BAD if one.weight == 0 else ""),
        Text(str(one.active)),
        Text(str(one.inactive)),
        Text(amount(rate.connections)),
        Text(amount(rate.bytes_in)),
        Text(amount(rate.bytes_out)),
    ]


def amount(number: int) -> str:
    """``-`` of nothing, ``950``, ``12.3k``, ``4.5M``."""
    if number == 0:
        return "-"
    scaled = float(number)
    for unit in ("", "k", "M", "G"):
        if scaled < 999.5:
            return f"{scaled:.0f}" if not unit or scaled >= 99.95 else f"{scaled:.1f}{unit}"
        scaled /= 1000
    return f"{scaled:.1f}T"


def event(lab: Lab, line: Line, width: int) -> Text:
    """One of the events that were listed."""
    names = max((len(one.name) for one in lab.layout.machines), default=0) if lab.layout else 0
    words = Text(no_wrap=True)
    at = stamp(lab, line.at, line.within)
    # Where there is little room, what it is matters more than in which millisecond.
    words.append(at.partition(".")[0] if width < NARROW else at.ljust(11), QUIET)
    words.append(f"  {line.node:<{names}}  ", "bold")
    words.append(line.text, _colour(line))
    return cut(words, width)


def _colour(line: Line) -> str:
    if line.kind == "vrrp":
        return STATES.get(line.what, "")
    if line.what in ("off", "down", "exited", "out", "outage", "put", "failed"):
        return "red"
    if line.what in ("on", "up", "in", "gained", "mended", "answered", "passed"):
        return "green"
    return ""


def faults(lab: Lab, width: int) -> Text:
    """The faults that are on, in one line; nothing where there are none."""
    if not lab.faults:
        return Text()
    words = "; ".join(map(str, lab.faults))
    return cut(Text.assemble(("faults  ", BAD), words, no_wrap=True), width)


def keys(pairs: Sequence[tuple[str, str]], width: int) -> Text:
    """Keys with what they do, the last ones always; those before as far as there is room."""
    return Text(" ", no_wrap=True).join(_within(pairs, width))


def _within(pairs: Sequence[tuple[str, str]], width: int) -> Iterator[Text]:
    made = [Text.assemble((key, "bold reverse"), f" {what}") for key, what in pairs]
    last = made[-2:]
    room = width - sum(one.cell_len + 1 for one in last)
    for one in made[:-2]:
        room -= one.cell_len + 1
        if room < 0:
            break
        yield one
    yield from last
