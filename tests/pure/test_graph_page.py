"""The page of `lvsnet graph --format html` in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import NARROW, Browser, missing, started

from lvsnet.compiled import compile_file
from lvsnet.observe import graph
from lvsnet.plan.model import Plan
from lvsnet.resources import example_labs

HOSTILE = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 1'>"
LONG_NAMES = Path(__file__).parent / "labs/long-names.yaml"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if lacking := missing():
        pytest.skip(f"there is no {' and no '.join(lacking)}")
    with started(tmp_path_factory.mktemp("browser")) as found:
        yield found


def plan(lab: str) -> Plan:
    return compile_file(example_labs()[lab]).plan


def middle(shown: Browser, selector: str) -> tuple[float, float]:
    """Where an element is in the window."""
    box = shown.run(
        "const box = document.querySelector(given[0]).getBoundingClientRect();"
        "return [box.x + box.width / 2, box.y + box.height / 2];",
        selector,
    )
    assert isinstance(box, list)
    return box[0], box[1]


def services_shown(shown: Browser) -> set[str]:
    found = shown.run(
        "return [...document.querySelectorAll('.path:not([hidden])')]"
        ".map((one) => one.dataset.service);"
    )
    assert isinstance(found, list)
    return set(found)


def view(shown: Browser) -> list[float]:
    found = shown.run("return document.querySelector('main > svg').getAttribute('viewBox');")
    assert isinstance(found, str)
    return [float(one) for one in found.split()]


def test_another_service_can_be_chosen(chromium: Browser) -> None:
    chromium.open(graph.html(plan("ipv6")))
    assert chromium.said() == []
    assert services_shown(chromium) == {"web4"}
    for chosen, there in (("inside", {"inside"}), ("", set())):
        chromium.run(
            "const all = document.getElementById('service'); all.value = given[0];"
            "all.dispatchEvent(new Event('change'));",
            chosen,
        )
        assert services_shown(chromium) == there


def test_the_pointer_and_the_keys_tell_more_of_a_node(chromium: Browser) -> None:
    chromium.open(graph.html(plan("dr")))
    chromium.mouse("mouseMoved", *middle(chromium, "[data-node=nginx01]"))
    told = chromium.text("#details")
    assert told.startswith("nginx01")
    assert "net.ipv4.conf.all.arp_ignore = 1" in told
    assert "/etc/nginx/nginx.conf" in told
    chromium.mouse("mouseMoved", 2, 880)
    hidden = "return document.getElementById('details').hidden;"
    assert chromium.run(hidden) is True
    chromium.run("document.querySelector('[data-node=lb01]').focus();")
    assert "/etc/keepalived/keepalived.conf" in chromium.text("#details")


def test_wheel_hand_and_keys_zoom_and_move(chromium: Browser) -> None:
    chromium.open(graph.html(plan("dr")))
    whole = view(chromium)
    x, y = middle(chromium, "[data-segment=lan]")
    chromium.mouse("mouseWheel", x, y, deltaX=0, deltaY=-240)
    near = view(chromium)
    assert near[2] < whole[2]
    moved_to = middle(chromium, "[data-segment=lan]")
    assert moved_to == pytest.approx((x, y), abs=3)
    for kind, by in (("mousePressed", 0), ("mouseMoved", 50), ("mouseReleased", 50)):
        chromium.mouse(kind, x + by, y, button="left", buttons=1, clickCount=1)
    assert middle(chromium, "[data-segment=lan]")[0] == pytest.approx(x + 50, abs=3)
    chromium.run("document.getElementById('whole').click();")
    assert view(chromium) == whole


WORDS = """
return [...document.querySelectorAll('.node')].flatMap((node) => {
  const box = node.querySelector('.box').getBoundingClientRect();
  return [...node.querySelectorAll('text')].map((one) => [one, one.getBoundingClientRect()])
    .filter(([, its]) => its.left < box.left || its.right > box.right
      || its.top < box.top || its.bottom > box.bottom)
    .map(([one]) => one.textContent);
}).concat([...document.querySelectorAll('.segment')].flatMap((bar) => {
  const box = bar.querySelector('.bar').getBoundingClientRect();
  return [...bar.querySelectorAll('text')].filter((one) => {
    const its = one.getBoundingClientRect();
    return its.right > box.right || its.top < box.top || its.bottom > box.bottom;
  }).map((one) => one.textContent);
}));
"""


@pytest.mark.parametrize("lab", ["dr", "ipv6", "long-names"])
def test_words_are_within_their_boxes_as_the_browser_has_them(lab: str, chromium: Browser) -> None:
    of = compile_file(LONG_NAMES).plan if lab == "long-names" else plan(lab)
    chromium.open(graph.html(of))
    assert chromium.run(WORDS) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_light_or_dark_as_the_reader_s_machine_is(scheme: str, chromium: Browser) -> None:
    chromium.open(graph.html(plan("dr")), width=NARROW, scheme=scheme)
    seen = chromium.run(
        "const at = (one, what) => getComputedStyle(document.querySelector(one))[what];"
        "return [at('.paper', 'fill'), at('body', 'backgroundColor'), at('.node text', 'fill'),"
        " document.documentElement.scrollWidth];"
    )
    assert isinstance(seen, list)
    paper, page, ink, width = seen
    assert (paper == "rgb(255, 255, 255)") is (scheme == "light")
    assert paper == page
    assert ink != paper
    assert width <= NARROW


def test_nothing_of_a_lab_runs(chromium: Browser) -> None:
    of = plan("dr")
    nodes = tuple(replace(one, name=f"{one.name}{HOSTILE}") for one in of.nodes)
    services = tuple(replace(one, name=HOSTILE) for one in of.services)
    changed = replace(of, lab=HOSTILE, nodes=nodes, services=services, vrrp=())
    chromium.open(graph.html(changed))
    chromium.run("document.querySelector('.node').focus();")
    assert chromium.run("return window.broken === undefined;") is True
    assert HOSTILE in chromium.text("#details h2")
    assert chromium.said() == []
