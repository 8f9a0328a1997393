"""What lies over the screen for a moment: a question, and the help."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, Static

HELP = """\
[b]nodes[/]
  ↑ ↓     choose a node (also k, j)
  ← →     choose a cable or daemon of it
  s       stop it, as by power loss; start it
  c       cut its cable; plug it in again
  d       kill its daemon; start it again
  x       take all faults back
[b]clock[/], of a lab with a virtual one
  1 0     advance it by 1 s, by 10 s
  a       advance it by what you say
  r       run it beside real time
  + -     faster, slower
  h       hold it: it moves for what needs it
  p       pause it
[b]screen[/]
  PgUp PgDn  older, newer events
  < >     further IPVS tables
  q       quit; the lab goes on
● a node holds the service's VIP, ○ it does not.
in/s and out/s are bytes. Rates are the kernel's,
over some seconds. Each key is a command of
lvsnet's, which is shown when it is done."""


class Ask(ModalScreen[str]):
    """A line that somebody types; empty if nothing is wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "nothing", "back")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        with Vertical(id="asked"):
            yield Static(self.question)
            yield Input()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())

    def action_nothing(self) -> None:
        self.dismiss("")


class Help(ModalScreen[None]):
    """What the keys do; any key leads back."""

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(HELP)

    def on_key(self, event: Key) -> None:
        event.stop()  # it is for nothing else
        self.dismiss()
