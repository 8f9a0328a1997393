"""The lab file's reference in Markdown, from the models, their docstrings and the rules.

``python -m lvsnet.lab.reference > docs/lab-file.md`` writes it anew.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import get_type_hints

from pydantic import BaseModel, JsonValue

from lvsnet.keepalived import messages, verdict
from lvsnet.keepalived.keywords.model import Block, Keyword
from lvsnet.lab import model, model_vrrp, settings_schema
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Loc, child, place
from lvsnet.lab.kinds import keys
from lvsnet.lab.reference_sections import SECTIONS, Section
from lvsnet.lab.reference_types import KINDS, words
from lvsnet.lab.schema import schema
from lvsnet.lab.settings_model import Configured, keywords
from lvsnet.lab.settings_reading import current
from lvsnet.resources import example_labs
from lvsnet.rules.of_labs import RULES

_TOP = """\
# The lab file

<!-- Made by `make docs` from the models of lvsnet/lab and lvsnet/rules; edits here are lost. -->

A lab file is one YAML 1.2 document, so `no`, `on` and `22:22` are text. A key that lvsnet does not
know is an error, never ignored. Anchors, aliases and the merge key `<<` work. Names of keys are
keepalived's and ipvsadm's own where they have one.

`lvsnet validate FILE` tells all errors and warnings of a file, each with line and column. With

    # yaml-language-server: $schema=lab.schema.json

as its first line an editor with the YAML language server checks as you type; `lvsnet schema`
prints that schema ([lab.schema.json](lab.schema.json)).

A file with a top-level `topology` is read as a [containerlab topology](containerlab.md).
"""
_SETTINGS = """\
## Settings of keepalived

What keepalived 2.3 knows and lab files have no key of their own for is written under its own name,
where it stands in keepalived.conf, and is checked by keepalived's own bounds:

```yaml
vrrp:
  VI_1:
    garp_master_delay: 3s                     # times have units
    garp_master_repeat: {lb01: 3, lb02: 5}    # a value for each machine
    use_vmac: vrrp.33                         # several words are text, or a list of them
    accept: true                              # false leaves it out
    lower_prio_no_advert: false               # what can be switched off is written as false
    virtual_routes:                           # lines of a block; a segment is its interface
      - 10.0.0.0/8 via 192.168.10.1 dev lan
      - 10.1.0.0/16: {via: 192.168.10.1, metric: 5}
    notify_master_rx_lower_pri: [/usr/local/sbin/told, nobody]   # a command, and who runs it
```

Words in capitals stand for values; what is in brackets can be left out. A machine that a mapping
does not name has nothing of that setting. What is defined beside instances and services, such as
`bfd_instance` and `track_file`, is written on the machines that use it by its name, and a
`bfd_instance` on those that its `neighbor_ip` names. Static addresses, routes and rules are written
on the machines that they name, or else on all that run keepalived.
"""
_RULES = """\
## Rules

What is wrong in a way that leaves nothing to run is an error, without a name. What has a name here
can be allowed: with `allow: [NAME]` in the lab file neither an error nor a warning comes of
it, and the lab does as it says. `--strict` makes warnings errors.

### Of the lab file
"""
_VERDICTS = """\
### Of a keepalived.conf of your own

`keepalived -t` reads a configuration of your own (`keepalived:` of a node) inside the node, before
the daemon starts. Its exit code says little, so lvsnet judges what it prints: an error is what is
not run as it is written. It ends the deployment, with node, line and keepalived's own words.
"""


def reference(labs: Mapping[str, str]) -> str:
    """Give the whole page; ``labs`` has the text of each example lab by its name."""
    links = {one.described: f"[{one.noun}](#{_slug(one.title)})" for one in SECTIONS}
    definitions = _definitions()
    sections = (
        _section(section, definitions[section.described.__name__], links, labs)
        for section in SECTIONS
    )
    return "\n".join([_TOP, *sections, _SETTINGS, _kinds(), _rules()])


def example(section: Section, labs: Mapping[str, str]) -> str:
    """Give the YAML that stands in a section.

    Raises LookupError when the example lab has no such place.
    """
    if isinstance(section.example, str):
        return section.example
    text = labs[section.example.lab]
    return _excerpt(text, section.example.loc) if section.example.loc else _without_comment(text)


def _excerpt(text: str, loc: Loc) -> str:
    """The lines of the key at ``loc`` and of all that belongs to it, without their indentation."""
    document = parse(text)
    node = document.root
    for part in loc:
        node = child(node, part)
    if node is None:
        raise LookupError(f"the example lab has nothing at {loc}")
    key, _ = place(document, loc)
    lines = text.splitlines()[key.line - 1 :]
    length = next(
        (n for n, line in enumerate(lines) if n and line.strip() and _indent(line) < key.column),
        len(lines),
    )
    return textwrap.dedent("\n".join(lines[:length])).rstrip() + "\n"


def _without_comment(text: str) -> str:
    """A lab without the comment that it begins with."""
    return re.sub(r"\A(#.*\n)+", "", text)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _section(
    section: Section,
    definition: Mapping[str, JsonValue],
    links: Mapping[type[BaseModel], str],
    labs: Mapping[str, str],
) -> str:
    lines = [f"{'#' * section.level} {section.title}", ""]
    if section.keys:
        lines += [f"`{section.keys}`", ""]
    lines += [_flowing(definition["description"]), ""]
    lines += ["```yaml", example(section, labs).rstrip(), "```", ""]
    written = _mapping(definition["properties"])
    rows = _keys(section.described, {key: written[key] for key in keys(section.described)}, links)
    lines += _table(("key", "value", "default", "meaning"), rows)
    lines += _settings(section.described)
    return "\n".join(lines) + "\n"


def _settings(described: type[BaseModel]) -> list[str]:
    """The keywords of keepalived's that a model takes."""
    found = keywords(described)
    if not found or not issubclass(described, Configured):
        return []
    if described is model_vrrp.Spread:
        return [
            "",
            "And keepalived's own keywords, as a [VRRP instance](#vrrp-instances) has them.",
        ]
    heads = ("keyword", "value", "by itself", "meaning")
    every = described.blocks()
    if len(every) == 1:
        name = f"`{every[0].name}`" if every[0].name else "keepalived.conf as a whole"
        rows = _keyword_rows(found)
    else:
        name = "the checkers"
        rows = _rows_of_several(found, every)
    lines = ["", f"And [keepalived's own keywords](#settings-of-keepalived) of {name}:", ""]
    lines += _table(heads, rows)
    for inner in settings_schema.blocks(described):
        lines += ["", f"Of `{inner.name}` (keepalived.conf(5), {inner.section}):", ""]
        lines += _table(heads, _keyword_rows({one: inner.keywords[one] for one in current(inner)}))
    return lines


