"""The step ``traffic`` of a scenario, to a Load."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lvsnet.errors import LvsnetError
from lvsnet.lab.document import Listing
from lvsnet.lab.suggest import hint
from lvsnet.lab.topology.values import At, Text, Told, inner, known_keys, listing, number, text
from lvsnet.lab.topology.values import table as mapping_at
from lvsnet.lab.units import Duration
from lvsnet.lab.values import shown
from lvsnet.plan.model import Plan
from lvsnet.scenario import checking, serving
from lvsnet.scenario.model import Send
from lvsnet.scenario.sentence_reader import NAME
from lvsnet.scenario.sentences import first_line
from lvsnet.traffic import checking as traffic
from lvsnet.traffic import target as targets
from lvsnet.traffic.model import STYLES, Load, Target

KEYS = (
    "name",
    "from",
    "to",
    "rate",
    "count",
    "for",
    "connections",
    "style",
    "timeout",
    "upload",
    "sources",
    "serve",
)
RATE = 20.0
"""Requests a second when nobody says."""
TIMEOUT = 1.0
MOST_REQUESTS = 1_000_000
MOST_CONNECTIONS = 10_000
LONGEST = 86_400.0
"""Seconds of a load: a day."""
SHORTEST_TIMEOUT, LONGEST_TIMEOUT = 0.001, 600.0
RESERVED = ("all",)
"""What ``finish`` means by these is no load."""


def read(at: At, others: Mapping[str, Load], plan: Plan | None, told: Told) -> Send | None:
    """The load of a step, and who answers it; None when something is wrong, which is told.

    ``others`` were begun before, by name. Without a plan nothing is compared with the lab.
    """
    table = mapping_at(at, told)
    if table is None:
        return None
    before = len(told.faults)
    known_keys(table, at.path, KEYS, told)

    def of(key: str) -> At | None:
        return inner(table, key, at.path)

    name = _name(of("name"), others, told)
    clients = _clients(of("from"), at, plan, told)
    target = _target(of("to"), at, told)
    style = _style(text(of("style"), told), told)
    rate = _rate(text(of("rate"), told), style, told)
    load = Load(
        name=name,
        clients=clients,
        target=target or Target("http", "", 80),
        rate=rate,
        count=number(of("count"), 1, MOST_REQUESTS, told),
        seconds=seconds(of("for"), 0.001, LONGEST, told),
        connections=number(of("connections"), 1, MOST_CONNECTIONS, told) or 1,
        style=style,
        timeout=seconds(of("timeout"), SHORTEST_TIMEOUT, LONGEST_TIMEOUT, told) or TIMEOUT,
        upload=_upload(of("upload"), told),
        sources=_sources(of("sources"), told),
    )
    answer = [] if (serve_at := of("serve")) is None else names(serve_at, told)
    serve = () if target is None else serving.read(answer, target, plan, told)
    if len(told.faults) > before:
        return None
    if why := traffic.wrong(load):
        told.error(at.mark, f"{at.path}: {why}")
        return None
    if plan is not None:
        try:
            checking.load(load, plan)
        except LvsnetError as error:
            told.error(at.mark, f"{at.path}: {first_line(error)}")
            return None
    return Send(load, serve)


def words(send: Send) -> str:
    """The step in a line: ``web: client -> http://192.168.10.100/, 20/s, 200 requests``."""
    load = send.load
    parts = [f"{load.name}: {', '.join(load.clients)} -> {load.target}"]
    parts.append(f"{load.rate:g}/s" if load.rate else "one after the other")
    if load.count is not None:
        parts.append(f"{load.count} request{'' if load.count == 1 else 's'}")
    if load.seconds is not None:
        parts.append(f"for {load.seconds:g} s")
    if load.style != STYLES[0]:
        parts.append(load.style)
    if load.connections > 1:
        parts.append(f"{load.connections} connections")
    if load.upload:
        parts.append(f"upload {load.upload} B")
    if load.sources:
        parts.append(f"from {len(load.sources)} addresses")
    if send.serve:
        parts.append(f"answered by {', '.join(map(str, send.serve))}")
    return ", ".join(parts)


