"""What `keepalived -t` said is judged by what it means, not by its exit code.

Beside this file, in ``keepalived_said``, is what keepalived 2.3.3 says in lb01 of labs/dr.yaml of
``NAME.conf``: ``NAME.said``, the exit code in its first line. tests/e2e/test_own_keepalived.py
finds out whether that still holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from lvsnet.keepalived.endless import why_endless
from lvsnet.keepalived.messages import MESSAGES
from lvsnet.keepalived.verdict import RULES, Remark, judge

SAID = Path(__file__).parent / "keepalived_said"
MAIN = "/etc/keepalived/keepalived.conf"
FATAL = "(fatal)"

# Configuration -> rules of its errors, rules of its warnings.
VERDICTS = {
    "advert-int-half": ("keepalived-adjusted", ""),
    "advert-int-with-unit": ("keepalived-value", ""),
    "auth-in-version-3": ("keepalived-unsupported", ""),
    "auth-pass-long": ("", "auth-pass-length"),
    "auth-pass-missing": ("keepalived-incomplete", ""),
    "auth-type-unknown": ("keepalived-value", ""),
    "block-words": ("keepalived-syntax", ""),
    "brace-extra": ("keepalived-syntax", ""),
    "brace-missing-at-end": ("keepalived-syntax", ""),
    "brace-missing-within": ("keepalived-syntax keepalived-unknown-keyword", ""),
    "byte-order-mark": ("keepalived-syntax keepalived-unknown-keyword", ""),
    "delay-loop-with-unit": ("keepalived-value", ""),
    "dr-no-port": ("", ""),
    "dr-port": ("dr-port", ""),
    "email-none": ("", "keepalived-unused"),
    "extra-open": ("keepalived-syntax", ""),
    "fwmark": ("", ""),
    "group-of-virtual-servers": ("", ""),
    "group-of-virtual-servers-empty": ("keepalived-incomplete", ""),
    "http-fine": ("", ""),
    "http-no-url": ("keepalived-incomplete", ""),
    "http-old-retry": ("", "keepalived-deprecated"),
    "include-missing": ("keepalived-include", ""),
    "include-must": (f"{FATAL} keepalived-include", ""),
    "include-must-match": (FATAL, ""),
    "include-none-matches": ("", ""),
    "instance-twice": ("keepalived-duplicate", ""),
    "interface-dynamic": ("", ""),
    "interface-loopback": (f"{FATAL} keepalived-unsupported", ""),
    "interface-missing": (FATAL, ""),
    "interface-not-given": (FATAL, ""),
    "interface-of-vip-missing": (FATAL, ""),
    "interface-tracked-missing": (FATAL, ""),
    "interval-with-unit": ("keepalived-value", ""),
    "iptables": ("", "keepalived-deprecated"),
    "kind-fullnat": ("keepalived-forwarding-method", ""),
    "kind-lower-case": ("keepalived-forwarding-method", ""),
    "kind-missing": ("keepalived-forwarding-method", ""),
    "linkbeat": ("", "keepalived-deprecated"),
    "misc-without-path": ("keepalived-incomplete", ""),
    "misc-without-security": ("", "script-security-off"),
    "nopreempt-master": ("", "nopreempt-master"),
    "notify-twice": ("keepalived-duplicate", ""),
    "notify-without-security": ("", "script-security-off"),
    "one-packet-tcp": ("keepalived-adjusted", ""),
    "open-missing": ("keepalived-syntax keepalived-unknown-keyword", ""),
    "open-missing-within": ("keepalived-syntax", ""),
    "parameter-missing": (FATAL, ""),
    "persistence-with-unit": ("keepalived-value", ""),
    "preempt-delay-master": ("", "preempt-delay-master"),
    "preempt-delay-nopreempt": ("", "preempt-delay-nopreempt"),
    "priority-bad": ("keepalived-adjusted", ""),
    "protocol-missing": ("keepalived-default", ""),
    "protocol-unknown": ("keepalived-default keepalived-value", ""),
    "quorum": ("keepalived-adjusted", ""),
    "quote": ("keepalived-syntax keepalived-value", ""),
    "real-server-bad": ("keepalived-incomplete keepalived-value", ""),
    "real-server-twice": ("keepalived-duplicate", ""),
    "real-servers-none": ("keepalived-incomplete", ""),
    "real-time-priority": ("", "keepalived-adjusted"),
    "route-bad": ("keepalived-value", ""),
    "router-id-bad": (f"{FATAL} keepalived-value", ""),
    "router-id-not-given": (FATAL, ""),
    "router-id-twice": (FATAL, ""),
    # A real defect that keepalived does not see.
    "same-vip-twice": ("", ""),
    "sane": ("", ""),
    "scheduler-missing": ("", "keepalived-default"),
    "scheduler-unknown": ("keepalived-value", "keepalived-default"),
    "script-bin": ("script-path", ""),
    "script-fine": ("", ""),
    "script-missing": ("script-path", ""),
    "script-not-given": ("keepalived-incomplete keepalived-unknown-name", ""),
    "script-unknown": ("keepalived-unknown-name", ""),
    "script-user-missing": ("keepalived-script-user keepalived-unknown-name", ""),
    "script-user-unknown": ("keepalived-script-user keepalived-unknown-name", ""),
    "script-without-security": ("", "script-security-off"),
    "smtp-server-bad": ("", "keepalived-value"),
    "sorry-port": ("dr-port", ""),
    "state-unknown": ("keepalived-value", ""),
    "strict": ("", "keepalived-strict"),
    "strict-auth": ("keepalived-strict", "keepalived-strict"),
    "sync-daemon-old": ("", "keepalived-deprecated"),
    "sync-group": ("", ""),
    "sync-group-empty": ("keepalived-incomplete", "keepalived-unused"),
    "sync-group-of-one": ("", "keepalived-unused"),
    "sync-group-of-unknown": ("keepalived-unknown-name", "keepalived-unused"),
    "sync-group-weight": ("track-weight-sync-group", ""),
    "timeouts-with-unit": ("keepalived-value", ""),
    "tun-type-bad": ("keepalived-value", ""),
    "unicast-bad-peer": ("keepalived-unicast-peers keepalived-value", ""),
    "unicast-empty-peer": ("keepalived-unicast-peers", ""),
    "unicast-no-src": ("", ""),
    "unknown-block": ("keepalived-syntax keepalived-unknown-keyword", ""),
    "unknown-keyword": ("keepalived-unknown-keyword", ""),
    "unknown-top-block": ("keepalived-syntax keepalived-unknown-keyword", ""),
    "vip-bad": ("keepalived-value", "keepalived-unused"),
    "vip-none": ("", "keepalived-unused"),
    "vip-option-bad": ("keepalived-value", ""),
    "vip-prefix-bad": ("keepalived-adjusted", ""),
    "vip-twice": ("keepalived-duplicate", ""),
    "virtual-server-bad": ("keepalived-value", ""),
}


def said(name: str) -> tuple[int, str]:
    """Exit code and output."""
    first, _, output = (SAID / f"{name}.said").read_text().partition("\n")
    return int(first.removeprefix("exit code ")), output


def rules(remarks: Iterable[Remark]) -> str:
    return " ".join(sorted({remark.rule or FATAL for remark in remarks}))


def only_error(code: int, output: str) -> str:
    verdict = judge(code, output)
    assert verdict.warnings == ()
    (remark,) = verdict.errors
    return remark.text


def test_every_recording_is_judged() -> None:
    assert sorted(VERDICTS) == sorted(path.stem for path in SAID.glob("*.said"))
    assert sorted(VERDICTS) == sorted(path.stem for path in SAID.glob("*.conf"))


@pytest.mark.parametrize("name", VERDICTS)
def test_a_recording_has_its_verdict(name: str) -> None:
    verdict = judge(*said(name))
    assert (rules(verdict.errors), rules(verdict.warnings)) == VERDICTS[name]


def test_what_runs_differently_is_said_behind_keepalived_s_words() -> None:
    first, second = judge(*said("kind-lower-case")).errors
    assert first.text == (
        "(Line 19) PARSER : unknown [dr] routing method for virtual server; keepalived will use "
        "NAT: it knows NAT, DR and TUN, in capitals"
    )
    assert second.text.endswith("setting default NAT; write lb_kind DR, NAT or TUN")


def test_an_unknown_method_of_a_real_server_is_the_virtual_server_s() -> None:
    text = only_error(5, f"({MAIN}: Line 9) PARSER : unknown [dr] routing method for real server.")
    assert "keepalived will use the virtual server's: it knows" in text


def test_what_every_part_of_keepalived_says_is_told_once() -> None:
    code, output = said("brace-extra")
    assert len(output.splitlines()) == 8
    verdict = judge(code, output)
    assert [remark.text for remark in verdict.errors] == [
        "(Line 28) Extra '}' found",
        "(Line 28) Unknown keyword '}'",
    ]


def test_a_line_of_another_file_keeps_its_place() -> None:
    text = only_error(5, "(/etc/keepalived/web.conf: Line 3) Unknown keyword 'lb_algorithm'")
    assert text.startswith("(/etc/keepalived/web.conf: Line 3) Unknown keyword")


def test_a_number_is_told_by_what_it_is_the_number_of() -> None:
    place = f"({MAIN}: Line 10)"
    number, priority = (
        f"{place} number '300' outside range [1, 255]",
        f"{place} Priority not valid!",
    )
    assert "Priority" in only_error(5, f"{number}\n{priority}\n")
    assert "number '300'" in only_error(5, number)
    assert len(judge(5, f"{number}\n({MAIN}: Line 11) Priority not valid!\n").errors) == 2


def test_a_time_with_a_unit_never_pauses() -> None:
    code, output = said("interval-with-unit")
    assert "takes 2s for 2 microseconds" in only_error(code, output)
    assert "microseconds" not in only_error(5, f"({MAIN}: Line 8) invalid number 'often'")


def test_what_nobody_knows_is_a_warning() -> None:
    verdict = judge(5, "(VI_1) The moon is full\n")
    assert verdict.errors == ()
    assert verdict.warnings == (Remark("(VI_1) The moon is full", "keepalived-says"),)


@pytest.mark.parametrize("code", [2, 6])
def test_a_refusal_that_no_words_explain_is_an_error_without_a_name(code: int) -> None:
    verdict = judge(code, "(VI_1) The moon is full\n")
    assert rules(verdict.errors) == FATAL
    assert verdict.errors[0].text == (
        f"keepalived -t ended with exit code {code}:\n  (VI_1) The moon is full"
    )


def test_allowing_what_is_named_does_not_allow_a_refusal() -> None:
    verdict = judge(2, f"({MAIN}: Line 1) Unknown keyword 'x'\n")
    assert rules(verdict.errors) == f"{FATAL} keepalived-unknown-keyword"


@pytest.mark.parametrize(
    ("code", "output", "shown"),
    [
        (139, "", "keepalived -t was killed by signal 11:\n  (it said nothing)"),
        (
            1,
            "usage\n\n-t is none\n",
            "keepalived -t ended with exit code 1:\n  usage\n  -t is none",
        ),
    ],
)
def test_a_test_without_an_end_of_its_own_is_an_error(code: int, output: str, shown: str) -> None:
    assert judge(code, output).errors == (Remark(shown, ""),)


def test_every_rule_of_the_map_is_explained_and_used() -> None:
    named = {message.rule for message in MESSAGES if message.severity != "harmless"} - {""}
    assert named | {"keepalived-says"} == set(RULES)
    assert all(not text.endswith(".") and text[0] != " " for text in RULES.values())


def test_only_errors_are_without_a_rule() -> None:
    unnamed = {message.severity for message in MESSAGES if not message.rule}
    assert unnamed == {"error", "harmless"}
    for message in MESSAGES:
        re.compile(message.pattern)


SMTP = "real_server 192.168.10.13 25 {{\n    SMTP_CHECK {{\n        {}\n    }}\n}}\n"


@pytest.mark.parametrize(
    ("within", "endless"),
    [
        ("host {\n            connect_ip 192.168.10.13\n        }", True),
        ("connect_timeout 3\n        host {\n        }", True),
        ("connect_timeout 3", False),
        ("# host {", False),
        ("! host {", False),
        ("}\n    TCP_CHECK {\n        host", False),
        ("host {", False),
    ],
)
def test_the_check_that_never_ends_is_known(within: str, endless: bool) -> None:
    assert bool(why_endless(SMTP.format(within))) is endless
