"""The screen, by Textual: what `lvsnet.watch.model` knows, and keys."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import ClassVar

from rich.text import Text
from textual import events, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.screen import Screen
from textual.widgets import RichLog

from lvsnet.errors import LvsnetError
from lvsnet.watch import orders, showing
from lvsnet.watch.asking import Ask, Help
from lvsnet.watch.block import Block, Row
from lvsnet.watch.feed import EVENTS, TABLES
from lvsnet.watch.layout import Machine
from lvsnet.watch.model import Lab
from lvsnet.watch.orders import Order, Part, Refused
from lvsnet.watch.processes import Outcome
from lvsnet.watch.room import LEAST_COLUMNS, LEAST_ROWS, WIDE, room

Lines = Callable[[str, str], AsyncGenerator[str, None]]
"""Of a lab, what `lvsnet.watch.feed` tells: its events or tables."""
Perform = Callable[[str, Sequence[str]], Awaitable[Outcome]]
"""A command of lvsnet's, done to a lab."""
SECOND = 1.0
SOON = 0.05
"""Seconds in which several lines that come at once are shown together."""


@dataclass(frozen=True)
class End:
    """How watching ended."""

    why: str = ""
    """Why there is nothing more to watch; empty when somebody has left."""
    signal: int = 0
    """That has ended it; 0 for none."""


