"""What ``lvsnet deploy --dry-run`` prints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lvsnet.cli import formats
from lvsnet.cli.formats import Format

if TYPE_CHECKING:
    from lvsnet.control.choice import Wish
    from lvsnet.plan.model import Node, Plan
    from lvsnet.preview import Preview
    from lvsnet.progress import Report

WIDE = 200


def show(file: Path, wish: Wish, form: Format, report: Report) -> None:
    """Print what deploy would do.

    Raises:
        LabFileError: the file is wrong.
        LvsnetError: deploy would refuse.
    """
    from lvsnet.preview import preview

    found = preview(file, wish, report)
    if form is Format.json:
        formats.document(_plain(found))
    else:
        _print(found)


def _plain(one: Preview) -> dict[str, object]:
    plan = one.plan
    return {
        "lab": plan.lab,
        "file": one.file,
        "runtime": one.runtime,
        "kernel": one.kernel,
        "reason": one.reason,
        "before": list(one.before),
        "vips": {held.address: list(held.nodes) for held in plan.held},
        "services": [
            {"protocol": protocol, "address": address, "real_servers": servers}
            for (protocol, address), servers in _services(plan).items()
        ],
        "nodes": [
            {
                "name": node.name,
                "role": node.role,
                "image": node.image,
                "addresses": [
                    {"interface": interface, "address": address}
                    for interface, address in _addresses(node)
                ],
                "daemons": [daemon.name for daemon in node.daemons],
                "files": [file.path for file in node.files],
            }
            for node in plan.nodes
        ],
    }


def _print(one: Preview) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    plan = one.plan
    typer.echo(f"lab {plan.lab} would run by {one.runtime}, kernel {one.kernel}: {one.reason}")
    for words in one.before:
        typer.echo(words)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("node", "role", "addresses", "daemons"):
        table.add_column(title)
    for node in plan.nodes:
        table.add_row(
            node.name,
            node.role,
            Text("\n".join(f"{interface} {address}" for interface, address in _addresses(node))),
            Text("\n".join(daemon.name for daemon in node.daemons)),
        )
    # A program that reads the table is to find whole words in it.
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)
    for held in plan.held:
        typer.echo(f"VIP {held.address} would be on one of {', '.join(held.nodes)}")
    for (protocol, address), servers in _services(plan).items():
        typer.echo(f"service {protocol} {address} would go to {', '.join(servers)}")


def _addresses(node: Node) -> tuple[tuple[str, str], ...]:
    from lvsnet.plan.difference import placed

    return placed(node)


def _services(plan: Plan) -> dict[tuple[str, str], list[str]]:
    """(protocol, address and port) of each service -> its real servers."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in plan.listed:
        servers = found.setdefault((one.protocol, one.service), [])
        if one.real_server not in servers:
            servers.append(one.real_server)
    return found
