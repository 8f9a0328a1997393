"""Every example of the page on scenarios is read as it stands, against the example labs."""

from __future__ import annotations

import inspect
import re
import shutil
import textwrap
from pathlib import Path

import pytest
from pydantic import JsonValue

from lvsnet.errors import LabFileError
from lvsnet.faults.grammar import ORDERS
from lvsnet.lab_schema import schema
from lvsnet.observe.conditions import COUNTERS
from lvsnet.observe.grammar import TERMS
from lvsnet.resources import example_labs
from lvsnet.scenario import commands, files, loads, reading, sentences
from lvsnet.scenario.schema import file_schema, file_schema_text
from lvsnet.scenario.sentence_reader import TAKEOVER

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scenarios.md").read_text()
FENCES = re.findall(r"^```(\w+)(.*)\n((?:.*\n)*?)```$", PAGE, re.MULTILINE)
YAML = [body for kind, title, body in FENCES if kind == "yaml" and not title]


def whole(body: str) -> str:
    """A file of scenarios, of an example that shows one, or its key, or steps alone."""
    if body.startswith("- "):
        return f"lab: dr.yaml\nscenarios:\n  a:\n    steps:\n{textwrap.indent(body, '      ')}"
    return body if body.startswith("lab:") else f"lab: dr.yaml\n{body}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labs")
    for file in example_labs().values():
        shutil.copy(file, folder)
    return folder


@pytest.mark.parametrize("number", range(len(YAML)))
def test_an_example_is_right(folder: Path, number: int) -> None:
    path = folder / "scenarios.yaml"
    path.write_text(whole(YAML[number]))
    jobs = files.variants(files.collect(path))
    assert jobs
    assert all(job.variant.scenario.steps for job in jobs)


def test_what_is_wrong_is_told_as_the_page_has_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (wrong,) = [body for _, title, body in FENCES if "wrong.yaml" in title]
    Path("wrong.yaml").write_text(wrong)
    with pytest.raises(LabFileError) as caught:
        files.variants(files.collect(Path("wrong.yaml")))
    assert f"$ lvsnet validate wrong.yaml\n{caught.value}\n" in PAGE


def test_the_grammar_is_the_module_s() -> None:
    documented = inspect.getdoc(sentences)
    assert documented is not None
    grammar = re.search(r"\n\n(    sentence .*?)\n\n", documented, re.DOTALL)
    assert grammar is not None
    assert f"```text\n{textwrap.dedent(grammar[1])}\n```" in PAGE


def test_every_form_is_shown() -> None:
    shown = "\n".join(body for kind, _, body in FENCES if kind == "yaml")
    for word in (
        *reading.ACTS,
        *commands.KEYS,
        *loads.KEYS,
        *sentences.MEASURES,
        *TERMS,
        *COUNTERS,
        "no two holders",
        TAKEOVER,
    ):
        assert re.search(rf"\b{word}\b", shown), word
    for word in ORDERS:
        assert f"fault: {word} " in shown or f"fault: {word}\n" in shown, word
    for key in (*reading.KEYS, *reading.OPTIONS, *loads.KEYS, *commands.KEYS):
        assert f"`{key}`" in PAGE, key


def test_the_published_schema_is_the_module_s() -> None:
    """``lvsnet schema scenarios > docs/scenarios.schema.json`` writes it anew."""
    assert (ROOT / "docs" / "scenarios.schema.json").read_text() == file_schema_text()


def test_the_schema_knows_the_keys_that_are_read() -> None:
    definitions = table(file_schema()["$defs"])
    for name, keys in {
        "Scenario": reading.KEYS,
        "Step": (*reading.ACTS, *reading.OPTIONS),
        "Traffic": loads.KEYS,
        "Run": commands.KEYS,
    }.items():
        definition = table(definitions[name])
        assert set(table(definition["properties"])) == set(keys)
        assert definition["additionalProperties"] is False
    of_labs = schema()
    assert {name: table(of_labs["$defs"])[name] for name in definitions} == definitions
    assert "Scenario" in str(table(of_labs["properties"])["scenarios"])


def table(value: JsonValue) -> dict[str, JsonValue]:
    assert isinstance(value, dict)
    return value