def _rows_of_several(
    found: Mapping[str, Keyword], every: Sequence[Block]
) -> Iterator[tuple[str, ...]]:
    """The same where it depends on something which block it is: with those that have a keyword."""
    for name, value, default, meaning in _keyword_rows(found):
        having = [one.name for one in every if name.strip("`") in one.keywords]
        few = len(having) <= len(every) / 2
        of = f" Of {' and '.join(f'`{one}`' for one in having)}." if few else ""
        yield name, value, default, f"{meaning}{of}".strip()


def _keyword_rows(found: Mapping[str, Keyword]) -> Iterator[tuple[str, ...]]:
    for name, one in found.items():
        default = f"`{one.default}`" if one.default else ""
        yield f"`{name}`", settings_schema.value(one), default, f"{one.means}." if one.means else ""


def _keys(
    described: type[BaseModel],
    properties: Mapping[str, JsonValue],
    links: Mapping[type[BaseModel], str],
) -> Iterator[tuple[str, ...]]:
    hints: dict[str, object] = get_type_hints(described, include_extras=True)
    for name, written in properties.items():
        required = described.model_fields[name].is_required()
        default = "required" if required else _default(described, name)
        meaning = _flowing(_mapping(written)["description"])
        yield f"`{name}`", words(hints[name], links), default, meaning


def _default(described: type[BaseModel], name: str) -> str:
    match described.model_fields[name].default:
        case None | {} | []:
            return ""
        case BaseModel():
            return "its defaults"
        case bool(value):
            return f"`{str(value).lower()}`"
        case value:
            return f"`{value}`"


def _kinds() -> str:
    rows = ((kind.word, kind.meaning) for kind in KINDS)
    return "\n".join(["## Values", "", *_table(("value", "what can be written"), rows)]) + "\n"


def _rules() -> str:
    heads = ("rule", "is", "what breaks it", "laid down in")
    rows = (
        (f"`{name}`", rule.severity, f"{_flowing(rule.summary)}.", _flowing(rule.source))
        for name, rule in RULES.items()
    )
    judged = (
        (f"`{name}`", _severities(name), f"{_flowing(said)}.")
        for name, said in verdict.RULES.items()
    )
    lines = [_RULES, *_table(heads, rows), "", _VERDICTS]
    lines += _table(("rule", "is", "what breaks it"), judged)
    return "\n".join(lines) + "\n"


def _severities(rule: str) -> str:
    """How bad it is to break a rule about keepalived.conf, which can depend on how it is broken."""
    found = {one.severity for one in messages.MESSAGES if one.rule == rule}
    # No message leads to the rule about messages that nobody knows.
    return " or ".join(sorted(found)) or "warning"


def _table(heads: Sequence[str], rows: Iterator[tuple[str, ...]]) -> list[str]:
    every = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in every]


def _flowing(text: JsonValue) -> str:
    """On one line, as a cell of a table has to be; a docstring's code marks are Markdown's."""
    return " ".join(str(text).replace("``", "`").split())


def _definitions() -> Mapping[str, Mapping[str, JsonValue]]:
    """What the JSON Schema says of each model, by its name."""
    made = schema()
    definitions = {name: _mapping(one) for name, one in _mapping(made["$defs"]).items()}
    return {**definitions, model.Lab.__name__: made}


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    if not isinstance(value, dict):
        raise TypeError(f"the JSON Schema has no mapping where one is wanted: {value!r}")
    return value


def _slug(title: str) -> str:
    """The anchor of a heading, as MkDocs and GitHub make it."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def main() -> None:
    """Print the page."""
    labs = {name: file.read_text(encoding="utf-8") for name, file in example_labs().items()}
    sys.stdout.write(reference(labs))


if __name__ == "__main__":
    main()
