"""Every option of every command can be set by a variable, which its help names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from lvsnet import cli

if TYPE_CHECKING:
    from typer._click import Context

NO_RESULTS_OF_THEIR_OWN = {
    *("exec", "shell", "cp", "schema", "completion", "report", "graph", "watch"),
}
"""What these print is a node's, or in a language of its own; cp says nothing, or an archive, report
and graph write a page or a picture, and watch is for people alone: programs have `lvsnet events`
and `lvsnet ipvs`."""


def contexts(name: str) -> Iterator[tuple[str, TyperCommand, Context]]:
    """``image build``, the command and its context; a command alone, or those of a group."""
    root = typer.main.get_command(cli._app(name))
    assert isinstance(root, TyperGroup)
    above = root.make_context("lvsnet", [name], resilient_parsing=True)
    command = root.commands[name]
    inner = {name: command}
    if isinstance(command, TyperGroup):
        above = command.make_context(name, [], parent=above, resilient_parsing=True)
        inner = {f"{name} {one}": found for one, found in command.commands.items()}
    for path, one in inner.items():
        assert isinstance(one, TyperCommand)
        last = path.rpartition(" ")[2]
        context = one.make_context(last, [], parent=above, resilient_parsing=True)
        yield path, one, context


def options_of(command: TyperCommand) -> list[TyperOption]:
    return [one for one in command.params if isinstance(one, TyperOption)]


def sample(option: TyperOption) -> tuple[str, object]:
    """A value for a variable that is not the option's default, and what is made of it."""
    if option.is_flag:
        return ("0", False) if option.default else ("1", True)
    choices = getattr(option.type, "choices", None)
    if choices:
        return choices[-1], choices[-1]
    kind = option.type.name
    if kind.startswith(("float", "int")):
        return "7", 7
    if option.multiple:
        return "A=1 B=2", ["A=1", "B=2"]
    return "seven", "seven"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_option_has_a_variable_that_works_and_is_in_its_help(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, command, context in contexts(name):
        shown = " ".join(command.get_help(context).split())
        for option in options_of(command):
            longest = max(option.opts, key=len).removeprefix("--")
            variable = f"LVSNET {path} {longest}".upper().replace(" ", "_").replace("-", "_")
            assert f"[env var: {variable}" in shown, (path, option.name)
            given, meant = sample(option)
            monkeypatch.setenv(variable, given)
            ((_, _, seen),) = [one for one in contexts(name) if one[0] == path]
            got = seen.params[option.name or ""]
            plain = list(got) if isinstance(got, tuple) else got
            assert plain == meant, (path, option.name)
            monkeypatch.delenv(variable)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_command_that_prints_has_a_format_for_programs(name: str) -> None:
    for path, command, context in contexts(name):
        if path in NO_RESULTS_OF_THEIR_OWN:
            continue
        (form,) = [one for one in options_of(command) if "--format" in one.opts]
        assert "json" in getattr(form.type, "choices", ()), path
        assert "LVSNET_FORMAT" in command.get_help(context), path


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_lab_option_is_the_common_one(name: str) -> None:
    for path, command, context in contexts(name):
        if any("--lab" in one.opts for one in options_of(command)):
            assert "LVSNET_LAB" in command.get_help(context), path


@pytest.mark.parametrize("name", ["diff", "events", "graph", "redeploy", "save", "watch"])
def test_the_variable_names_the_lab_of_a_command_that_takes_it_as_an_argument(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LVSNET_LAB", "dr")
    ((_, _, context),) = contexts(name)
    assert context.params["lab"] == "dr"


def value(monkeypatch: pytest.MonkeyPatch, *arguments: str, **variables: str) -> object:
    for variable, text in variables.items():
        monkeypatch.setenv(variable, text)
    root = typer.main.get_command(cli._app("deploy"))
    assert isinstance(root, TyperGroup)
    above = root.make_context("lvsnet", ["deploy"], resilient_parsing=True)
    return (
        root.commands["deploy"]
        .make_context("deploy", [*arguments, "dr"], parent=above)
        .params["runtime"]
    )


def test_the_command_line_comes_before_the_long_variable_before_the_short_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for one in ("LVSNET_RUNTIME", "LVSNET_DEPLOY_RUNTIME"):
        monkeypatch.delenv(one, raising=False)
    assert value(monkeypatch) == "auto"
    assert value(monkeypatch, LVSNET_RUNTIME="docker") == "docker"
    assert value(monkeypatch, LVSNET_DEPLOY_RUNTIME="crun") == "crun"
    assert value(monkeypatch, "--runtime", "containerlab") == "containerlab"
    assert value(monkeypatch, LVSNET_DEPLOY_RUNTIME="") == "docker"


def test_a_bad_value_in_a_variable_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LVSNET_DEPLOY_TIMEOUT", "soon")
    assert cli.run(["deploy", "dr"]) == 2
    said = capsys.readouterr().err
    assert "Invalid value for LVSNET_DEPLOY_TIMEOUT: 'soon' is not a valid float" in said
    assert cli.run(["deploy", "--timeout", "late", "dr"]) == 2
    said = capsys.readouterr().err
    assert "Invalid value for '--timeout': 'late' is not a valid float" in said
    monkeypatch.setenv("LVSNET_FORMAT", "yaml")
    assert cli.run(["labs"]) == 2
    assert "Invalid value for LVSNET_FORMAT: 'yaml' is not one of" in capsys.readouterr().err
