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
from lvsnet.keepalived.expanding import Allowance, Remark
from lvsnet.keepalived.including import in_mapping
from lvsnet.lab import load
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Document, Loc, child, place
from lvsnet.lab.document import Node as YamlNode
from lvsnet.lab.model import File as WrittenFile
from lvsnet.lab.model import Lab
from lvsnet.lint import from_ipvsadm, reading
from lvsnet.lint.from_conf import machine
from lvsnet.lint.host import Held, Host
from lvsnet.lint.model import Place
from lvsnet.lint.site import Machine, Site
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
    remarks: tuple[Remark, ...] = ()
    """Of includes in configurations that the lab brings."""
    texts: dict[str, str] = field(default_factory=dict)
    """Of further files that findings may be in, by their names."""


def read(text: str, path: Path, allowed: Allowance) -> LabRead:
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
    source = _Source(path, document, text, examined.lab, allowed)
    machines = tuple(source.machine(node) for node in plan.nodes)
    return LabRead(
        examined.warnings,
        Site(machines),
        tuple(examined.lab.allow),
        frozenset(source.generated),
        tuple(source.remarks),
        source.texts,
    )


@dataclass
class _Source:
    """A lab file, by which places are told."""

    path: Path
    document: Document
    text: str
    lab: Lab
    allowed: Allowance
    generated: set[Place] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

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
        where = self._own(node.name)
        found = self._configuration(node, where)
        if where is None:
            told = tuple(self._told(one, self._origin(one, node.name)) for one in found.statements)
        else:
            told = tuple(_moved(one, where) for one in found.statements)
            for one in found.remarks:
                here = where(Place(one.file, one.line))
                self.remarks.append(replace(one, file=here.file, line=here.line))
        made = machine(node.name, str(self.path), told, host)
        made = replace(made, place=host.place)
        if not made.globals.block:
            made = replace(made, globals=Written(("global_defs",), host.place, ()))
        return from_ipvsadm.added(made, (*host.commands, *self._rules(node)))

    def _configuration(
        self, node: Node, where: Callable[[Place], Place] | None
    ) -> reading.Configuration:
        contents = {file.path: file.content for file in node.files}
        if PATH not in contents:
            return reading.Configuration((), (), {})
        try:
            scripts = [file.path for file in node.files if file.mode & 0o111]
            return reading.read(PATH, in_mapping(contents, scripts), node.name, self.allowed)
        except LabFileError as error:
            if where is None:
                raise
            raise LabFileError([_placed(one, where) for one in error.problems]) from None

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
            of_lab=True,
        )

    def _rules(self, node: Node) -> Iterator[tuple[str, Place]]:
        here = self.at(("nodes", node.name))
        for file in node.files:
            if file.path == _RULES:
                yield from ((line, here) for line in file.content.splitlines())

    def _own(self, name: str) -> Callable[[Place], Place] | None:
        """Where the lines of a configuration that the lab brings are; None without one."""
        spec = self.lab.nodes[name]
        files: dict[str, tuple[Loc, WrittenFile | str]] = {
            path: (("nodes", name, "files", path), file) for path, file in spec.files.items()
        }
        if spec.keepalived is not None:
            files[PATH] = (("nodes", name, "keepalived"), spec.keepalived)
        if PATH not in files:
            return None
        ways = {path: self._lines_of(loc, file) for path, (loc, file) in files.items()}
        here = self.at(("nodes", name))
        return lambda one: ways[one.file](one) if one.file in ways else here

    def _lines_of(self, loc: Loc, file: WrittenFile | str) -> Callable[[Place], Place]:
        source = child(_at(self.document, loc), "source")
        if source is None:
            return self._literal((*loc, "content") if self.has((*loc, "content")) else loc)
        beside = str(self.path.parent / str(getattr(source, "value", "")))
        self.texts[beside] = file if isinstance(file, str) else file.content or ""
        return lambda one: replace(one, file=beside)

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


def _placed(problem: Problem, where: Callable[[Place], Place]) -> Problem:
    here = where(Place(problem.file, problem.line or 1, problem.column or 1))
    return replace(problem, file=here.file, line=here.line, column=here.column)


def _at(document: Document, loc: Loc) -> YamlNode | None:
    node = document.root
    for part in loc:
        node = child(node, part)
    return node


def _line(argv: Iterable[str]) -> str:
    words = list(argv)
    return words[2] if words[:2] == ["sh", "-c"] and len(words) == 3 else " ".join(words)
