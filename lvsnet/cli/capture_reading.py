"""What is in a file of packets, in lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from lvsnet.cli.capture_text import Lines, began
from lvsnet.cli.formats import Format
from lvsnet.errors import LvsnetError
from lvsnet.observe import decode, pcapng
from lvsnet.observe.packet import Packet

READ_SIZE = 1024 * 1024
STDIN = Path("-")


def show(file: Path, form: Format, *, carried: bool, most: int | None) -> None:
    """Print the packets of a pcapng file, ``most`` at most; ``-`` is standard input.

    Raises:
        LvsnetError: it is no such file, or is damaged, or ends in the middle of a packet; what is
            before that is printed.
        OSError: it cannot be read.
    """
    if file == STDIN:
        _show(sys.stdin.buffer, "standard input", Lines(form, carried, 0), most)
        return
    with file.open("rb") as stream:
        _show(stream, str(file), Lines(form, carried, 0), most)


def _show(stream: BinaryIO, name: str, lines: Lines, most: int | None) -> None:
    reader = pcapng.Reader()
    shown = 0
    empty = True
    while content := stream.read(READ_SIZE):
        empty = False
        try:
            for found in reader.receive(content):
                offset = began(reader.comment)
                if offset is not None:
                    lines.booted = None
                lines.fit(reader.names)
                packet = _in_words(found, offset or 0)
                if lines.shows(packet):
                    lines.show(packet, outgoing=_outgoing(found.flags), length=found.length)
                    shown += 1
                if shown == most:
                    return
        except ValueError as error:
            raise LvsnetError(f"{name}: {error}") from error
    if empty:
        raise LvsnetError(f"{name}: it is empty")
    if reader.partial:
        what = "it ends in the middle of a packet" if reader.begun else "this is no pcapng file"
        raise LvsnetError(f"{name}: {what}")


def _in_words(found: pcapng.Packet, offset: int) -> Packet:
    node, colon, interface = found.interface.name.partition(":")
    where = (node, interface) if colon else ("", node)
    words = decode.decode(found.interface.link, found.content)
    return Packet(found.calendar - offset, *where, words.kind, words.text)


def _outgoing(flags: int) -> bool | None:
    way = flags & 3
    return None if not way else way == pcapng.OUT
