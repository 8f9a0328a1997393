"""Checks of keepalived's settings: the machines, segments and names in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lvsnet.keepalived.keywords.model import Block, Keyword
from lvsnet.lab.checks.addresses import settled
from lvsnet.lab.document import Loc
from lvsnet.lab.finding import Finding
from lvsnet.lab.held_vips import vip_holders
from lvsnet.lab.model import Lab
from lvsnet.lab.model_checks import Check
from lvsnet.lab.settings import Line, Settings, Tree, is_named
from lvsnet.lab.settings_model import Configured
from lvsnet.lab.suggest import hint, nearest
from lvsnet.lab.virtual_services import asked


@dataclass(frozen=True)
class Written:
    """A line of a setting, where it stands."""

    loc: Loc
    what: str
    """Whose it is, for a message: ``VRRP instance VI_1``."""
    keyword: str
    line: Line
    machines: tuple[str, ...]
    """Those that have it."""
    command: bool
    """Whether its first word is a command."""
    user: str
    """Who runs that; empty for whom global_defs names."""


@dataclass(frozen=True)
class _Place:
    """What has settings."""

    loc: Loc
    what: str
    settings: Settings
    blocks: tuple[Block, ...]
    machines: tuple[str, ...]
    all_of_lab: bool = False
    """Whether ``machines`` are all that there are, not chosen by it."""


def machines(lab: Lab) -> Iterator[Finding]:
    """A machine that a setting names is there, and is one of the instance's."""
    for place in _places(lab):
        for loc, keyword, node in _named(place):
            where = f"{place.what}: {keyword}" if place.what else keyword
            if node not in lab.nodes:
                message = f"{where}: unknown node '{node}'{hint(node, place.machines)}"
                yield Finding(loc, message, "key", (("nodes", node),))
            elif node not in place.machines:
                whose = "instance's" if not place.all_of_lab else "lab's"
                yield Finding(
                    loc,
                    f"{where}: node {node} is none of the {whose} machines with keepalived"
                    f"{hint(node, place.machines)}",
                    "key",
                    ((*place.loc, "priority"),),
                )


def segments(lab: Lab) -> Iterator[Finding]:
    """The machines that have a setting are in the segment that it names."""
    for one in written(lab):
        for number in one.line.interfaces:
            name = one.line.words[number]
            where = f"{one.what}: {one.keyword}" if one.what else one.keyword
            if name not in lab.segments:
                if (near := nearest(name, lab.segments)) is not None:
                    message = f"{where}: unknown segment '{name}'; did you mean '{near}'?"
                    yield Finding(one.loc, message, because=(("segments", near),))
                continue
            absent = [
                node
                for node in one.machines
                if node in lab.nodes
                and settled(lab, node)
                and name not in lab.nodes[node].interfaces
            ]
            if absent and one.what:
                yield Finding(
                    one.loc,
                    f"{where}: {absent[0]} has no interface in segment {name}; name the machines"
                    f" that have one: {one.keyword}: {{NODE: ...}}",
                    because=tuple(("nodes", node, "interfaces") for node in absent),
                )


def names(lab: Lab) -> Iterator[Finding]:
    """What a setting names is defined, on the machines that have the setting."""
    defined: dict[str, Mapping[str, object]] = {
        "vrrp_script": lab.vrrp_script,
        "vrrp_instance": lab.vrrp,
        **{
            of: given if isinstance(given := lab.settings.given.get(of), dict) else {}
            for of in ("vrrp_track_process", "track_file", "bfd_instance", "track_group")
        },
    }
    for one in written(lab):
        where = f"{one.what}: {one.keyword}" if one.what else one.keyword
        for of, name in one.line.names:
            if of not in defined:
                continue
            section = "vrrp" if of == "vrrp_instance" else of
            if name not in defined[of]:
                known = hint(name, defined[of]) or f"; the lab has no {section}"
                yield Finding(
                    one.loc, f"{where}: unknown {of} '{name}'{known}", because=((section, name),)
                )
            elif of == "bfd_instance":
                ends = _ends(defined[of][name])
                lacking = [
                    node for node in one.machines if isinstance(ends, dict) and node not in ends
                ]
                if lacking:
                    yield Finding(
                        one.loc,
                        f"{where}: bfd_instance {name} has no neighbor_ip for {lacking[0]}, so"
                        " there is no session",
                        because=(("bfd_instance", name),),
                    )


