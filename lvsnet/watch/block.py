"""Lines of text on the screen, which are written anew when their room has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Static


class Block(Static):
    """Lines that are made for its width."""

    @dataclass
    class Resized(Message):
        """It has another width."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.width = 0

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != self.width:
            self.width = event.size.width
            self.post_message(self.Resized())

    def put(self, lines: Sequence[Text]) -> None:
        self.update(Text("\n", no_wrap=True, overflow="crop").join(lines))
