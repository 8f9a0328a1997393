"""The lab file's reference says what the models and the rules do, and the published page is it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import BaseModel

from lvsnet.keepalived import verdict
from lvsnet.lab import model, model_services, model_vrrp
from lvsnet.lab.compose import parse
from lvsnet.lab.document import Plain, plain
from lvsnet.lab.kinds import keys
from lvsnet.lab.load import load_text
from lvsnet.lab.reference import example, reference
from lvsnet.lab.reference_sections import SECTIONS, Section
from lvsnet.lab.reference_types import words
from lvsnet.lab.schema import models
from lvsnet.lab.settings_model import every_key
from lvsnet.resources import example_labs
from lvsnet.rules.of_labs import RULES

ROOT = Path(__file__).parents[2]
LABS = {name: file.read_text() for name, file in example_labs().items()}
EVERY = pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)


def test_the_published_page_is_the_models() -> None:
    """``make docs`` writes it anew."""
    assert (ROOT / "docs" / "lab-file.md").read_text() == reference(LABS)


def test_every_model_has_a_section() -> None:
    described = [section.described for section in SECTIONS]
    assert set(described) == set(models().values())
    assert len(described) == len(set(described))


def test_every_key_and_every_rule_is_told() -> None:
    page = reference(LABS)
    for section in SECTIONS:
        _, _, after = page.partition(f"# {section.title}\n")
        table = after.partition("\n#")[0]
        spread = section.described is model_vrrp.Spread
        for key in keys(model_vrrp.Spread) if spread else every_key(section.described):
            assert f"\n| `{key}` | " in table, (section.title, key)
    for name in (*RULES, *verdict.RULES):
        assert f"\n| `{name}` | " in page


def test_every_row_has_as_many_cells_as_its_table() -> None:
    lines = reference(LABS).splitlines()
    for before, line in pairwise(lines):
        if before.startswith("|") and line.startswith("|"):
            assert before.count("|") == line.count("|"), line


@EVERY
def test_every_example_is_valid_where_it_stands(section: Section) -> None:
    written = mapping(example(section, LABS))
    if section.described is model.Lab:
        model.Lab.model_validate(written)
        return
    if section.described is model_vrrp.Spread:
        third = LABS["dr"].replace("nodes:\n", "nodes:\n" + LB03)
        without, _, _ = third.partition("vrrp:")
        assert load_text(without + example(section, LABS), Path("spread.yaml")).services
        return
    (key,) = written
    above = next(
        (one.described for one in SECTIONS if key in one.described.model_fields), model.Lab
    )
    whole = {**AROUND.get(above, {}), **written}
    if above is model.Lab and key not in model.Lab.model_fields:
        # One of the things that a lab has by name: a node.
        whole = {**AROUND[model.Lab], "nodes": written}
    assert above.model_validate(whole)


def test_an_example_s_lines_are_those_of_its_key_alone() -> None:
    groups = next(section for section in SECTIONS if section.described is model_vrrp.SyncGroup)
    assert example(groups, LABS) == "vrrp_sync_group:\n  SITE: [FRONT, BACK]\n"


def test_a_type_without_words_is_told_to_the_developer() -> None:
    with pytest.raises(TypeError, match="no words for <class 'complex'>"):
        words(complex, {})


def mapping(text: str) -> dict[str, Plain]:
    root = parse(text).root
    assert root is not None
    value = plain(root)
    assert isinstance(value, dict)
    return value


LB03 = "  lb03: {role: director, interfaces: {lan: 192.168.10.20}}\n"
AROUND: dict[type[BaseModel], dict[str, Plain]] = {
    model.Lab: mapping(LABS["dr"]),
    model.Node: mapping("{role: host, interfaces: {}}"),
    model_vrrp.VrrpInstance: mapping(
        "{segment: lan, virtual_router_id: 1, addresses: [192.0.2.1], priority: {a: 1}}"
    ),
    model_services.Service: mapping(
        "{address: 192.0.2.1, port: 80, method: dr, real_servers: [a]}"
    ),
}
"""What a model needs besides what an example shows."""
