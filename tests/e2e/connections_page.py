"""What docs/inactconn.md says: its table, and the commands that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/inactconn.md"


@dataclass(frozen=True)
class Fate:
    """What a director makes of a connection."""

    state: str
    seconds: int
    setting: str
    """Which of --set's values ``seconds`` is; empty for none."""
    counted: str


def told(method: str) -> dict[str, Fate]:
    """The page's table: title of the way -> what it says of it."""
    lines = [
        line.strip("|").split("|") for line in PAGE.read_text().splitlines() if line[:1] == "|"
    ]
    (column,) = (place for place, name in enumerate(lines[0]) if name.strip() == f"`{method}`")
    return {line[0].strip(): _fate(line[column]) for line in lines[2:]}


def _fate(cell: str) -> Fate:
    """Of a cell such as ``FIN_WAIT``, 120 s = ``tcpfin``, InActConn; in Markdown, that is."""
    match = re.fullmatch(r" *`(\w+)`, (\d+) s(?: = `(\w+)`)?, (ActiveConn|InActConn) *", cell)
    assert match, cell
    state, seconds, setting, counter = match.groups()
    return Fate(state, int(seconds), setting or "", counter)


def shown() -> Iterator[tuple[str, str]]:
    """The commands that the page shows, with their output."""
    fences = re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    yield from re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(fences), re.MULTILINE)


def plain(output: str) -> list[str]:
    """Lines without what differs from one run to the next."""
    for pattern, name in (
        (r"\d\d:\d\d(?= )", "MM:SS"),
        (r"(?<=192\.168\.10\.10:)\d+", "PORT"),
        (r"\(size=\d+\)", "(size=N)"),
        # Of --stats all but Conns: how many packets a session has depends on the machine's load,
        # and bytes hold the names and versions of programs. None is still none.
        (r"( +\d+) +[1-9]\d* +[1-9]\d*( +\d+){2}$", r"\1 PACKETS PACKETS"),
        (r"( +\d+) +[1-9]\d* +0( +\d+){2}$", r"\1 PACKETS 0"),
    ):
        output = re.sub(pattern, name, output, flags=re.MULTILINE)
    return [" ".join(line.split()) for line in output.splitlines()]


def agree(output: str, page: str) -> bool:
    """Whether they do, in whatever order the kernel's hash table gives the lines; three dots stand
    for more lines like those above them."""
    seen, expected = plain(output), plain(page)
    if expected[-1:] == ["..."]:
        return set(seen) == set(expected[:-1]) and len(seen) > len(expected)
    return sorted(seen) == sorted(expected)