def _ends(session: object) -> object:
    return session.get("neighbor_ip") if isinstance(session, dict) else None


def written(lab: Lab) -> Iterator[Written]:
    """All lines of settings."""
    for place in _places(lab):
        for block in place.blocks:
            yield from _of_block(place, block, place.settings.given, place.loc)


def _of_block(
    place: _Place, block: Block, given: Mapping[str, Tree], loc: Loc
) -> Iterator[Written]:
    for name, tree in given.items():
        keyword = block.keywords.get(name)
        if keyword is not None:
            own = given.get("user")
            user = own.words[0] if isinstance(own, Line) else ""
            yield from _of_tree(place, keyword, tree, (*loc, name), place.machines, user)


def _of_tree(
    place: _Place, keyword: Keyword, tree: Tree, loc: Loc, nodes: tuple[str, ...], user: str
) -> Iterator[Written]:
    match tree:
        case Line(words):
            # A command that has words behind it, its user first, has them in a list.
            who = words[1] if keyword.command and len(words) > 1 else user
            command = keyword.command and bool(words)
            yield Written(loc, place.what, keyword.name, tree, nodes, command, who)
        case list():
            for number, one in enumerate(tree):
                yield from _of_tree(place, keyword, one, (*loc, number), nodes, user)
        case dict() if isinstance(keyword.block, Block):
            if not is_named(keyword):
                yield from _of_block(place, keyword.block, tree, loc)
                return
            for name, one in tree.items():
                if isinstance(one, dict):
                    yield from _of_block(place, keyword.block, one, (*loc, name))
        case dict():
            for node, one in tree.items():
                yield from _of_tree(place, keyword, one, (*loc, node), (node,), user)
        case None:
            pass


def _named(place: _Place) -> Iterator[tuple[Loc, str, str]]:
    """The machines that settings name, where, and of which keyword."""
    for block in place.blocks:
        yield from _named_in(block, place.settings.given, place.loc)


def _named_in(block: Block, given: Mapping[str, Tree], loc: Loc) -> Iterator[tuple[Loc, str, str]]:
    for name, tree in given.items():
        keyword = block.keywords.get(name)
        here = (*loc, name)
        if keyword is None:
            continue
        if not isinstance(keyword.block, Block):
            if isinstance(tree, dict):
                yield from (((*here, node), name, node) for node in tree)
        elif isinstance(tree, dict) and is_named(keyword):
            for each, inner in tree.items():
                if isinstance(inner, dict):
                    yield from _named_in(keyword.block, inner, (*here, each))
        elif isinstance(tree, dict):
            yield from _named_in(keyword.block, tree, here)
        elif isinstance(tree, list):
            for number, inner in enumerate(tree):
                if isinstance(inner, dict):
                    yield from _named_in(keyword.block, inner, (*here, number))


def _places(lab: Lab) -> Iterator[_Place]:
    every = tuple(lab.nodes)

    def place(loc: Loc, what: str, one: Configured, nodes: tuple[str, ...] = every) -> _Place:
        return _Place(loc, what, one.settings, _blocks(one), nodes, nodes is every)

    yield place((), "", lab)
    yield place(("global_defs",), "global_defs", lab.global_defs)
    for name, instance in lab.vrrp.items():
        nodes = tuple(instance.priority)
        yield place(("vrrp", name), f"VRRP instance {name}", instance, nodes)
    for name, group in lab.vrrp_sync_group.items():
        members = [lab.vrrp[one] for one in group.group if one in lab.vrrp]
        nodes = tuple(dict.fromkeys(node for one in members for node in one.priority))
        yield place(("vrrp_sync_group", name), f"sync group {name}", group, nodes)
    holders = vip_holders(lab)
    for name, service in lab.services.items():
        loc: Loc = ("services", name)
        what = f"service {name}"
        held = [holders[vip] for _, vip in asked(service) if vip in holders]
        directors = tuple(dict.fromkeys(node for one in held for node in lab.vrrp[one].priority))
        yield place(loc, what, service, directors)
        for number, check in enumerate(service.check):
            yield place((*loc, "check", number), what, check, directors)
        for number, server in enumerate(service.real_servers):
            at = (*loc, "real_servers", number)
            yield place(at, what, server, directors)
            for which, check in enumerate(server.check or ()):
                yield place((*at, "check", which), what, check, directors)


def _blocks(one: Configured) -> tuple[Block, ...]:
    return (one.block,) if isinstance(one, Check) else one.blocks()
