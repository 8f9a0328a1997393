"""The facts of a lab's machines: their plan's files, addresses, routes and kernel parameters.

A keepalived.conf that the lab brings is read where it is written, in the lab file or beside it. One
that lvsnet makes is told by the keys of the lab file that it comes of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_interface
from pathlib import Path

from lvsnet.errors import LabFileError, LvsnetError, Problem
from lvsnet.lab import load
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Document, Loc, child, place
from lvsnet.lab.document import Node as YamlNode
from lvsnet.lab.model import Lab
from lvsnet.lint import from_ipvsadm
from lvsnet.lint.from_conf import machine
from lvsnet.lint.model import Place
from lvsnet.lint.reading import statements
from lvsnet.lint.site import Held, Host, Machine, Site
from lvsnet.lint.written import Written
from lvsnet.plan.compile import compile_lab
from lvsnet.plan.keepalived import PATH
from lvsnet.plan.model import Node

_RULES = "/etc/ipvsadm.rules"


@dataclass(frozen=True)
class LabRead:
    """What became of a lab file."""

    problems: tuple[Problem, ...]
    """What loading it found, whether it can run or not."""
    site: Site | None = None
    """None when it cannot run."""
    allow: tuple[str, ...] = ()
    generated: frozenset[Place] = frozenset()
    """Places at which what lvsnet made is told."""
    texts: dict[str, str] = field(default_factory=dict)
    """Of further files that findings may be in, by their names."""


def read(text: str, path: Path) -> LabRead:
    """Look at a lab file.

    Raises LabFileError when it is no YAML.
    """
    document = parse(text)
    if document.faults:
        load.examine(document, path)
    try:
        examined = load.examine(document, path)
        plan = compile_lab(examined.lab)
    except LabFileError as error:
        return LabRead(error.problems)
    except LvsnetError as error:
        return LabRead((Problem(str(path), 1, 1, str(error)),))
    source = _Source(path, document, text, examined.lab)
    machines = tuple(source.machine(node) for node in plan.nodes)
    return LabRead(
        examined.warnings,
        Site(machines),
        tuple(examined.lab.allow),
        frozenset(source.generated),
        source.texts,
    )


@dataclass
class _Source:
    """A lab file, by which places are told."""

    path: Path
    document: Document
    text: str
    lab: Lab
    generated: set[Place] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)

    def at(self, loc: Loc, part: str = "key") -> Place:
        key, value = place(self.document, loc)
        mark = key if part == "key" else value
        return Place(str(self.path), mark.line, mark.column)

    def has(self, loc: Loc) -> bool:
        node = self.document.root
        for part in loc:
            node = child(node, part)
        return node is not None

    def machine(self, node: Node) -> Machine:
        host = self._host(node)
        found = next((file.content for file in node.files if file.path == PATH), "")
        where = self._own(node.name)
        if where is None:
            read_ones = statements(found, node.name)
            told = tuple(self._told(one, self._origin(one, node.name)) for one in read_ones)
        else:
            told = tuple(_moved(one, where) for one in statements(found, node.name))
        made = machine(node.name, str(self.path), told, host)
        made = replace(made, place=host.place)
        if not made.globals.block:
            made = replace(made, globals=Written(("global_defs",), host.place, ()))
        lines = [*host.commands, *self._rules(node)]
        return replace(
            made,
            servers=(*made.servers, *from_ipvsadm.servers(node.name, lines)),
            sync=made.sync or from_ipvsadm.sync_daemon(lines),
        )

    def _host(self, node: Node) -> Host:
        name = node.name
        spec = self.lab.nodes[name]
        wired = {one.name: one.segment for one in node.interfaces}
        held = [
            Held(ip_interface(text).ip, one.name, one.segment)
            for one in node.interfaces
            for text in one.addresses
        ]
        held += [
            Held(ip_interface(one.address).ip, one.interface, wired.get(one.interface, ""))
            for one in node.addresses
        ]
        keys = [key for key in spec.sysctls if self.has(("nodes", name, "sysctls", key))]
        own = [
            (line if isinstance(line, str) else " ".join(line), self.at(("nodes", name, "exec", n)))
            for n, line in enumerate(spec.exec)
        ]
        known = {line for line, _ in own}
        here = self.at(("nodes", name))
        rest = [(_line(argv), here) for argv in node.commands if _line(argv) not in known]
        return Host(
            role=node.role,
            place=here,
            held=tuple(held),
            routes=tuple((one.destination, one.via) for one in node.routes),
            sysctls=dict(node.sysctls),
            sysctl_places={key: self.at(("nodes", name, "sysctls", key)) for key in keys},
            commands=(*own, *rest),
        )

    def _rules(self, node: Node) -> Iterator[tuple[str, Place]]:
        here = self.at(("nodes", node.name))
        for file in node.files:
            if file.path == _RULES:
                yield from ((line, here) for line in file.content.splitlines())

    def _own(self, name: str) -> Callable[[Place], Place] | None:
        """Where the lines of a configuration that the lab brings are; None without one."""
        for loc in (("nodes", name, "keepalived"), ("nodes", name, "files", PATH)):
            if not self.has(loc):
                continue
            source = child(_at(self.document, loc), "source")
            if source is not None:
                given = getattr(source, "value", "")
                file = str(self.path.parent / str(given))
                spec = self.lab.nodes[name]
                written = spec.keepalived or spec.files[PATH]
                content = written if isinstance(written, str) else written.content
                self.texts[file] = content or ""
                return lambda one: replace(one, file=file)
            inner = (*loc, "content") if self.has((*loc, "content")) else loc
            return self._literal(inner)
        return None

    def _literal(self, loc: Loc) -> Callable[[Place], Place]:
        """Of a block of text (``content: |``) each line is a line of the lab file's."""
        start = self.at(loc, "value")
        lines = self.text.splitlines()
        if not lines[start.line - 1][start.column - 1 :].startswith(("|", ">")):
            return lambda _: start
        first = next((one for one in lines[start.line :] if one.strip()), "")
        indent = len(first) - len(first.lstrip())
        return lambda one: Place(start.file, start.line + one.line, indent + one.column)

    def _origin(self, one: Written, node: str) -> Place:
        """The key of the lab file that a statement was made of."""
        name = one.arguments[0] if one.arguments else ""
        kinds = {
            "vrrp_instance": "vrrp",
            "vrrp_sync_group": "vrrp_sync_group",
            "vrrp_script": "vrrp_script",
        }
        loc: Loc = (kinds.get(one.keyword, ""), name)
        if one.keyword == "virtual_server":
            services = (
                key
                for key, spec in self.lab.services.items()
                if [str(spec.address), str(spec.port)] == list(one.arguments[:2])
            )
            loc = ("services", next(services, ""))
        return self.at(loc if self.has(loc) else ("nodes", node))

    def _told(self, one: Written, where: Place) -> Written:
        self.generated.add(where)
        block = None if one.block is None else tuple(self._told(i, where) for i in one.block)
        return replace(one, place=where, block=block)


def _moved(one: Written, where: Callable[[Place], Place]) -> Written:
    block = None if one.block is None else tuple(_moved(inner, where) for inner in one.block)
    return replace(one, place=where(one.place), block=block)


def _at(document: Document, loc: Loc) -> YamlNode | None:
    node = document.root
    for part in loc:
        node = child(node, part)
    return node


def _line(argv: Iterable[str]) -> str:
    words = list(argv)
    return words[2] if words[:2] == ["sh", "-c"] and len(words) == 3 else " ".join(words)
