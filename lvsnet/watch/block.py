"""Text on the screen that costs little when it is said again: what is the same is not drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static


class Row(Widget):
    """A line, or some, in a room whose size does not depend on it."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.words = Text()

    def render(self) -> Text:
        return self.words

    def put(self, words: Text) -> None:
        if words != self.words:
            self.words = words
            self.refresh()


class Block(Static):
    """As many lines as there are, made for its width."""

    @dataclass
    class Resized(Message):
        """It has another width."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.width = 0
        self.words = Text()

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != self.width:
            self.width = event.size.width
            self.post_message(self.Resized())

    def put(self, lines: Sequence[Text]) -> None:
        words = Text("\n", no_wrap=True, overflow="crop").join(lines)
        if words != self.words:
            self.words = words
            self.update(words)
