"""What directors' IPVS tables count of each real server as time goes on, in little room.

No I/O here: texts of /proc/net/ip_vs in, samples out. That text is read anyway by who watches a
table, and has the numbers of connections, which takes a fraction of asking by netlink.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv6Address

from lvsnet.endpoint import joined
from lvsnet.observe.sample import GONE, Sample
from lvsnet.observe.tables import MARK

MOST = 4000
"""Samples that are kept of one line of a table."""
GRID_NS = 100_000_000
"""Nanoseconds, the least between two of them; a line with too many has a coarser grid."""
FIRMWARK = b"FWM"
COLUMNS = 6
"""Of a real server's line: arrow, address, method, weight, ActiveConn, InActConn."""

Point = tuple[int, int, int, int]
"""Time, weight, active, inactive."""
_NONE = (GONE, 0, 0)


@dataclass
class Line:
    """A line of a table: a point for each change, thinned when they become too many."""

    service: str
    real_server: str
    points: list[Point] = field(default_factory=list)
    grid: int = GRID_NS
    late: Point | None = None
    """The last one, if another in the same interval of the grid is kept."""

    def add(self, point: Point) -> None:
        """Take a point that is later than the others."""
        if self.late is not None and point[0] // self.grid > self.late[0] // self.grid:
            self.points.append(self.late)
            self.late = None
        if self.points and point[0] // self.grid == self.points[-1][0] // self.grid:
            self.late = point
        else:
            self.points.append(point)
        while len(self.points) > MOST:
            self._thin()

    def _thin(self) -> None:
        """Begin anew with a grid that is twice as coarse: every interval's first and last stay."""
        before, self.points, self.grid = self.all(), [], 2 * self.grid
        self.late = None
        for point in before:
            self.add(point)

    def all(self) -> list[Point]:
        return self.points if self.late is None else [*self.points, self.late]


@dataclass
class Sampler:
    """What has been counted so far in the tables of a lab's directors."""

    texts: dict[str, bytes] = field(default_factory=dict)
    """Node -> its table as it was last."""
    tables: dict[str, dict[tuple[bytes, bytes], Line]] = field(default_factory=dict)
    """Node -> lines, by how the kernel writes service and real server."""

    def takes(self, at: int, node: str, text: bytes) -> None:
        """A node's table at a time that is later than what was taken before."""
        if self.texts.get(node) == text:
            return
        self.texts[node] = text
        lines = self.tables.setdefault(node, {})
        gone = set(lines)
        for service, words in _split(text):
            key = (service, words[1])
            gone.discard(key)
            line = lines.get(key)
            if line is None:
                line = lines[key] = Line(_service(service), _endpoint(words[1]))
            _note(line, at, (int(words[3]), int(words[4]), int(words[5])))
        for key in gone:
            _note(lines[key], at, _NONE)

    def ends(self, at: int, node: str) -> None:
        """A node is off, and with it its table."""
        self.takes(at, node, b"")

    def samples(self) -> Iterator[Sample]:
        """By node and line, each by time."""
        for node, lines in self.tables.items():
            for one in lines.values():
                for point in one.all():
                    at, *numbers = point
                    yield Sample(at, node, one.service, one.real_server, *numbers)


def _note(line: Line, at: int, numbers: tuple[int, int, int]) -> None:
    last = line.late or (line.points[-1] if line.points else None)
    if last is None or last[1:] != numbers:
        line.add((at, *numbers))


def _split(text: bytes) -> Iterator[tuple[bytes, list[bytes]]]:
    """A service, as ``TCP C0A80A64:0050``, and the words of a real server's line, for each one."""
    service = b""
    for line in text.splitlines():
        words = line.split()
        if words[:1] != [MARK]:
            service = b" ".join(words[:2])
        elif len(words) == COLUMNS and words[3].isdigit():  # the third line names the columns
            yield service, words


@cache
def _service(words: bytes) -> str:
    protocol, _, address = words.partition(b" ")
    if protocol == FIRMWARK:
        return f"fwmark {int(address, 16)}"
    return f"{protocol.decode().lower()} {_endpoint(address)}"


@cache
def _endpoint(word: bytes) -> str:
    """``C0A80A64:0050`` and ``[fd00:...:0001]:0050`` (ip_vs_info_seq_show() of ip_vs_ctl.c)."""
    host, _, port = word.decode().rpartition(":")
    if host.startswith("["):
        return joined(IPv6Address(host.strip("[]")), int(port, 16))
    return joined(IPv4Address(int(host, 16)), int(port, 16))
