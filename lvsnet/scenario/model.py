"""A scenario as data: steps in their order, each checked, with its place in the file.

It goes over the wire as JSON (`lvsnet.scenario.wire`), since it runs where the nodes are: on the
lab's own clock, so that in virtual time a run is repeated exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lvsnet.faults import text
from lvsnet.faults.model import Order
from lvsnet.observe.conditions import Condition, ServiceName
from lvsnet.traffic.model import Answerer, Load

LIMIT = 600.0
"""Seconds of the lab's time that a scenario may take when it does not say."""
STEP_LIMIT = 60.0
"""Seconds of the lab's time that a step may take when it does not say."""


@dataclass(frozen=True)
class Send:
    """Begin to send requests; the next step begins at once."""

    load: Load
    serve: tuple[Answerer, ...] = ()
    """Who answers them as long as the load lasts."""


@dataclass(frozen=True)
class Finish:
    """Wait until loads are over, or end them when they would go on for ever."""

    loads: tuple[str, ...]
    """By name; empty for all."""


@dataclass(frozen=True)
class Break:
    """Put a fault, or mend one."""

    order: Order


@dataclass(frozen=True)
class Wait:
    seconds: float


@dataclass(frozen=True)
class Run:
    """Run a command in a node and compare what comes of it, again and again until it is so.

    With ``within`` 0 it runs once.
    """

    node: str
    command: str
    """Of the shell, sh(1)."""
    code: int | None = 0
    """Its exit code; None for any."""
    output: str | None = None
    """A regular expression that is found somewhere in its output."""


@dataclass(frozen=True)
class Holds:
    """A condition of the site: who holds a VIP, IPVS's tables and counts."""

    condition: Condition


@dataclass(frozen=True)
class States:
    """How many connections of a director are in a state (``/proc/net/ip_vs_conn``)."""

    state: str
    """``FIN_WAIT``, ``ESTABLISHED``, ..."""
    comparison: str
    """One of `lvsnet.observe.conditions.COMPARISONS`."""
    number: int
    director: str
    service: ServiceName | None = None


@dataclass(frozen=True)
class Measured:
    """A number of a load's requests, of those that were sent before the step."""

    what: str
    """``outage`` (seconds, of the longest), ``outages``, ``lost``, ``requests``, ``answered``,
    ``p50``, ``p90``, ``p99``, ``longest`` (seconds)."""
    comparison: str
    """One of `lvsnet.observe.conditions.COMPARISONS`."""
    number: float
    load: str = ""
    """By name; empty for the only one, or all together."""
    server: str = ""
    """Of ``answered``: by this real server."""


@dataclass(frozen=True)
class Even:
    """A load's answers are spread over real servers by their weights.

    Each one's share is not further from its due one than ``within`` per cent of that.
    """

    within: float
    weights: tuple[tuple[str, int], ...] = ()
    """Real server -> weight; empty: each that answered, or is in a table, has the same."""
    load: str = ""


@dataclass(frozen=True)
class Carried:
    """What a node's interface is to receive or send, or to lose on the way, in a time."""

    node: str
    interface: str
    direction: str
    """``in``, what the node receives, or ``out``, what it sends."""
    what: str
    """``rate``, the mean, in bits a second, or ``drops``, packets."""
    comparison: str
    """One of `lvsnet.observe.conditions.COMPARISONS`; empty where `within` says it."""
    number: int
    within: float | None = None
    """Per cent of `number` by which a rate may differ from it."""

    @property
    def place(self) -> str:
        """``lb01:eth1 in``"""
        return f"{self.node}:{self.interface} {self.direction}"

    def __str__(self) -> str:
        if self.what == "drops":
            return f"link {self.place} drops {self.comparison} {self.number}"
        number = text.rate(self.number)
        if self.within is None:
            return f"link {self.place} {self.comparison} {number}"
        return f"link {self.place} {number} within {text.percent(self.within)}"


@dataclass(frozen=True)
class Links:
    """What links carry, all of them in the same time, which begins with the step."""

    links: tuple[Carried, ...]
    seconds: float

    def __str__(self) -> str:
        time = text.duration(round(self.seconds * 1e6))
        return f"{' and '.join(map(str, self.links))} over {time}"


Expectation = Holds | States | Measured | Even | Run | Links


@dataclass(frozen=True)
class Expect:
    """Wait until an expectation is met, ``within`` seconds of the lab's time at most."""

    expectation: Expectation
    within: float = 0.0
    """0: it is met at once, or never."""


@dataclass(frozen=True)
class Stays:
    """A condition, or a load's measure, that is met all the time for ``seconds``."""

    expectation: Expectation
    seconds: float


Act = Send | Finish | Break | Wait | Expect | Stays


@dataclass(frozen=True)
class Step:
    act: Act
    text: str
    """As its author wrote it: ``expect: vip 192.168.10.100 on lb02 within 4s``."""
    line: int
    """In the scenario's file, from 1."""
    limit: float = STEP_LIMIT
    """Seconds of the lab's time; a step that waits has its own in them."""
    on_pass: str = ""
    """Said when it has passed."""
    on_fail: str = ""
    """Said when it has failed."""


@dataclass(frozen=True)
class Single:
    """An address that never two nodes hold at the same time; empty for every VIP."""

    address: str = ""
    grace: float = 0.0
    """Seconds that two may hold it, as when one comes back that cannot know better."""


@dataclass(frozen=True)
class Always:
    """What is watched during the whole scenario."""

    watch: Single | Holds
    text: str
    line: int


@dataclass(frozen=True)
class Scenario:
    name: str
    steps: tuple[Step, ...]
    always: tuple[Always, ...] = ()
    description: str = ""
    limit: float = LIMIT
    """Seconds of the lab's time."""


@dataclass(frozen=True)
class Variant:
    """A scenario with a value for each key of its matrix."""

    scenario: Scenario
    values: tuple[tuple[str, str], ...] = field(default=())
    """Key -> value, as text: (``method``, ``nat``)."""

    @property
    def label(self) -> str:
        """``director-dies[method=nat,advert_int=100ms]``."""
        if not self.values:
            return self.scenario.name
        inside = ",".join(f"{key}={value}" for key, value in self.values)
        return f"{self.scenario.name}[{inside}]"
