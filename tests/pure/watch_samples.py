"""A lab that is watched, as lines of `lvsnet.watch.feed`, and a screen without a terminal."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass, field

from textual.pilot import Pilot
from textual.widgets import Input

from lvsnet.observe.table_model import Counts, Table, TableServer, TableService
from lvsnet.plan import codec
from lvsnet.watch.app import End, Watch
from lvsnet.watch.feed import EVENTS, TABLES
from lvsnet.watch.layout import Cable, Layout, Machine
from lvsnet.watch.model import Lab
from lvsnet.watch.processes import Outcome

VIP = "192.168.10.100"
PATIENCE = 20.0
"""Seconds until something is shown, on a machine that has much else to do."""
SECOND = 1_000_000_000
NOTHING = Counts(0, 0, 0, 0, 0)


def machine(name: str, role: str, last: int, *daemons: str) -> Machine:
    return Machine(name, role, (Cable("eth1", "lan", (f"192.168.10.{last}/24",)),), daemons)


DR = Layout(
    "dr",
    "guest 7.2.7",
    "virtual",
    (
        machine("client", "client", 10),
        machine("lb01", "director", 11, "keepalived"),
        machine("lb02", "director", 12, "keepalived"),
        machine("nginx01", "realserver", 13, "nginx"),
        machine("nginx02", "realserver", 14, "nginx"),
    ),
)
TWO_CABLES = Machine(
    "lb01", "director", (Cable("eth1", "lan", ()), Cable("eth2", "inside", ())), ()
)


def line(**words: object) -> str:
    return json.dumps(words)


def laid(layout: Layout = DR) -> str:
    return line(layout=codec.encode(layout))


def clock(mode: str = "held", now: int = 3 * SECOND, speed: float = 1.0) -> str:
    return line(
        clock={"kind": "virtual", "mode": mode, "speed": speed, "now": now, "start": 0, "seed": 7}
    )


def told(kind: str, node: str, what: str, subject: str, text: str, at: int = 4 * SECOND) -> str:
    return line(event=[at, kind, node, what, subject, text])


STOOD = line(
    initial=[
        [3 * SECOND, "vrrp", "lb01", "master", "VI_1", "VI_1 is MASTER"],
        [3 * SECOND, "vip", "lb01", "gained", VIP, f"holds {VIP} on eth1"],
        [3 * SECOND, "vrrp", "lb02", "backup", "VI_1", "VI_1 is BACKUP"],
    ],
    past=[],
    now=3 * SECOND,
)
FAILS_OVER = (
    told("node", "lb01", "off", "lb01", "is off"),
    told("vip", "lb01", "lost", VIP, f"holds {VIP} on eth1 no more"),
    told("vrrp", "lb02", "master", "VI_1", "VI_1 enters MASTER", 7 * SECOND),
    told("vip", "lb02", "gained", VIP, f"holds {VIP} on eth1", 7 * SECOND),
)


def server(name: str, last: int, weight: int = 1, rate: Counts = NOTHING) -> TableServer:
    address = f"192.168.10.{last}:80"
    return TableServer(name, address, "dr", "", weight, 0, 0, 2, 25, 0, NOTHING, rate)


def table(node: str, *servers: TableServer) -> Table:
    service = TableService(
        protocol="tcp",
        address=f"{VIP}:80",
        ipv6=False,
        scheduler="rr",
        flags=(),
        one_packet=False,
        persistence=None,
        total=NOTHING,
        rate=NOTHING,
        real_servers=servers,
    )
    return Table(node, 3 * SECOND, True, True, None, (), (service,), None)


def listed(*tables: Table) -> str:
    return line(tables=[asdict(one) for one in tables])


TABLES_OF_DR = listed(
    *(
        table(node, server("nginx01", 13, rate=Counts(12, 80, 0, 5600, 0)), server("nginx02", 14))
        for node in ("lb01", "lb02")
    )
)


def lab(*lines: str) -> Lab:
    one = Lab()
    for each in lines:
        one.takes(each, 0)
    return one


@dataclass
class Script:
    """What a screen is told, and what it had done."""

    told: dict[str, asyncio.Queue[str | None]]
    followed: list[str] = field(default_factory=list)
    """Each time that something was followed from its begin."""
    done: list[str] = field(default_factory=list)
    outcome: Outcome = field(default_factory=lambda: Outcome(0, "", 0.4))
    wait: asyncio.Event = field(default_factory=asyncio.Event)
    """Until this no command ends."""

    async def lines(self, _lab: str, what: str) -> AsyncGenerator[str, None]:
        self.followed.append(what)
        while (each := await self.told[what].get()) is not None:
            yield each

    async def perform(self, _lab: str, words: Sequence[str]) -> Outcome:
        self.done.append(" ".join(words))
        await self.wait.wait()
        return self.outcome

    def tells(self, *lines: str) -> None:
        for each in lines:
            self.told[EVENTS].put_nowait(each)


Act = Callable[[Watch, Script, Pilot[End]], Coroutine[None, None, None]]


def on_screen(act: Act, *lines: str, size: tuple[int, int] = (80, 24)) -> End | None:
    """Do ``act`` with a screen of so many columns and rows; what the screen returned."""

    async def run() -> End | None:
        script = Script({EVENTS: asyncio.Queue(), TABLES: asyncio.Queue()})
        script.wait.set()
        script.tells(*(lines or (clock(), laid(), STOOD)))
        script.told[TABLES].put_nowait(TABLES_OF_DR)
        app = Watch("dr", script.lines, script.perform)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.lab.stands and bool(app.lab.tables) and not app.due)
            await act(app, script, pilot)
        return app.return_value

    return asyncio.run(run())


async def until(pilot: Pilot[End], so: Callable[[], bool]) -> None:
    """Wait until something is so, and shown."""
    deadline = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < deadline, "it does not become so"
        await pilot.pause(0.02)
    await pilot.pause()


async def seen(app: Watch, pilot: Pilot[End], words: str) -> None:
    """Wait until words stand on the screen."""
    await until(pilot, lambda: words in "\n".join(shown(app)))


def shown(app: Watch) -> list[str]:
    """The lines of the screen, as they are seen."""
    rows = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in row).rstrip() for row in rows]


def asked(app: Watch) -> Input:
    return app.screen.query_one(Input)
