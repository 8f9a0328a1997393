"""What the linter says of the labs that lvsnet carries: nothing of those that are right, and of
each broken one what its directory shows, as far as it can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsnet.compiled import compile_file
from lvsnet.lint.gathering import Target, gather
from lvsnet.lint.linting import CHOSEN, Choice, Report, lint, severity
from lvsnet.plan.keepalived import PATH
from lvsnet.plan.render import write
from lvsnet.rules.table import RULES

ROOT = Path(__file__).parents[2]
LABS = sorted((ROOT / "labs").glob("*.yaml"))
BROKEN = ROOT / "labs" / "broken"
PAIRS = sorted(path.name for path in BROKEN.iterdir() if path.is_dir())
ONLY_LIVE = ("06-tun-tunl0-down", "07-directors-cut-off", "07-firewall-drops-vrrp")
"""Which no configuration shows."""
UNCHECKED = ("12-each-others-real-servers",)
"""Whose real servers nothing checks, in the right one too: that makes the loop easier to see."""

every_lab = pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
every_pair = pytest.mark.parametrize("pair", PAIRS)


def told(report: Report) -> set[str]:
    """The rules that are broken, without what is only a note."""
    assert report.unread == []
    return {one.rule for one in report.findings if severity(one) != "note"}


def lab(path: Path) -> Report:
    targets, unread = gather([str(path)])
    assert unread == ()
    return lint(targets, Choice())


@every_lab
def test_an_example_lab_has_nothing_but_what_it_allows(path: Path) -> None:
    assert told(lab(path)) == set()


@every_lab
def test_the_files_of_its_machines_have_nothing_else(path: Path) -> None:
    plan = compile_file(path).plan
    targets = [
        Target(node.name, f"{node.name}{PATH}", file.content, Path(node.name))
        for node in plan.nodes
        for file in node.files
        if file.path == PATH
    ]
    assert told(lint(targets, Choice())) <= {*plan.allow, *CHOSEN}


def test_the_exercise_has_its_flaw() -> None:
    """As its author's files have it: the machine that is BACKUP tracks nothing."""
    plan = compile_file(ROOT / "labs" / "source-vrrp.yaml").plan
    files = {node.name: file for node in plan.nodes for file in node.files if file.path == PATH}
    targets = [Target(name, name, file.content, Path(name)) for name, file in files.items()]
    found = [one for one in lint(targets, Choice()).findings if one.rule == "backup-without-script"]
    lines = [files[one.place.file].content.splitlines()[one.place.line - 1] for one in found]
    assert [(one.place.file, line) for one, line in zip(found, lines, strict=True)] == [
        ("nginx01", "vrrp_instance NGINX_02 {"),
        ("nginx02", "vrrp_instance NGINX_01 {"),
    ]


@every_pair
def test_a_broken_lab_breaks_a_rule_and_the_right_one_none(pair: str) -> None:
    broken, right = (BROKEN / pair / f"{which}.yaml" for which in ("broken", "right"))
    shown = {rule.name for rule in RULES.values() if rule.shown_by == pair}
    allowed = "\nallow: [" in broken.read_text()
    found = {one.rule for one in lab(broken).findings}
    assert bool(found & shown) or allowed or pair in ONLY_LIVE or not shown
    assert told(lab(right)) <= (CHOSEN if pair in UNCHECKED else set())


def test_what_a_rule_names_is_there_and_each_pair_is_named() -> None:
    named = {rule.shown_by for rule in RULES.values() if rule.shown_by}
    assert named <= set(PAIRS)
    assert set(PAIRS) - named == {*ONLY_LIVE, *SAME}


SAME = ("03-vip-missing-forwarding",)
"""Another symptom of what a rule names already."""


FROM_FILES = {
    "01-no-arp-ignore": "arp-ignore",
    "02-no-arp-announce": "arp-announce",
    "04-nat-gateway-elsewhere": "nat-return-path",
    "04-nat-without-ip-forward": "nat-ip-forward",
    "12-each-others-real-servers": "director-loop",
}
"""What shows in the files of the machines, too, that `lvsnet render` writes."""


def rendered_files(path: Path, folder: Path) -> Report:
    write(compile_file(path).plan, folder)
    targets, unread = gather([str(folder)])
    assert unread == ()
    return lint(targets, Choice())


@every_lab
def test_the_directories_of_its_machines_have_nothing_else(path: Path, tmp_path: Path) -> None:
    plan = compile_file(path).plan
    assert told(rendered_files(path, tmp_path)) <= {*plan.allow, *CHOSEN}


@pytest.mark.parametrize("pair", FROM_FILES)
def test_a_broken_site_shows_in_the_files_of_its_machines(pair: str, tmp_path: Path) -> None:
    broken = rendered_files(BROKEN / pair / "broken.yaml", tmp_path / "broken")
    right = rendered_files(BROKEN / pair / "right.yaml", tmp_path / "right")
    assert FROM_FILES[pair] in told(broken)
    assert FROM_FILES[pair] not in told(right)


def test_the_larger_filter_holds_where_packets_leave_a_tunnel(tmp_path: Path) -> None:
    """lvsnet's own on tunl0 is 2, and a strict one on another interface is not asked there."""
    text = (ROOT / "labs" / "tun.yaml").read_text()
    for key in ("all", "eth1"):
        file = tmp_path / f"{key}.yaml"
        sysctls = f"role: realserver, sysctls: {{net.ipv4.conf.{key}.rp_filter: 1}}"
        file.write_text(text.replace("role: realserver", sysctls))
        assert told(lab(file)) == set()
