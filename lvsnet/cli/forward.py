"""``lvsnet forward``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lvsnet.cli import complete
from lvsnet.cli.formats import Format
from lvsnet.cli.options import FormatOption, LabOption
from lvsnet.endpoint import joined

if TYPE_CHECKING:
    from lvsnet.forwarding.specification import Forward, Route


def forward(
    ports: Annotated[
        list[str],
        typer.Argument(
            metavar="[HOST:]PORT:TARGET:PORT...",
            help="TARGET is a node, or an address such as a VIP; [HOST:]PORT is of this machine.",
            autocompletion=complete.forwards,
        ),
    ],
    dialler: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="NODE",
            help="Connect from this node; by default an address from the first client.",
            autocompletion=complete.nodes,
        ),
    ] = "",
    lab: LabOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Join ports of this machine with ports of a lab, until Ctrl-C.

    Listens on 127.0.0.1 unless HOST says otherwise; port 0 takes a free one.
    """
    from contextlib import ExitStack

    from lvsnet.cli.nodes import addressed
    from lvsnet.errors import LvsnetError
    from lvsnet.forwarding import listening, serving, specification

    try:
        forwards = [specification.parse(text) for text in ports]
    except LvsnetError as error:
        raise typer.BadParameter(str(error), param_hint="PORTS") from error
    named = {one.lab for one in forwards if one.lab}
    if "/" in dialler:
        prefix, _, dialler = dialler.rpartition("/")
        named.add(prefix)
    if len(named) > 1:
        raise typer.BadParameter("all targets must be in one lab", param_hint="PORTS")
    place, name, _ = addressed("/".join([*named, ""]), lab)
    site = place.look(name)
    joints = {}
    with ExitStack() as owned:
        lines = []
        for one in forwards:
            route = specification.route(site, one, dialler)
            sockets = listening.listen(one.host, one.port)
            target = joined(one.target, one.target_port)
            for made in sockets:
                owned.enter_context(made)
                joints[made] = serving.Joint(route, one.target_port, target)
            lines.append((one, route, sockets[0].getsockname()[1]))
        try:
            for line in lines:
                typer.echo(_line(name, *line, form))
            serving.serve(place, name, joints, _warn)
        except KeyboardInterrupt:
            # The one way to end it, so no failure: as kubectl port-forward has it.
            return


def _line(lab: str, one: Forward, route: Route, port: int, form: Format) -> str:
    import json

    if form is Format.json:
        return json.dumps(
            {
                "lab": lab,
                "host": one.host,
                "port": port,
                "target": one.target,
                "target_port": one.target_port,
                "from": route.node,
            }
        )
    here = joined(one.host, port)
    there = joined(one.target, one.target_port)
    origin = "" if route.node == one.target else f", from {route.node}"
    return f"{here} leads to {there}{origin}"


def _warn(text: str) -> None:
    sys.stderr.write(f"lvsnet: {text}\n")
