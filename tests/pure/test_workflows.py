"""The workflows and the composite action: that what they name is there."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from commands import lvsnet
from ruamel.yaml import YAML

TOP = Path(__file__).parents[2]
ACTION = TOP / "action.yml"
FILES = [*sorted((TOP / ".github/workflows").glob("*.yml")), ACTION]
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")

Step = Mapping[str, object]


def document(file: Path) -> dict[str, object]:
    found: object = YAML(typ="safe").load(file)
    assert isinstance(found, dict)
    return found


def mapping(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def steps(file: Path) -> list[Step]:
    content = document(file)
    if file == ACTION:
        lists = [mapping(content["runs"])["steps"]]
    else:
        lists = [mapping(job)["steps"] for job in mapping(content["jobs"]).values()]
    return [mapping(step) for found in lists if isinstance(found, list) for step in found]


def scripts(file: Path) -> list[str]:
    return [run for step in steps(file) if isinstance(run := step.get("run"), str)]


def words(file: Path) -> Iterator[list[str]]:
    """The commands in a file's scripts, roughly: split at what separates them in a shell."""
    for script in scripts(file):
        text = EXPRESSION.sub("EXPRESSION", script.replace("\\\n", " "))
        for command in re.split(r"\n|;|&&|\|\||\||\$\(|\)", text):
            plain = re.sub(r"[\"'{}]", " ", command).split("#")[0]
            yield shlex.split(plain)


def after(file: Path, program: str) -> Iterator[list[str]]:
    for command in words(file):
        if program in command:
            yield command[command.index(program) + 1 :]


@cache
def usage(command: str) -> str:
    """What ``lvsnet COMMAND --help`` says; it fails when there is no such command."""
    done = lvsnet(command, "--help")
    assert done.returncode == 0, done.stderr
    return done.stdout


every = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


@every
def test_every_step_does_one_thing(file: Path) -> None:
    assert steps(file)
    for step in steps(file):
        assert ("uses" in step) != ("run" in step)
        # In a composite action a script has to say what runs it.
        assert "run" not in step or file != ACTION or step["shell"] == "bash"


@every
def test_every_action_of_others_is_pinned_to_a_major_version(file: Path) -> None:
    for step in steps(file):
        used = step.get("uses", "./")
        assert used == "./" or re.fullmatch(r"actions/[a-z-]+@v\d+", str(used)), used


@every
def test_every_script_is_one_that_the_shell_can_read(file: Path) -> None:
    for script in scripts(file):
        text = EXPRESSION.sub("EXPRESSION", script)
        subprocess.run(["bash", "-n"], input=text, text=True, check=True, timeout=10)


@every
def test_every_target_of_make_is_there(file: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    for arguments in after(file, "make"):
        named = [word for word in arguments if "=" not in word and not word.startswith(("-", "$"))]
        assert named, arguments
        assert set(named) <= targets, arguments


def test_every_program_of_the_project_s_is_there() -> None:
    for script in scripts(TOP / ".github/workflows/test.yml"):
        for path in re.findall(r"\.ci/\S+", script):
            assert (TOP / path).is_file()


@every
def test_every_command_and_option_of_lvsnet_is_there(file: Path) -> None:
    for command, *arguments in after(file, "lvsnet"):
        known = set(re.findall(r"--[a-z-]+", usage(command)))
        rest = [] if command == "exec" else arguments
        assert {word for word in rest if word.startswith("-")} <= known, (command, arguments)


def test_the_set_runs_in_every_place() -> None:
    job = mapping(mapping(document(TOP / ".github/workflows/places.yml")["jobs"])["conformance"])
    rows = mapping(mapping(job["strategy"])["matrix"])["include"]
    assert isinstance(rows, list)
    assert sorted(row["place"] for row in rows) == [
        "containerlab",
        "crun/guest",
        "crun/host",
        "docker/host",
    ]


def test_the_action_s_inputs_are_those_that_it_uses() -> None:
    declared = set(mapping(document(ACTION)["inputs"]))
    assert declared == set(re.findall(r"inputs\.([a-z-]+)", ACTION.read_text()))


@pytest.mark.parametrize("name", ["runtime", "kernel"])
def test_the_action_takes_what_deploy_takes(name: str) -> None:
    choices = re.search(rf"--{name} <([a-z|]+)>", usage("deploy"))
    assert choices is not None
    described = mapping(mapping(document(ACTION)["inputs"])[name])
    assert str(described["description"]).endswith(choices[1].replace("|", ", "))
    assert described["default"] == "auto"
