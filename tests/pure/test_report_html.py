"""The pages of reports as files: what they hold, and how large they are."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

from report_runs import SECOND, event, fail_over, hour, without_outcome

from lvsnet.report.html import index, page
from lvsnet.report.view import view

LARGEST = 5_000_000
HOSTILE = "</script><script>alert(1)</script><!--\u2028\ud800&amp;"


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(text)
    return parser.found


def test_nothing_is_loaded_and_only_the_page_s_own_script_may_run() -> None:
    text = page([fail_over(), without_outcome()])
    found = elements(text)
    for _tag, attributes in found:
        assert not {"src", "href", "srcset", "style"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
    policy = next(a["content"] for t, a in found if a.get("http-equiv"))
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert policy == (
        f"default-src 'none'; script-src {hashed(script)}; style-src {hashed(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_texts_of_a_lab_end_no_element_and_are_what_they_were() -> None:
    run = replace(fail_over(), title=HOSTILE, error=HOSTILE, files={HOSTILE: {HOSTILE: HOSTILE}})
    text = page([run])
    text.encode()
    assert [tag for tag, _ in elements(text)].count("script") == 2
    (block,) = re.findall(r'class="data" id="run-0">(.*?)</script>', text, re.DOTALL)
    found = json.loads(block)
    assert found["title"] == found["error"] == HOSTILE
    assert found["files"] == [[HOSTILE, "", [[HOSTILE, HOSTILE]]]]


def test_the_same_runs_are_the_same_page() -> None:
    assert page([fail_over()]) == page([fail_over()])


def test_an_index_leads_to_each_run() -> None:
    text = index([fail_over(), without_outcome()], ["a.html", "b.html"])
    (block,) = re.findall(r'class="data" id="index">(.*?)</script>', text, re.DOTALL)
    rows = json.loads(block)["runs"]
    assert [(one["title"], one["state"], one["link"]) for one in rows] == [
        ("labs/dr.yaml::director-dies", "failed", "a.html"),
        ("labs/dr.yaml::spread", "error", "b.html"),
    ]
    assert (rows[0]["requests"], rows[0]["lost"]) == (200, 70)
    assert rows[0]["outage"] == 3_549_991_000
    assert [one["why"] for one in rows] == [
        "expect: outage <= 3s: 3.55 s, from 2.000 s", "no guest kernel",
    ]  # fmt: skip


def test_events_with_the_same_words_are_summed() -> None:
    alike = [event(n / 10, "arp", "lb01", "gratuitous", "10.0.0.1") for n in range(4)]
    run = replace(fail_over(), events=(*alike, event(1, "link", "lb01", "down", "eth1")))
    assert view(run)["events"] == [
        [0, "arp", "lb01", "gratuitous", "10.0.0.1", "10.0.0.1 gratuitous", 4, 3 * SECOND // 10],
        [SECOND, "link", "lb01", "down", "eth1", "eth1 down", 1, SECOND],
    ]


def test_an_hour_with_100_000_requests_is_small() -> None:
    assert len(page([hour()]).encode()) < LARGEST
