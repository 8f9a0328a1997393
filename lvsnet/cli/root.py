"""``lvsnet`` itself: its options, and its list of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from lvsnet.cli import COMMANDS, SECTIONS

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

HELP_ENDS = "`lvsnet COMMAND --help` says more of each; `lvsnet tour` shows a site that fails over."


class CommandsInSections(TyperGroup):
    """Lists them under the headings of `SECTIONS`, in columns that are the same in all."""

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002
        width = max(len(name) for name in COMMANDS)
        for heading, section in SECTIONS.items():
            rows = [
                (name.ljust(width), command.summary)
                for name, command in section.items()
                if name in self.commands
            ]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


def _say_version(asked: bool) -> None:
    if asked:
        from lvsnet import __version__

        typer.echo(f"lvsnet {__version__}")
        raise typer.Exit


def lvsnet(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show lvsnet's version and exit.",
            callback=_say_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Linux Virtual Server sites from one YAML file: real kernel, real daemons, no privilege."""
