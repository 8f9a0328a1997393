"""The pages of reports in a browser: they are drawn, they answer the hand, nothing in them runs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from browser import NARROW, Browser, missing, started
from report_runs import SECOND, VIP, event, fail_over, hour, without_outcome

from lvsnet.report.columns import packed
from lvsnet.report.html import index, page
from lvsnet.report.model import Run

HOSTILE = (
    "</script><script>window.broken = 1</script>"
    '<img src=x onerror="window.broken = 1">\'"><svg onload="window.broken = 1">{{1}}${1}'
)
OPENS = 2.0
"""Seconds for an hour's run with 100,000 requests, when the machine does nothing else."""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if lacking := missing():
        pytest.skip(f"there is no {' and no '.join(lacking)}")
    with started(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture
def shown(chromium: Browser) -> Browser:
    """The run of a fail-over, in the light, on a desk."""
    chromium.open(page([fail_over()]))
    return chromium


def place(shown: Browser, seconds: float) -> tuple[float, float]:
    """Where a time of the run is, by the slider's bounds while the whole run is shown."""
    box = shown.run(
        "document.getElementById('time-line').scrollIntoView();"
        "const box = document.querySelector('.layer').getBoundingClientRect();"
        "return [box.left, box.top, box.width];"
    )
    assert isinstance(box, list)
    left, top, width = box
    return left + width * seconds / 12, top + 60


def ticks(shown: Browser) -> list[float]:
    found = [one.removesuffix(" s").replace("−", "-") for one in shown.texts("text.tick")]
    return [float(one) for one in found]


def test_it_opens_without_a_word_in_the_console(shown: Browser) -> None:
    assert shown.said() == []
    assert shown.driver.title == "labs/dr.yaml::director-dies - lvsnet"
    assert shown.text("h1") == "✗ failed labs/dr.yaml::director-dies"


def test_what_failed_is_told_at_the_top_with_what_was_seen(shown: Browser) -> None:
    told = shown.text(".verdict")
    for part in ("expect: outage <= 3s", "line 69", "outage <= 3s", "3.55 s, from 2.000 s"):
        assert part in told
    assert shown.text(".about") == "When lb01 dies, clients lose no more than 4 s."
    assert shown.text(".again code") == "lvsnet test labs/dr.yaml::director-dies --seed 7"
    facts = shown.text(".facts")
    assert all(one in facts for one in ("dr-director-dies", "virtual", "7", "12.00 s", "200, 70"))


def test_the_command_is_copied(shown: Browser) -> None:
    shown.send("Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]})
    shown.driver.find_element("css selector", ".again button").click()
    shown.run("await new Promise((done) => setTimeout(done, 200));")
    assert shown.text(".again button") in ("copied", "press Ctrl-C")


def test_the_time_line_has_all_that_happened(shown: Browser) -> None:
    labels = shown.run(
        "return [...document.querySelectorAll('.timeline svg[role=img]')]"
        ".map((one) => one.getAttribute('aria-label'));"
    )
    assert isinstance(labels, list)
    said = "\n".join(map(str, labels))
    for part in (
        "VI_1 on lb01: MASTER from 0.000 to 2.000 s, off from 2.000 to 5.520 s, BACKUP from 5.520",
        f"{VIP} on lb02: holds it from 5.500 to 9.000 s",
        "Faults: fault: stop lb01 at 2.000 s, fault: start lb01 at 5.500 s",
        "Requests of web: 130 answered, 70 lost, 1 outage, of 3.55 s from 1.950",
        "InActConn of tcp 192.168.10.100:80 on lb02: nginx01 at most 35, nginx02 at most 36",
        "ActiveConn of tcp 192.168.10.100:80 on lb01: nginx01 at most 1, nginx02 at most 2",
        "(192.168.10.13:80) in the table of lb01: weight 1 from 0.000 to 2.000 s, weight 0 from 6",
        "arp, 5 of them: 5.500 s lb02 says that 192.168.10.100 is at 02:00 on lan",
        "vip, 4 of them: 2.000 s lb01 holds 192.168.10.100 on eth1 no more; 5.500 s lb02",
        "vrrp, 1 of them: 5.500 s lb02 VRRPv2 VI 33 prio 100",
    ):
        assert part in said
    assert shown.texts(".flag text") == ["stop lb01", "start lb01"]
    assert "no answer for 3.55 s" in shown.texts(".outage-word")


def test_every_bar_is_drawn_where_it_belongs(shown: Browser) -> None:
    found = shown.run(
        "const plot = document.querySelector('svg[aria-label^=\"VI_1 on lb01\"]');"
        "return [...plot.querySelectorAll('rect.bar')].map((one) =>"
        " [one.x.baseVal.value / plot.clientWidth, one.classList[1]]);"
    )
    assert isinstance(found, list)
    assert [(round(12 * x, 2), kind) for x, kind in found] == [
        (0, "vrrp-master"),
        (2, "vrrp-off"),
        (5.52, "vrrp-backup"),
        (9, "vrrp-master"),
    ]


@pytest.mark.parametrize("width", [400, 1280])
def test_words_are_as_long_as_their_bars_at_most(chromium: Browser, width: int) -> None:
    chromium.open(page([fail_over()]), width=width)
    found = chromium.run(
        "return [...document.querySelectorAll('text.word:not(.flag *)')].map((one) =>"
        " [one.textContent, one.x.baseVal[0].value + one.getComputedTextLength()"
        " - one.previousSibling.x.baseVal.value, one.previousSibling.width.baseVal.value]);"
    )
    assert isinstance(found, list)
    assert {"BACKUP", "MASTER"} <= {words for words, _, _ in found}
    assert [words for words, end, wide in found if end > wide] == []


def test_directors_tables_are_in_one_order_and_what_stays_0_is_said_once(
    chromium: Browser,
) -> None:
    run = fail_over()
    idle = tuple(
        replace(one, service="udp 192.168.10.100:53", active=(0,) * 5, inactive=(0,) * 5)
        for one in run.samples
    )
    first, second = (
        tuple(one for one in (*run.samples, *idle) if one.node == node) for node in ("lb01", "lb02")
    )
    chromium.open(page([replace(run, samples=(*first, *second[::-1]))]))
    titles = chromium.texts(".group h3")
    web, dns = "tcp 192.168.10.100:80", "udp 192.168.10.100:53"
    assert [one for one in titles if "Conn" in one] == [
        f"ActiveConn of {web}",
        f"InActConn of {web}",
        f"ActiveConn and InActConn of {dns} 0 all the time",
    ]
    assert [one for one in titles if "table" in one] == [
        f"IPVS table of {node}: {service}" for node in ("lb01", "lb02") for service in (web, dns)
    ]


def test_hover_shows_what_is_so_at_that_time(shown: Browser) -> None:
    shown.mouse("mouseMoved", *place(shown, 4))
    told = shown.text(".readout")
    assert re.search(r"^(3\.99|4\.00|4\.01) s", told)
    for part in ("lb01\noff", "lb02\nBACKUP", "lost\n4", "outage\n3.55 s", "nginx01\n0"):
        assert part in told
    assert "holds it" not in told
    assert "MASTER" not in told
    shown.mouse("mouseMoved", *place(shown, 7))
    told = shown.text(".readout")
    for part in ("lb02\nholds it", "lb02\nMASTER", "lost\n0", "weight 0", "nginx02\n2"):
        assert part in told
    shown.mouse("mouseMoved", 5, 5)
    assert "values at that time" in shown.text(".readout")


def test_hover_near_an_event_tells_it(shown: Browser) -> None:
    shown.mouse("mouseMoved", *place(shown, 9))
    assert "9.000 s lb01 VI_1 enters MASTER" in shown.text(".readout")


def test_a_wheel_zooms_at_the_pointer_and_a_double_click_is_back(shown: Browser) -> None:
    x, y = place(shown, 6)
    shown.mouse("mouseMoved", x, y)
    assert ticks(shown)[-1] >= 11
    before = shown.run("return scrollY;")
    for _ in range(5):
        shown.mouse("mouseWheel", x, y, deltaX=0, deltaY=-300)
    assert shown.run("return scrollY;") == before
    seen = ticks(shown)
    assert 5 < seen[0] < 6 < seen[-1] < 7
    shown.mouse("mouseMoved", x, y)
    assert abs(float(shown.text(".readout").split()[0]) - 6) < 0.05
    for count in (1, 2):
        shown.mouse("mousePressed", x, y, button="left", clickCount=count)
        shown.mouse("mouseReleased", x, y, button="left", clickCount=count)
    assert (ticks(shown)[0], ticks(shown)[-1]) == (0, 12)


def test_times_on_the_axis_do_not_touch_however_long_they_are(chromium: Browser) -> None:
    chromium.open(page([hour(100, 36_000)]))
    x, y = place(chromium, 11)
    for _ in range(14):
        chromium.mouse("mouseWheel", x, y, deltaX=0, deltaY=-900)
        found = chromium.run(
            "return [...document.querySelectorAll('text.tick')]"
            ".map((one) => one.getBoundingClientRect()).map((one) => [one.left, one.right]);"
        )
        assert isinstance(found, list)
        assert all(end + 4 < begin for (_, end), (begin, _) in pairwise(found)), found
    assert len(chromium.texts("text.tick")[0]) > len("32999.9999")


def test_a_wheel_that_cannot_zoom_out_scrolls_the_page(shown: Browser) -> None:
    x, y = place(shown, 6)
    before = shown.run("return scrollY;")
    shown.mouse("mouseWheel", x, y, deltaX=0, deltaY=200)
    after = shown.run("await new Promise((done) => setTimeout(done, 300)); return scrollY;")
    assert isinstance(before, int | float)
    assert isinstance(after, int | float)
    assert after > before


def test_a_page_that_is_being_scrolled_is_scrolled_on_over_the_time_line(shown: Browser) -> None:
    x, y = place(shown, 6)
    shown.mouse("mouseWheel", 5, y, deltaX=0, deltaY=-10)
    shown.mouse("mouseWheel", x, y, deltaX=0, deltaY=-10)
    assert ticks(shown)[-1] == 12
    shown.run("await new Promise((done) => setTimeout(done, 500));")
    shown.mouse("mouseWheel", x, y, deltaX=0, deltaY=-100)
    assert ticks(shown)[-1] < 12


def test_the_bar_under_the_axis_moves_what_is_shown(shown: Browser) -> None:
    x, y = place(shown, 1)
    for _ in range(3):
        shown.mouse("mouseWheel", x, y, deltaX=0, deltaY=-300)
    assert ticks(shown)[-1] < 4
    top = shown.run("return document.querySelector('.overview').getBoundingClientRect().top + 4;")
    assert isinstance(top, int | float)
    at, _ = place(shown, 10)
    shown.mouse("mousePressed", at, top, button="left", clickCount=1)
    shown.mouse("mouseReleased", at, top, button="left", clickCount=1)
    assert 9 < ticks(shown)[0] < 10 < ticks(shown)[-1] < 11.5


def test_a_span_that_is_dragged_over_is_shown(shown: Browser) -> None:
    (left, y), (right, _) = place(shown, 2), place(shown, 5)
    shown.mouse("mouseMoved", left, y)
    shown.mouse("mousePressed", left, y, button="left", clickCount=1)
    shown.mouse("mouseMoved", right, y, button="left", buttons=1)
    shown.mouse("mouseReleased", right, y, button="left", clickCount=1)
    seen = ticks(shown)
    assert 1.99 <= seen[0] <= 2.6
    assert 4.4 <= seen[-1] <= 5.01


def test_a_real_server_that_is_chosen_stands_out(shown: Browser) -> None:
    found = "[...document.querySelectorAll('.faint')].map((one) => one.dataset.server)"
    faint = f"[...new Set({found})]"
    choose = "document.querySelectorAll('.legend button')[given[0]].click();"
    shown.run(choose, 1)
    assert shown.run(f"return {faint};") == ["nginx01"]
    shown.mouse("mouseWheel", *place(shown, 6), deltaX=0, deltaY=-300)
    assert shown.run(f"return {faint};") == ["nginx01"]
    assert shown.run("return document.querySelectorAll('.faint').length;") == 6
    shown.run(choose, 0)
    assert shown.run(f"return {faint};") == ["nginx02"]
    shown.run(choose, 0)
    assert shown.run(f"return {faint};") == []


def test_keys_move_zoom_and_go_from_event_to_event(shown: Browser) -> None:
    def press(key: str, times: int = 1) -> None:
        for _ in range(times):
            shown.send("Input.dispatchKeyEvent", {"type": "keyDown", "key": key})
        shown.settled()

    shown.run("document.querySelector('.layer').focus();")
    press("n")
    assert "fault: stop lb01" in shown.text(".readout")
    layer = shown.driver.find_element("css selector", ".layer")
    assert layer.get_attribute("role") == "slider"
    assert layer.get_attribute("aria-valuenow") == "2"
    assert "VRRP VI_1: lb01 off" in str(layer.get_attribute("aria-valuetext"))
    press("n")
    assert layer.get_attribute("aria-valuenow") == "5.5"
    press("p")
    press("ArrowRight")
    assert 2 < float(str(layer.get_attribute("aria-valuenow"))) < 2.1
    press("+", 6)
    assert ticks(shown)[-1] < 4
    press("0")
    assert ticks(shown)[-1] == 12
    press("End")
    assert layer.get_attribute("aria-valuenow") == "12"


def test_fingers_pinch_and_a_tap_shows_values(chromium: Browser) -> None:
    chromium.open(page([fail_over()]), width=390)
    x, y = place(chromium, 4)

    def touch(kind: str, *points: float) -> None:
        touches = [{"x": one, "y": y, "id": n} for n, one in enumerate(points)]
        chromium.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
        chromium.settled()

    touch("touchStart", x)
    touch("touchEnd")
    assert "lb01\noff" in chromium.text(".readout")
    touch("touchStart", x - 20, x + 20)
    for apart in (30, 50, 80, 100):
        touch("touchMove", x - apart, x + apart)
    touch("touchEnd")
    seen = ticks(chromium)
    assert seen[-1] - seen[0] < 6
    chromium.driver.find_element("css selector", ".readout .close").click()
    chromium.settled()
    assert "values at that time" in chromium.text(".readout")


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of ``rgb(1, 2, 3)``."""
    parts = [int(one) / 255 for one in re.findall(r"\d+", colour)[:3]]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def colour(shown: Browser, selector: str, what: str = "color") -> str:
    return str(
        shown.run(
            "return getComputedStyle(document.querySelector(given[0]))[given[1]];", selector, what
        )
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_as_light_or_dark_as_the_system_and_easy_to_read(
    chromium: Browser, scheme: str
) -> None:
    chromium.open(page([fail_over()]), scheme=scheme)
    back = colour(chromium, "body", "backgroundColor")
    assert (luminance(back) > 0.5) is (scheme == "light")
    for selector in ("body", "h1", ".row .name", ".note", ".bad", "a", "td", "caption"):
        assert contrast(colour(chromium, selector), back) >= 4.5, selector
    for selector in (".lost", *(f".fill-s{n}" for n in range(2)), "rect.vrrp-master"):
        assert contrast(colour(chromium, selector, "fill"), back) >= 3, selector


def test_light_and_dark_can_be_chosen_and_stay_so(shown: Browser) -> None:
    for name, light in (("dark", False), ("light", True)):
        shown.run(
            "const choice = document.querySelector('.theme'); choice.value = given[0];"
            "choice.dispatchEvent(new Event('change'));",
            name,
        )
        assert (luminance(colour(shown, "body", "backgroundColor")) > 0.5) is light
        shown.driver.refresh()
        shown.settled()
        assert (luminance(colour(shown, "body", "backgroundColor")) > 0.5) is light
    shown.run("localStorage.clear();")


@pytest.mark.parametrize(
    "run", [fail_over(), without_outcome(), hour(5000, 60)], ids=["short", "none", "long"]
)
def test_a_phone_needs_no_scrolling_sideways(chromium: Browser, run: Run) -> None:
    chromium.open(page([run, run]), width=NARROW)
    assert chromium.said() == []
    width = chromium.run("return document.documentElement.scrollWidth;")
    assert width == NARROW


def test_texts_of_a_lab_never_run(chromium: Browser) -> None:
    run = fail_over()
    hostile = replace(
        run,
        title=HOSTILE,
        description=HOSTILE,
        lab=HOSTILE,
        error="",
        command=HOSTILE,
        steps=tuple(replace(one, text=HOSTILE, seen=HOSTILE, said=HOSTILE) for one in run.steps),
        initial=(event(0, "vrrp", HOSTILE, "master", HOSTILE, HOSTILE),),
        events=(
            *(replace(one, node=HOSTILE, subject=HOSTILE, text=HOSTILE) for one in run.events),
            event(10, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        ),
        loads=tuple(replace(one, name=HOSTILE, target=HOSTILE) for one in run.loads),
        samples=tuple(
            replace(one, node=HOSTILE, service=HOSTILE, real_server=HOSTILE) for one in run.samples
        ),
        files={HOSTILE: {HOSTILE: HOSTILE}},
        roles={HOSTILE: HOSTILE, **run.roles},
        picture=f'<svg xmlns="http://www.w3.org/2000/svg"><script>{HOSTILE}</script></svg>',
    )
    chromium.open(page([hostile]))
    chromium.run("for (const one of document.querySelectorAll('details')) one.open = true;")
    chromium.settled()
    chromium.mouse("mouseMoved", *place(chromium, 4))
    assert chromium.said() == []
    assert chromium.run("return window.broken ?? null;") is None
    assert chromium.run("return document.querySelectorAll('#page script, [onerror]').length;") == 0
    assert HOSTILE in chromium.text("h1")
    assert chromium.texts("pre") == [HOSTILE]


def test_events_are_chosen_by_kind_node_and_words_and_lead_to_the_time_line(
    shown: Browser,
) -> None:
    rows = "#events tbody tr"
    assert len(shown.texts(rows)) == 13
    assert "5 such until 5.500 s" in shown.text("#events")
    shown.run(
        "[...document.querySelectorAll('#events .kind')]"
        ".find((one) => one.textContent.startsWith('vip')).click();"
    )
    assert len(shown.texts(rows)) == 9
    shown.run(
        "const node = document.querySelector('#events select'); node.value = 'lb02';"
        "node.dispatchEvent(new Event('change'));"
    )
    assert len(shown.texts(rows)) == 3
    shown.run(
        "const words = document.querySelector('#events input'); words.value = 'backup';"
        "words.dispatchEvent(new Event('input'));"
    )
    (row,) = shown.texts(rows)
    assert "VI_1 enters BACKUP" in row
    assert "1 of 13" in shown.text("#events .filters")
    shown.run("document.querySelector('#events .time').click();")
    shown.settled()
    assert shown.text(".readout").startswith("9.00")


def test_who_answered_and_how_long_it_took(shown: Browser) -> None:
    told = shown.text("#answers")
    for part in ("200 requests, 130 answered, 70 lost: timeout 70", "nginx01\t65\t50.0 %"):
        assert part in told
    for part in ("half of them (p50)\t29 µs", "all (the longest)\t47 µs", "3.55 s\t70"):
        assert part in told
    said = shown.run("return document.querySelector('.histogram').getAttribute('aria-label');")
    assert said == "Histogram: from 8 µs to 47 µs, most often about 46 µs"
    bars = shown.texts(".histogram title")
    assert sum(int(one.rpartition(" ")[2]) for one in bars) == 130


def test_key_packets_are_on_the_time_line_and_in_a_table(shown: Browser) -> None:
    assert "Key packets" in shown.texts(".group h3")
    shown.mouse("mouseMoved", *place(shown, 5.5))
    assert "5.500 s lb02 VRRPv2 VI 33 prio 100" in shown.text(".readout")
    (row,) = shown.texts("#packets tbody tr")
    assert row == "5.500 slb02eth1vrrpVRRPv2 VI 33 prio 100"


def test_what_results_were_written_without_is_said_and_the_rest_is_shown(
    chromium: Browser,
) -> None:
    run = fail_over()
    bare = replace(
        run,
        loads=tuple(replace(one, requests=None) for one in run.loads),
        samples=(),
        packets=(),
        files={},
        names={},
        roles={},
        picture="",
        missing=("requests", "samples", "packets", "site"),
    )
    chromium.open(page([bare]))
    assert chromium.said() == []
    told = chromium.text(".missing")
    for part in ("single requests", "ActiveConn and InActConn", "key packets", "files"):
        assert part in told
    assert "VRRP VI_1" in chromium.texts(".group h3")
    labels = chromium.run(
        "return document.querySelector('svg[aria-label^=\"Outages of web\"]').ariaLabel;"
    )
    assert labels == "Outages of web: 3.55 s from 1.950 to 5.500 s"
    assert "70 lost" in chromium.text("#answers")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_lab_s_picture_is_as_light_or_dark_as_the_page(chromium: Browser, scheme: str) -> None:
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><style>rect {fill: #e00}'
        "@media (prefers-color-scheme: dark) {rect {fill: #700}}</style>"
        '<rect width="20" height="10"/></svg>'
    )
    chromium.open(page([replace(fail_over(), picture=picture)]))
    shade = chromium.run(
        "const choice = document.querySelector('.theme'); choice.value = given[0];"
        "choice.dispatchEvent(new Event('change'));"
        "const image = document.querySelector('.picture'); await image.decode();"
        "image.scrollIntoView(); const box = image.getBoundingClientRect();"
        "localStorage.clear(); return [box.left, box.top + scrollY, box.width, box.height];",
        scheme,
    )
    assert isinstance(shade, list)
    left, top, width, height = shade
    assert (width, height) == (20, 10)
    clip = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
    taken = chromium.send("Page.captureScreenshot", {"clip": clip})["data"]
    said = chromium.run(
        "const image = new Image(); image.src = 'data:image/png;base64,' + given[0];"
        "await image.decode(); const canvas = document.createElement('canvas');"
        "const to = canvas.getContext('2d'); to.drawImage(image, 0, 0);"
        "return to.getImageData(10, 5, 1, 1).data[0];",
        taken,
    )
    assert said == (0xEE if scheme == "light" else 0x77)


def test_files_are_there_when_they_are_opened(shown: Browser) -> None:
    assert shown.texts("pre") == []
    assert "/etc/keepalived/keepalived.conf" in "".join(shown.texts("#files summary"))
    shown.run("for (const one of document.querySelectorAll('#files details')) one.open = true;")
    shown.settled()
    assert shown.texts("#files pre") == [
        "global_defs {\n    router_id lb01\n}\n",
        "events {}\n",
    ]


def test_each_run_of_several_is_chosen(chromium: Browser) -> None:
    chromium.open(page([fail_over(), without_outcome()]))
    assert chromium.text(".chooser summary") == "2 runs: 1 failed, 1 error"
    chromium.run("document.querySelectorAll('.chooser a')[1].click();")
    chromium.settled()
    assert "labs/dr.yaml::spread" in chromium.text("h1")
    assert chromium.driver.title == "labs/dr.yaml::spread - lvsnet"
    assert chromium.text(".verdict") == "no guest kernel\nrun lvsnet setup"
    assert chromium.run("return document.querySelector('.timeline');") is None
    assert "without the nodes' files" in chromium.text(".missing")
    chromium.driver.back()
    chromium.settled()
    assert "director-dies" in chromium.text("h1")
    assert chromium.said() == []


def test_an_index_leads_to_its_pages(chromium: Browser) -> None:
    chromium.open(page([fail_over()]), name="one.html")
    chromium.open(index([fail_over(), without_outcome()], ["one.html", "other.html"]))
    assert chromium.said() == []
    assert chromium.text("h1") == "2 runs: 1 failed, 1 error"
    chromium.driver.find_element("link text", "labs/dr.yaml::director-dies").click()
    chromium.settled()
    assert chromium.text("h1") == "✗ failed labs/dr.yaml::director-dies"


def test_tables_and_headings_are_what_a_screen_reader_needs(shown: Browser) -> None:
    assert shown.run(
        "return [...document.querySelectorAll('table')].every((one) => one.caption &&"
        " [...one.querySelectorAll('thead th')].every((head) => head.scope === 'col'));"
    )
    levels = shown.run(
        "return [...document.querySelectorAll('h1, h2, h3, h4')].map((one) => +one.tagName[1]);"
    )
    assert isinstance(levels, list)
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    nameless = shown.run(
        "return [...document.querySelectorAll('button, select, input, a')].filter((one) =>"
        " !(one.getAttribute('aria-label') || one.textContent.trim())).length;"
    )
    assert nameless == 0


def test_columns_are_read_as_they_were_packed(shown: Browser) -> None:
    numbers = [0, -1, 1, 63, 64, -64, -65, 2**31, 2**51, -(2**51), 5, 5, 5]
    decoder = (
        "const text = document.querySelector('script:not(.data)').textContent;"
        "const code = text.slice(text.indexOf('function unpacked'), text.indexOf('/** The place'));"
        "return [...new Function(code + 'return unpacked;')()(given[0])];"
    )
    assert shown.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True}) == {}
    try:
        shown.driver.refresh()
        assert shown.run(decoder, packed(numbers)) == numbers
    finally:
        shown.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": False})


def test_paper_is_light_and_has_the_whole_run(chromium: Browser) -> None:
    chromium.open(page([fail_over()]), scheme="dark")
    chromium.send("Emulation.setEmulatedMedia", {"media": "print"})
    chromium.run("window.dispatchEvent(new Event('beforeprint'));")
    assert luminance(colour(chromium, "body", "backgroundColor")) == 1
    assert chromium.run("return document.querySelector('.layer').clientWidth;") == 560
    assert chromium.run("return document.querySelector('.plot').clientWidth;") == 560
    assert colour(chromium, ".readout", "display") == "none"
    assert colour(chromium, ".verdict dd", "maxHeight") == "none"
    printed = str(chromium.send("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    assert len(printed) > 20_000
    chromium.send("Emulation.setEmulatedMedia", {"media": "screen"})
    chromium.run("window.dispatchEvent(new Event('afterprint'));")
    chromium.settled()
    drawn = chromium.run(
        "return [...document.querySelectorAll('line.tick')].at(-1).x1.baseVal.value"
        " / document.querySelector('.layer').clientWidth;"
    )
    assert drawn == 1


def test_an_hour_with_100_000_requests_opens_at_once(chromium: Browser) -> None:
    run = hour()
    text = page([run])
    began = time.monotonic()
    chromium.open(text)
    took = time.monotonic() - began
    assert chromium.said() == []
    assert "Requests of web" in "".join(chromium.texts(".group h3"))
    # What the browser itself counts, without the machine's other work before it.
    drawn = chromium.run(
        "return performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd;"
    )
    assert isinstance(drawn, int | float)
    assert drawn / 1000 < 3 * OPENS
    assert took < 10 * OPENS
    x, y = place(chromium, 6)
    began = time.monotonic()
    for _ in range(10):
        chromium.mouse("mouseWheel", x, y, deltaX=0, deltaY=-100)
    assert time.monotonic() - began < 10
    assert run.ended - run.begun == 3600 * SECOND
