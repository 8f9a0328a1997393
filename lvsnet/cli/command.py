"""A command each of whose options can be set by environment variables as well."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer
from typer.core import TyperCommand, TyperOption

if TYPE_CHECKING:
    from typer._click import Context  # the base of typer.Context; before 0.26 it was click's own


BEHIND = "--"
CLOSED_PIPE = 141
"""A shell's exit code for SIGPIPE."""


class CommandWithVariables(TyperCommand):
    """Gives ``--timeout`` of ``lvsnet deploy`` the variable ``LVSNET_DEPLOY_TIMEOUT``.

    It comes before the shorter ones that an option has itself, such as ``LVSNET_RUNTIME``, and
    the command line before all of them. An empty variable is as none.
    """

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        prefix = _prefix(ctx)
        for option in self.params:
            if isinstance(option, TyperOption):
                option.envvar = _with_own(option, prefix)
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            if isinstance(error.param, TyperOption) and error.param_hint is None:
                error.param_hint = _hint(ctx, error.param)
            raise

    def invoke(self, ctx: Context) -> object:
        """One whose output nobody reads any more ends as by SIGPIPE; click and Rich say 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise typer.Exit(CLOSED_PIPE) from error
        except SystemExit as end:
            if isinstance(end.__context__, BrokenPipeError):  # Console.on_broken_pipe
                raise typer.Exit(CLOSED_PIPE) from end
            raise


class CommandWithWordsBehind(CommandWithVariables):
    """Keeps the words behind ``--`` apart: `words_behind` has them."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        at = args.index(BEHIND) if BEHIND in args else len(args)
        ctx.meta[BEHIND] = tuple(args[at + 1 :])
        return super().parse_args(ctx, args[:at])


def words_behind(ctx: Context) -> tuple[str, ...]:
    """What was written behind ``--`` for a `CommandWithWordsBehind`."""
    found: tuple[str, ...] = ctx.meta[BEHIND]
    return found


def _prefix(ctx: Context) -> str:
    """``LVSNET_IMAGE_BUILD`` for ``lvsnet image build``, by whatever name lvsnet was called."""
    words: list[str] = []
    above: Context | None = ctx
    while above is not None and above.parent is not None:
        words.insert(0, above.info_name or "")
        above = above.parent
    return "_".join(("LVSNET", *words)).upper().replace("-", "_")


def _with_own(option: TyperOption, prefix: str) -> list[str]:
    longest = max(option.opts, key=len).lstrip("-")
    own = f"{prefix}_{longest}".upper().replace("-", "_")
    return [own, *(one for one in _variables(option) if one != own)]


def _variables(option: TyperOption) -> list[str]:
    if option.envvar is None:
        return []
    return [option.envvar] if isinstance(option.envvar, str) else list(option.envvar)


def _hint(ctx: Context, option: TyperOption) -> str:
    """What a message calls an option: by the variable that its value is from, if it is."""
    source = ctx.get_parameter_source(option.name or "")
    if source is not None and source.name == "ENVIRONMENT":
        return next(one for one in _variables(option) if os.environ.get(one))
    return " / ".join(f"'{name}'" for name in option.opts)
