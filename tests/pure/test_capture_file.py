"""Files that are written while packets come: complete at any time, also on a disk that is full."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands import lvsnet

from lvsnet.cli import capture_file, capture_text
from lvsnet.cli.formats import Format
from lvsnet.errors import LvsnetError
from lvsnet.observe import pcapng
from lvsnet.observe.capture_model import Frame, Place
from lvsnet.observe.capturing import Reading
from lvsnet.observe.pcapng import Packet, Reader

BEGUN = 1_798_761_600_000_000_000
"""1 January 2027."""
PLACES = [
    Place("lb01", "eth1", "lan", "02:f7:bc:b1:c1:c0", 1),
    Place("nginx01", "tunl0", "", "", 101),
]


def frame(place: int, content: bytes, *, out: bool = False, dropped: int = 0) -> Frame:
    return Frame(place, out, 4 if out else 0, len(content), dropped, BEGUN + 7, content)


def read(path: Path) -> list[Packet]:
    return list(Reader().receive(path.read_bytes()))


def begin(path: Path) -> capture_file.Recording:
    said = capture_file.comment("dr", BEGUN)
    return capture_file.begin(str(path), said, BEGUN, "arp", 128)


def test_packets_can_be_read_as_soon_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "all.pcapng"
    path.write_bytes(bytes(100_000))
    recording = begin(path)
    reading = Reading(places=PLACES[:1])
    recording.write(reading, [frame(0, b"first", out=True)])
    assert [one.content for one in read(path)] == [b"first"]
    reading.places.append(PLACES[1])
    recording.write(reading, [frame(1, b"second", dropped=3)])
    recording.finish(reading)
    first, second = read(path)
    assert first.interface.name == "lb01:eth1"
    assert first.interface.description == "lb01's interface in lan"
    assert (first.flags, first.calendar) == (pcapng.OUT, BEGUN + 7)
    assert (second.interface.name, second.interface.link) == ("nginx01:tunl0", 101)
    assert (second.flags, second.interface.filter) == (pcapng.IN | pcapng.UNICAST, "arp")


def test_the_comment_tells_when_the_clock_began() -> None:
    for at in (BEGUN, BEGUN + 123_456_789):
        assert capture_text.began(capture_file.comment("dr", at)) == at
    assert capture_text.began(capture_file.comment("dr", None)) is None
    assert capture_text.began("somebody's words") is None


@contextmanager
def small(size: int) -> Iterator[None]:
    """Files cannot become larger (setrlimit(2)); Python ignores the signal of it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", range(600, 1000, 44))
def test_a_full_disk_leaves_whole_packets(tmp_path: Path, size: int) -> None:
    path = tmp_path / "full.pcapng"
    recording = begin(path)
    reading = Reading(places=PLACES)
    frames = [frame(number % 2, bytes(100)) for number in range(20)]
    with small(size), pytest.raises(LvsnetError, match=r"full.pcapng: .*can be read"):
        recording.write(reading, frames)
    reader = Reader()
    found = list(reader.receive(path.read_bytes()))
    assert 0 < len(found) < 20
    assert not reader.partial
    recording.finish(reading)
    assert read(path) == found


def test_a_disk_that_takes_nothing_is_told() -> None:
    with pytest.raises(LvsnetError, match=r"/dev/full: No space left on device$"):
        begin(Path("/dev/full"))


def test_lines_have_the_time_since_boot(capsys: pytest.CaptureFixture[str]) -> None:
    lines = capture_text.Lines(Format.table, carried=False, booted=None)
    lines.fit(["lb01:eth1", "nginx01:tunl0"])
    packet = Reading(places=PLACES, offset=BEGUN - 62_000_000_000).in_words(frame(0, b"ab"))
    lines.show(packet, outgoing=True, length=2)
    lines.show(packet, outgoing=None, length=2)
    words = "2 bytes, cut short or malformed"
    assert capsys.readouterr().out.splitlines() == [
        f"0:01:02.000000  lb01:eth1      out  {words}",
        f"0:01:02.000000  lb01:eth1           {words}",
    ]


def test_a_short_file_of_something_else_is_told_to_be_none(tmp_path: Path) -> None:
    """Shorter than what would say so: a file that is cut short is another thing."""
    short = tmp_path / "hostname"
    short.write_text("lb01\n")
    done = lvsnet("capture", "--read", str(short))
    assert (done.returncode, done.stderr) == (1, f"lvsnet: {short}: this is no pcapng file\n")
