"""What ``keepalived -t`` says of a configuration, by lvsnet's own measure of how bad it is.

keepalived's exit codes are of no use for that: 5 stands for warnings of any kind, harmless ones
too, and some real defects give 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from lvsnet.keepalived.messages import MESSAGES, NUMBER, Message


@dataclass(frozen=True)
class Remark:
    """One thing that keepalived says."""

    text: str
    """In its words, without time stamps; behind them what comes of it, where they do not say."""
    rule: str
    """A key of ``RULES``; empty for an error that no lab can allow itself."""


@dataclass(frozen=True)
class Verdict:
    errors: tuple[Remark, ...]
    warnings: tuple[Remark, ...]


RULES: Mapping[str, str] = {
    "auth-ah-master": "auth_type AH with state MASTER: keepalived starts as BACKUP",
    "auth-pass-length": "auth_pass has more than 8 characters: keepalived uses the first 8",
    "dr-port": "with DR or TUN the real server's port is not the virtual server's: keepalived "
    "uses the virtual server's",
    "nopreempt-master": "nopreempt with state MASTER: keepalived clears nopreempt",
    "preempt-delay-master": "preempt_delay with state MASTER: keepalived clears preempt_delay",
    "preempt-delay-nopreempt": "preempt_delay with nopreempt: keepalived clears preempt_delay",
    "script-path": "a script is not there, or script security forbids to run it: keepalived goes "
    "on without it",
    "script-security-off": "scripts run, and enable_script_security is not written: keepalived "
    "runs them whoever may change them",
    "track-interface-own": "track_interface names the instance's own interface, which is tracked "
    "anyway",
    "track-weight-sync-group": "something is tracked with a weight, and the instance is in a sync "
    "group: keepalived leaves it out",
    "keepalived-adjusted": "a value is none that keepalived can use: it uses another one",
    "keepalived-default": "a virtual server lacks its protocol or scheduler: keepalived uses UDP "
    "or wlc",
    "keepalived-deprecated": "something is written in a way that keepalived will give up",
    "keepalived-duplicate": "something is written twice: keepalived uses one of the two",
    "keepalived-forwarding-method": "lb_kind is missing, or keepalived does not know it: it uses "
    "NAT",
    "keepalived-include": "a configuration file is not there or cannot be read: keepalived goes "
    "on without it",
    "keepalived-incomplete": "something lacks what it cannot be without: keepalived leaves it out",
    "keepalived-says": "keepalived says something that lvsnet does not know",
    "keepalived-script-user": "the user who is to run scripts does not exist: keepalived goes on "
    "without the scripts",
    "keepalived-strict": "vrrp_strict forbids something that is written: keepalived leaves it out",
    "keepalived-syntax": "braces, quotes or words are in excess or missing: keepalived reads what "
    "follows as something else",
    "keepalived-track-weight": "something is tracked with a weight, and the priority is 255: "
    "keepalived leaves it out",
    "keepalived-unicast-peers": "unicast has no peers: keepalived uses multicast",
    "keepalived-unknown-keyword": "keepalived does not know a keyword: it ignores the line",
    "keepalived-unknown-name": "a name is defined nowhere: keepalived leaves out what uses it",
    "keepalived-unsupported": "the kernel, an interface or this keepalived cannot do something: "
    "keepalived leaves it out",
    "keepalived-unused": "something that is written has no effect",
    "keepalived-value": "keepalived cannot use a value: it ignores the line, or uses a default",
}
"""Name of a rule -> what breaks it, a sentence without its dot.

Names without ``keepalived-`` are also rules of lab files (``lvsnet.rules.of_labs``) as far as a lab
file can say the same."""

MAIN_FILE = "/etc/keepalived/keepalived.conf"

_WITH_VERDICT = (0, 2, 5, 6)
"""Exit codes of a test that came to its end: fine, unusable, anything else that is wrong, script
security; ``config_test_exit()`` in ``keepalived/core/main.c``."""
_UNUSABLE = 2
_NOT_SECURE = 6
"""Or that a file is missing that has to be included, when keepalived does not run."""
_SECURITY = "SECURITY VIOLATION"
_LINE = re.compile(r"\((?P<place>([^()]*: )?Line \d+)\) ")
_UNKNOWN = Message("", "warning", "keepalived-says")
_QUOTED = 10
"""Lines of what somebody else than keepalived's test says."""


@dataclass(frozen=True)
class _Line:
    """A line of keepalived's output."""

    place: str
    """``Line 12``, behind ``FILE: `` when it is none of the main file's; empty if none is named."""
    words: str

    def __str__(self) -> str:
        return f"({self.place}) {self.words}" if self.place else self.words


def judge(code: int, output: str) -> Verdict:
    """Judge an exit code of ``keepalived -t`` and what it said, both streams together."""
    if code not in _WITH_VERDICT:
        return Verdict((_strange(code, output),), ())
    found = [(_meaning(line.words), line) for line in _told_once(output)]
    errors = [_remark(message, line) for message, line in found if message.severity == "error"]
    warnings = [_remark(message, line) for message, line in found if message.severity == "warning"]
    refused = code == _UNUSABLE or (code == _NOT_SECURE and _SECURITY not in output)
    if refused and all(remark.rule for remark in errors):
        errors.append(_strange(code, output))
    return Verdict(tuple(errors), tuple(warnings))


def _strange(code: int, output: str) -> Remark:
    """keepalived gives no reason that is known: it crashed, say, or does not know ``-t``."""
    how = f"was killed by signal {code - 128}" if code > 128 else f"ended with exit code {code}"
    said = [line.rstrip() for line in output.splitlines() if line.strip()][-_QUOTED:]
    return Remark("\n  ".join([f"keepalived -t {how}:", *(said or ["(it said nothing)"])]), "")


def _told_once(output: str) -> list[_Line]:
    """The lines that say something of their own, in their order.

    Each part of keepalived reads the whole file, so much is said up to four times: first without
    the file's name, then with it. Of a number that cannot be read it often says so, and then what
    it is the number of.
    """
    lines: list[_Line] = []
    for text in filter(str.strip, output.splitlines()):
        line = _parsed(text)
        if line not in lines:
            lines.append(line)
    return [
        line
        for line, following in pairwise([*lines, _Line("", "")])
        if following.place != line.place or not re.search(NUMBER, line.words)
    ]


def _parsed(text: str) -> _Line:
    found = _LINE.match(text)
    if found is None:
        return _Line("", text.rstrip())
    return _Line(found["place"].removeprefix(f"{MAIN_FILE}: "), text[found.end() :].rstrip())


def _meaning(words: str) -> Message:
    for message in MESSAGES:
        if re.search(message.pattern, words):
            return message
    return _UNKNOWN


def _remark(message: Message, line: _Line) -> Remark:
    said = str(line)
    if message.consequence:
        said = f"{said.rstrip('. ')}; {message.consequence}"
    return Remark(said, message.rule)