class Watch(App[End]):
    """What it returns is an `End`, or None."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "lvsnet watch"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "choose(-1)"),
        Binding("down,j", "choose(1)"),
        Binding("left", "part(-1)"),
        Binding("right", "part(1)"),
        Binding("s", "power"),
        Binding("c", "cable"),
        Binding("d", "daemon"),
        Binding("x", "clear"),
        Binding("h", "hold"),
        Binding("p", "pause"),
        Binding("r", "run"),
        Binding("plus", "pace(2.0)"),
        Binding("minus", "pace(0.5)"),
        Binding("1", "advance('1s')"),
        Binding("0", "advance('10s')"),
        Binding("a", "ask"),
        Binding("pageup", "scroll(-1)"),
        Binding("pagedown", "scroll(1)"),
        Binding("less_than_sign", "scroll_tables(-1)"),
        Binding("greater_than_sign", "scroll_tables(1)"),
        Binding("question_mark", "help"),
        Binding("q", "leave"),
        Binding("ctrl+c", "leave", priority=True),
    ]

    def __init__(self, name: str, lines: Lines, perform: Perform) -> None:
        super().__init__(ansi_color=True)
        self.lab_name = name
        self.lab = Lab(booted=time.time_ns() - time.monotonic_ns())
        self.lines = lines
        self.perform = perform
        self.chosen = ""
        self.shown_at = "", 0, 0, 0
        """It, its line, and lines and columns of the nodes' room, when that was scrolled to."""
        self.scrolled = ""
        """The node whose tables were scrolled to, when it was chosen."""
        self.part: Part | None = None
        self.listed = 0
        """Events that were written to the list so far."""
        self.busy: dict[str, Order] = {}
        """What is being done: to what -> the order."""
        self.told = Text()
        """What came of the last key."""
        self.due = False
        """Whether what has changed will be shown in a moment."""

    @property
    def ground(self) -> Screen[object]:
        """What lies under a question, or the help."""
        return self.screen_stack[0]

    def compose(self) -> ComposeResult:
        yield Row("title")
        with Container(id="state"):
            with VerticalScroll(id="nodes", can_focus=False):
                yield Block("nodes-text")
            with VerticalScroll(id="tables", can_focus=False):
                yield Block("tables-text")
        log = RichLog(id="events", wrap=False, max_lines=1000, auto_scroll=True, min_width=1)
        log.can_focus = False
        yield log
        yield Row("faults")
        yield Row("told")
        yield Row("keys")
        yield Row("small")

    def on_mount(self) -> None:
        self.ground.query_one("#nodes").border_title = "nodes"
        self.ground.query_one("#tables").border_title = "IPVS"
        self.ground.query_one("#events").border_title = "events"
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit, End(signal=number))
        self.begin()
        self.set_interval(SECOND, self.show_title)

    def begin(self) -> None:
        """Follow what happens, from now on; what was followed before is not any more."""
        for what in (EVENTS, TABLES):
            self.run_worker(self.follow(what), group=what, exclusive=True)

    async def follow(self, what: str) -> None:
        """Show what comes, until the lab ends."""
        why = f"lab {self.lab_name} is watched no more: the process that did it has ended"
        async with aclosing(self.lines(self.lab_name, what)) as lines:
            async for line in lines:
                try:
                    self.lab.takes(line, time.monotonic_ns())
                except LvsnetError as error:
                    why = str(error)
                    break
                if self.lab.changed:
                    self.lab.changed = False
                    self.call_later(self.begin)
                self.show_soon()
        self.exit(End(why))

    def show_soon(self) -> None:
        if not self.due:
            self.due = True
            self.set_timer(SOON, self.show)

    def on_resize(self, event: events.Resize) -> None:
        self.ground.set_class(event.size.width >= WIDE, "-wide")
        self.call_after_refresh(self.show_all)

    def on_block_resized(self) -> None:
        self.show_soon()

    def show_all(self) -> None:
        """All anew, for another size."""
        self.ground.query_one("#events", RichLog).clear()
        self.listed = max(0, self.lab.count - len(self.lab.events))
        self.show()

    def show(self) -> None:
        """What has changed since the last time."""
        self.due = False
        lab, size = self.lab, self.size
        small = size.width < LEAST_COLUMNS or size.height < LEAST_ROWS
        self.ground.set_class(small, "-small")
        if small:
            words = (
                f"lvsnet watch needs {LEAST_COLUMNS} columns and {LEAST_ROWS} rows, there are "
                f"{size.width} and {size.height}. q quits."
            )
            self.put("small", Text(words))
            return
        machines = lab.layout.machines if lab.layout else ()
        if lab.machine(self.chosen) is None and machines:
            directors = [one for one in machines if one.role == "director"]
            self.chosen = (directors or list(machines))[0].name
        self.show_title()
        text = self.ground.query_one("#nodes-text", Block)
        found, at = showing.nodes(lab, self.chosen, self.part, text.width)
        text.put(found)
        lines = self.make_room(1 + len(found))
        here = self.chosen, at, lines, text.width
        if here != self.shown_at:
            above = min(2, lines - 1)
            self.ground.query_one("#nodes", VerticalScroll).scroll_to(y=at - above, animate=False)
            self.shown_at = here
        text = self.ground.query_one("#tables-text", Block)
        found, at = showing.tables(lab, self.chosen, text.width)
        text.put(found)
        if self.chosen != self.scrolled:
            self.ground.query_one("#tables", VerticalScroll).scroll_to(y=at, animate=False)
            self.scrolled = self.chosen
        self.show_events()
        self.put("faults", showing.faults(lab, size.width))
        self.ground.query_one("#faults").set_class(not lab.faults, "-none")
        self.show_told()
        self.put("keys", showing.keys(orders.keys(lab, self.machine(), self.part), size.width))

    def make_room(self, rows: int) -> int:
        """Leave as much to the others as they need, if all nodes take so many rows; how many of
        their lines there is room for."""
        found = room(self.size.width, self.size.height, rows)
        for place, most in asdict(found).items():
            self.ground.query_one(f"#{place}").styles.max_height = most
        return found.nodes - 1

    def put(self, place: str, words: Text) -> None:
        self.ground.query_one(f"#{place}", Row).put(words)

    def show_title(self) -> None:
        now = self.lab.now(time.monotonic_ns())
        self.put("title", showing.title(self.lab, now, self.size.width))

    def show_events(self) -> None:
        log = self.ground.query_one("#events", RichLog)
        new = self.lab.count - self.listed
        if not new or not self.lab.stands:
            return
        lines = list(self.lab.events)
        width = log.scrollable_content_region.width
        for line in lines[max(0, len(lines) - new) :]:
            log.write(showing.event(self.lab, line, width))
        self.listed = self.lab.count

    def show_told(self) -> None:
        words = self.told
        if self.busy:
            words = Text("; ".join(f"{order} …" for order in self.busy.values()), "yellow")
        self.put("told", words)

    def machine(self) -> Machine | None:
        return self.lab.machine(self.chosen)

    def action_choose(self, by: int) -> None:
        names = [one.name for one in self.lab.layout.machines] if self.lab.layout else []
        if self.chosen in names:
            at = min(max(names.index(self.chosen) + by, 0), len(names) - 1)
            self.chosen, self.part = names[at], None
            self.show()

    def action_part(self, by: int) -> None:
        machine = self.machine()
        found = orders.parts(machine) if machine else ()
        if not found:
            return
        if self.part in found:
            self.part = found[(found.index(self.part) + by) % len(found)]
        else:
            self.part = found[0 if by > 0 else -1]
        self.show()

    def action_power(self) -> None:
        if machine := self.machine():
            self.give(orders.power(self.lab, machine))

    def action_cable(self) -> None:
        if machine := self.machine():
            self.give(orders.cable(self.lab, machine, self.part))

    def action_daemon(self) -> None:
        if machine := self.machine():
            self.give(orders.daemon(self.lab, machine, self.part))

    def action_clear(self) -> None:
        self.give(orders.clear())

    def action_hold(self) -> None:
        self.give(orders.hold(self.lab.clock))

    def action_pause(self) -> None:
        self.give(orders.pause(self.lab.clock))

    def action_run(self) -> None:
        self.give(orders.run(self.lab.clock))

    def action_pace(self, factor: float) -> None:
        self.give(orders.pace(self.lab.clock, factor))

    def action_advance(self, by: str) -> None:
        self.give(orders.advance(self.lab.clock, by))

    def action_ask(self) -> None:
        """Ask for how long the clock is to be wound forward."""

        def answered(by: str | None) -> None:
            if by:
                self.action_advance(by)

        asked = orders.advance(self.lab.clock, "1s")
        if isinstance(asked, Refused):
            self.give(asked)
            return
        self.push_screen(Ask("advance the clock by, such as 500ms, 90s or 1h"), answered)

    def action_help(self) -> None:
        self.push_screen(Help())

    def action_scroll(self, by: int) -> None:
        log = self.ground.query_one("#events", RichLog)
        log.auto_scroll = False
        page = log.scroll_page_down if by > 0 else log.scroll_page_up
        page(animate=False)
        self.call_after_refresh(self.follow_again)

    def action_scroll_tables(self, by: int) -> None:
        tables = self.ground.query_one("#tables", VerticalScroll)
        page = tables.scroll_page_down if by > 0 else tables.scroll_page_up
        page(animate=False)

    def follow_again(self) -> None:
        """At its end the list follows what comes."""
        log = self.ground.query_one("#events", RichLog)
        log.auto_scroll = log.is_vertical_scroll_end

    def action_leave(self) -> None:
        self.exit(End())

    def give(self, order: Order | Refused) -> None:
        """Have an order done, beside the screen; one at a time to the same thing."""
        if isinstance(order, Refused):
            self.told = Text(order.why, "yellow")
        elif order.about in self.busy:
            self.told = Text(f"first {self.busy[order.about]} has to end", "yellow")
        else:
            self.busy[order.about] = order
            self.do(order)
        self.show_told()

    @work
    async def do(self, order: Order) -> None:
        try:
            outcome = await self.perform(self.lab_name, order.words)
        finally:
            del self.busy[order.about]
        if outcome.code:
            self.told = Text(f"{order}: {outcome.words}", "bold red")
        else:
            said = outcome.words or f"done in {outcome.seconds:.1f} s"
            self.told = Text(f"{order}: {said}", "green")
        self.show()
