"""``lvsnet lint``: look for what lab files and keepalived.conf files get wrong."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from lvsnet.cli import complete


class Format(StrEnum):
    """``table`` is what other commands call what is for people."""

    TEXT = "text"
    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"


class Least(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


FilesArgument = Annotated[
    list[str],
    typer.Argument(
        help="keepalived.conf files, each with MACHINE= before it if you like; directories with"
        " one for each machine; lab files or names of example labs; - for standard input.",
        metavar="FILE...",
        show_default=False,
        autocompletion=complete.files_and_examples,
    ),
]


def lint(
    files: FilesArgument = [],  # noqa: B006 - typer reads it
    form: Annotated[
        Format,
        typer.Option("--format", "-f", envvar="LVSNET_FORMAT", help="For people or for programs."),
    ] = Format.TEXT,
    rule: Annotated[
        list[str],
        typer.Option(
            "--rule",
            help="Look for this rule only; several, too.",
            metavar="RULE",
            autocompletion=complete.lint_rules,
        ),
    ] = [],  # noqa: B006
    ignore: Annotated[
        list[str],
        typer.Option(
            "--ignore",
            help="Do not look for this rule; several, too.",
            metavar="RULE",
            autocompletion=complete.lint_rules,
        ),
    ] = [],  # noqa: B006
    least: Annotated[
        Least, typer.Option("--severity", help="Show what is at least this bad.")
    ] = Least.WARNING,
    alone: Annotated[
        bool,
        typer.Option("--alone", help="Look at each keepalived.conf by itself, not as one site."),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 for warnings, too.")] = False,
    explain: Annotated[
        str,
        typer.Option(
            "--explain",
            help="Say what a rule is about.",
            metavar="RULE",
            autocompletion=complete.lint_rules,
        ),
    ] = "",
) -> None:
    """Look for what lab files and keepalived.conf files get wrong, without running anything.

    The keepalived.conf files of one command are one site, so that two masters, clashing ids or
    different secrets are seen. The name in brackets is that of a rule; a comment
    `# lvsnet: allow RULE` in a file, or `allow` in a lab, lets it pass. Exit codes: 0 nothing is an
    error, 1 something is, 2 a file cannot be read.
    """
    from lvsnet.lint.gathering import gather
    from lvsnet.lint.linting import Choice, at_least, lint, severity

    for name in (*rule, *ignore, *([explain] if explain else [])):
        _require(name)
    if explain:
        _explain(explain)
        return
    if not files:
        raise typer.BadParameter("name a file, a directory or -", param_hint="FILE...")
    targets, unread = gather(files)
    report = lint(targets, Choice(rule, ignore), alone=alone)
    report.unread += unread
    shown = at_least(least.value)
    if form in (Format.JSON, Format.SARIF):
        import json

        from lvsnet.lint.report_json import as_json, as_sarif

        made = as_sarif(report, shown) if form is Format.SARIF else as_json(report, shown)
        typer.echo(json.dumps(made, indent=2))
    else:
        from lvsnet.lint.report_text import text

        for line in text(report, shown):
            _say(line)
    for problem in report.unread:
        typer.echo(problem, err=True)
    if report.unread:
        raise typer.Exit(2)
    failing = ("error", "warning") if strict else ("error",)
    if any(severity(finding) in failing for finding in report.findings):
        raise typer.Exit(1)


def _say(line: str) -> None:
    """Print, with question marks for what standard output has no letters for."""
    encoding = sys.stdout.encoding or "ascii"
    typer.echo(line.encode(encoding, errors="replace").decode(encoding))


def _require(name: str) -> None:
    """Refuse what is no rule's name."""
    from lvsnet.lab.suggest import nearest
    from lvsnet.lint.linting import names

    known = names()
    if name not in known:
        match = nearest(name, known)
        hint = f"; did you mean '{match}'?" if match else ""
        raise typer.BadParameter(f"there is no rule '{name}'{hint}")


def _explain(name: str) -> None:
    from lvsnet.lint.linting import rule_named

    rule = rule_named(name)
    typer.echo(f"{rule.name} ({rule.severity})")
    typer.echo(f"  {rule.summary}.")
    typer.echo(f"  Laid down in: {rule.source}.")
    typer.echo(f"  To mend it: {rule.mend}.")
    if rule.shown_by:
        typer.echo(f"  Shown by: lvsnet test labs/broken/{rule.shown_by}")