def length(load: Load) -> float | None:
    """Seconds after which the last request has been sent; None when only `finish` ends it.

    Without a rate it depends on the answers: the longest time that their timeouts allow.
    """
    found = [] if load.seconds is None else [load.seconds]
    if load.count is not None:
        at_once = load.connections * len(load.clients)
        found.append(load.count / load.rate if load.rate else load.count * load.timeout / at_once)
    return min(found, default=None)


def seconds(at: At | None, low: float, high: float, told: Told) -> float | None:
    """A duration from ``low`` to ``high`` seconds; None when it is not there, or wrong."""
    one = text(at, told)
    if one is None:
        return None
    try:
        found = float(Duration(one.text).seconds)
    except ValueError as error:
        told.error(one.mark, f"{one.path}: {error}")
        return None
    if not low <= found <= high:
        limit = f"short; at least {low:g}s" if found < low else f"long; at most {high:g}s"
        told.error(one.mark, f"{one.path}: {one.text} is too {limit}")
        return None
    return found


def names(at: At, told: Told) -> list[Text]:
    """One name, or a list of them; none twice."""
    if isinstance(at.value, Listing):
        found = [one for item in listing(at, told) if (one := text(item, told)) is not None]
        if not at.value.items:
            told.error(at.mark, f"{at.path}: is empty; at least one is needed")
    else:
        one = text(at, told)
        found = [] if one is None else [one]
    for n, each in enumerate(found):
        if each.text in [other.text for other in found[:n]]:
            told.error(each.mark, f"{each.path}: {each.text} is there twice")
    return found


def _name(at: At | None, others: Mapping[str, Load], told: Told) -> str:
    if at is None:
        numbers = ("", *(f"-{n}" for n in range(2, len(others) + 2)))
        return next(name for n in numbers if (name := f"traffic{n}") not in others)
    one = text(at, told)
    if one is None:
        return ""
    if not NAME.fullmatch(one.text) or len(one.text) > 63 or one.text in RESERVED:
        told.error(
            one.mark,
            f"{one.path}: {shown(one.text)} is no name of a load: letters, digits and any of _.- "
            "inside, at most 63, and not 'all'",
        )
    elif one.text in others:
        told.error(one.mark, f"{one.path}: there is a load {one.text} already")
    return one.text


def _clients(at: At | None, step: At, plan: Plan | None, told: Told) -> tuple[str, ...]:
    if at is not None:
        return tuple(one.text for one in names(at, told))
    if plan is None:
        return ("client",)
    client = checking.only_client(plan)
    if client is None:
        told.missing("from", step.mark, step.path)
        return ()
    return (client,)


def _target(at: At | None, step: At, told: Told) -> Target | None:
    if at is None:
        told.missing("to", step.mark, step.path)
        return None
    one = text(at, told)
    if one is None:
        return None
    try:
        return targets.parse(one.text)
    except ValueError as error:
        told.error(one.mark, f"{one.path}: {error}")
        return None


def _style(one: Text | None, told: Told) -> str:
    if one is None:
        return STYLES[0]
    if one.text not in STYLES:
        told.error(one.mark, f"{one.path}: {shown(one.text)} is not valid{hint(one.text, STYLES)}")
        return STYLES[0]
    return one.text


def _rate(one: Text | None, style: str, told: Told) -> float:
    if one is None:
        return RATE
    try:
        rate = targets.rate(one.text)
    except ValueError as error:
        told.error(one.mark, f"{one.path}: {error}")
        return RATE
    if rate == 0 and style == "hold":
        told.error(one.mark, f"{one.path}: connections that are held need a heartbeat; above 0")
    return rate


def _sources(at: At | None, told: Told) -> tuple[str, ...]:
    found: list[str] = []
    for one in [] if at is None else names(at, told):
        try:
            found += targets.sources([one.text])
        except ValueError as error:
            told.error(one.mark, f"{one.path}: {error}")
    return tuple(dict.fromkeys(found))


def _upload(at: At | None, told: Told) -> int:
    one = text(at, told)
    if one is None:
        return 0
    if re.fullmatch("[0-9]+", one.text) and one.text != "0":
        told.error(one.mark, f"{one.path}: {one.text} needs a unit, such as {one.text}kB")
        return 0
    try:
        return targets.size(one.text) if one.text != "0" else 0
    except ValueError as error:
        told.error(one.mark, f"{one.path}: {error}")
        return 0
