"""The page of the linter's rules in Markdown.

``python -m lvsnet.lint.reference > docs/lint-rules.md`` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from lvsnet.rules.of_labs import RULES as OF_LABS
from lvsnet.rules.rule import SEVERITIES, Rule, Subject
from lvsnet.rules.table import LAB_FILE, RULES, SUBJECTS

_HEAD = """\
# The linter's rules

[`lvsnet lint`](lint.md) looks for these: {number} rules about `keepalived.conf`, alone or of all
machines of a site, and about what surrounds it. `lvsnet lint --explain RULE` says the same. Where a
[broken lab](broken.md) shows a rule on a real kernel, it is named: `lvsnet test` runs it.

An *error* cannot work, or is not what is written; a *warning* is unwise, or has no effect; a *note*
is good to know, and is shown with `--severity note`.

| subject | {heads} |
|---|{lines}|
{rows}
"""
_TAIL = """\
## Of lab files alone

| rule | is | what breaks it |
|---|---|---|
{rows}

[The lab file](lab-file.md) says more of these.
"""


def reference() -> str:
    """The whole page."""
    head = _HEAD.format(
        number=len(RULES),
        heads=" | ".join(f"{one}s" for one in SEVERITIES),
        lines="|".join("---" for _ in SEVERITIES),
        rows="\n".join(map(_amounts, SUBJECTS)),
    )
    own = {LAB_FILE.name: (LAB_FILE.severity, LAB_FILE.summary)}
    own |= {name: (one.severity, one.summary) for name, one in OF_LABS.items() if name not in RULES}
    rows = (f"| `{name}` | {bad} | {_sentence(said)} |" for name, (bad, said) in own.items())
    return "\n".join([head, *map(_subject, SUBJECTS), _TAIL.format(rows="\n".join(rows))])


def _amounts(subject: Subject) -> str:
    counts = (sum(rule.severity == one for rule in subject.rules) for one in SEVERITIES)
    anchor = subject.title.lower().replace(" ", "-").replace(",", "")
    return f"| [{subject.title}](#{anchor}) | {' | '.join(str(count or '') for count in counts)} |"


def _subject(subject: Subject) -> str:
    return "\n".join(
        [f"## {subject.title}", "", *(line for one in subject.rules for line in _rule(one))]
    )


def _rule(rule: Rule) -> Iterator[str]:
    yield f"### `{rule.name}`"
    yield ""
    yield f"*{rule.severity.capitalize()}.* {_sentence(rule.summary)}"
    yield ""
    yield f"- To mend it: {_escaped(rule.mend)}."
    yield f"- Laid down in: {_escaped(rule.source)}."
    if rule.shown_by:
        yield f"- Shown by: `lvsnet test labs/broken/{rule.shown_by}`."
    yield ""


def _sentence(text: str) -> str:
    """With a capital where the first word is a word, and not a keyword."""
    first, _, rest = text.partition(" ")
    if first.isalpha() and first not in ("advert", "state"):
        first = first[0].upper() + first[1:]
    return f"{_escaped(' '.join(filter(None, (first, rest))))}."


def _escaped(text: str) -> str:
    return text.replace("|", "&#124;").replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    sys.stdout.write(reference())
