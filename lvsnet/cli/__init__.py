"""The command line: a table of commands, each imported only when it is called."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType, FunctionType
from typing import TYPE_CHECKING

from lvsnet.errors import LabFileError, LvsnetError

if TYPE_CHECKING:
    import typer


@dataclass(frozen=True)
class Command:
    """Where a command lives, as ``module:function`` below this package, and its line of help."""

    target: str
    summary: str
    settings: Mapping[str, bool] = field(default_factory=dict)
    takes_words_behind: bool = False
    """Whether what is behind ``--`` means something else than what is before."""


@dataclass(frozen=True)
class Group:
    """Where a group of commands lives, as ``module:typer app``, and its line of help."""

    target: str
    summary: str


AS_IT_IS = {"ignore_unknown_options": True, "allow_interspersed_args": False}
"""For a command whose own arguments end with somebody else's command line."""

SECTIONS: Mapping[str, Mapping[str, Command | Group]] = {
    "Run a lab": {
        "deploy": Command("deploy:deploy", "Start a lab from its file."),
        "redeploy": Command("redeploy:redeploy", "Change a running lab to what its file says."),
        "destroy": Command("destroy:destroy", "End a lab and remove everything of it."),
        "inspect": Command("inspect:inspect", "Show running labs: nodes, addresses, VIP holders."),
        "labs": Command("labs:labs", "List the example labs that lvsnet carries."),
        "tour": Command(
            "tour:tour", "Deploy a lab, send requests, and fail over before your eyes."
        ),
    },
    "See what happens": {
        "watch": Command("watch:watch", "Watch a lab on a screen, with keys that break it."),
        "ipvs": Command("ipvs:ipvs", "Show the IPVS tables of directors, once or as they change."),
        "events": Command("events:events", "Show what has happened in a lab, and what happens."),
        "capture": Command(
            "capture:capture", "Show packets, or write them for Wireshark.", takes_words_behind=True
        ),
        "graph": Command("graph:graph", "Draw a lab, and the way of a request through it."),
        "logs": Command("logs:logs", "Show what the daemons of a node said."),
    },
    "Work in nodes": {
        "exec": Command("exec:exec_", "Run a command in a node.", AS_IT_IS),
        "shell": Command("shell:shell", "Open a shell in a node.", AS_IT_IS),
        "cp": Command("cp:cp", "Copy files into a node, or out of it."),
        "save": Command("save:save", "Write the files that changed inside nodes to disk."),
        "forward": Command("forward:forward", "Join ports of this machine with ports of a lab."),
    },
    "Break it, and assert on it": {
        "stop": Command("power:stop", "Cut the power of nodes."),
        "start": Command("power:start", "Boot nodes that were stopped."),
        "restart": Command("power:restart", "Cut the power of nodes, and boot them."),
        "fault": Group("fault:app", "Break something in a lab, mend it, and show what is broken."),
        "traffic": Command("traffic:traffic", "Send requests, and show what became of them."),
        "clock": Group("clock:app", "Show a lab's clock, hold it, or wind it forward."),
        "test": Command("test:run_tests", "Run the scenarios of labs, each in a fresh lab."),
        "report": Command("report:report", "Make a page for a browser of what came of scenarios."),
    },
    "Write and check files": {
        "validate": Command("validate:validate", "Check a lab file without running anything."),
        "lint": Command("lint:lint", "Look for what labs and keepalived.conf files get wrong."),
        "diff": Command("diff:diff", "Compare a running lab with its file."),
        "render": Command("render:render", "Write the files of every machine of a lab."),
        "export": Command("export:export", "Write a lab for containerlab or Vagrant."),
        "plan": Group("plan:app", "Plan a site before it is built: how many VIPs."),
        "schema": Command("schema:schema", "Print the lab file's JSON Schema."),
    },
    "This machine": {
        "doctor": Command("doctor:doctor", "Say what this machine can run and what is missing."),
        "setup": Command("setup:setup", "Get the guest kernel and build the node file system."),
        "kernel": Group("kernel:app", "Build, list, choose and remove guest kernels."),
        "image": Group("image:app", "Build, list and remove the nodes' images for Docker."),
        "completion": Command("completion:completion", "Print a shell's script for completion."),
    },
}
"""As ``lvsnet --help`` lists them, under headings."""

COMMANDS: Mapping[str, Command | Group] = {
    name: command for section in SECTIONS.values() for name, command in section.items()
}


def main() -> None:
    """The console script. Exit codes: 1 something failed, 2 wrong usage or lab file, 130 Ctrl-C."""
    _open_standard_streams()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    try:
        shell = os.environ.pop("_LVSNET_COMPLETE", "")
        if not shell:
            _begin_early(sys.argv[1:])
        code = _complete(shell, sys.argv[1:]) if shell else run(sys.argv[1:])
        sys.stdout.flush()
    except LabFileError as error:
        code = _fail(str(error), 2)
    except LvsnetError as error:
        code = _fail(f"lvsnet: {error}", 1)
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 141
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        code = _fail(f"lvsnet: {where}{error.strerror or error}", 1)
    except KeyboardInterrupt:
        code = _fail("lvsnet: interrupted", 130)
    except RuntimeError as error:
        # What comes while a class is being made, as in an import, Python 3.11 wraps.
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        code = _fail("lvsnet: interrupted", 130)
    sys.exit(code)


def _interrupt(number: int, stack: FrameType | None) -> None:
    """As Python's own handler; and what is cut short then, such as an event loop, says nothing."""
    sys.unraisablehook = lambda _unraisable: None
    # Its loop logs, with a traceback, a generator of pyroute2's that it cannot close then. Nothing
    # is imported here: what is interrupted may be the import of logging itself.
    get_logger = getattr(sys.modules.get("logging"), "getLogger", None)
    if get_logger is not None:
        get_logger("asyncio").disabled = True
    signal.default_int_handler(number, stack)


def _open_standard_streams() -> None:
    """A stream that is closed (`<&-`) would lend its number to the next file or socket."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w"))


def _begin_early(arguments: Sequence[str]) -> None:
    """What takes as long as the imports of the command that will need it, and needs no answer."""
    if arguments[:1] in (["deploy"], ["test"]):
        from lvsnet.guest import launch

        launch.begin()


def run(arguments: Sequence[str]) -> int:
    """Run a command line; its exit code."""
    called = next((one for one in arguments if not one.startswith("-")), "")
    # To make all the others for nothing takes 5 ms.
    alone = called in COMMANDS and arguments[0] == called
    try:
        _app(called, (called,) if alone else COMMANDS)(
            args=list(arguments), prog_name="lvsnet", standalone_mode=True
        )
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _complete(shell: str, arguments: Sequence[str]) -> int:
    """Say what can follow on a command line: `lvsnet.cli.completion` has who asks."""
    from lvsnet.cli import complete

    complete.give_up_in_time()
    words, incomplete = complete.called(arguments, shell)
    called = next((one for one in words if not one.startswith("-")), "")
    breaks = os.environ.pop("COMP_WORDBREAKS", "")
    print(complete.answer(_app(called), shell, words, incomplete, breaks))  # noqa: T201
    return 0


def _app(called: str, names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The commands of these names, of which only the called one is imported."""
    import typer

    from lvsnet.cli.command import CommandWithVariables, CommandWithWordsBehind
    from lvsnet.cli.root import HELP_ENDS, CommandsInSections, lvsnet

    app = typer.Typer(
        cls=CommandsInSections,
        epilog=HELP_ENDS,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(lvsnet)
    for name in names:
        command = COMMANDS[name]
        if isinstance(command, Group):
            group = _group(command) if name == called else typer.Typer(callback=_unused)
            app.add_typer(group, name=name, short_help=command.summary)
            continue
        function = _function(command) if name == called else _unused
        app.command(
            name,
            cls=CommandWithWordsBehind if command.takes_words_behind else CommandWithVariables,
            short_help=command.summary,
            context_settings=dict(command.settings),
        )(function)
    return app


def _unused() -> None:
    """Stands for the commands that were not called, so that help can list them."""


def _function(command: Command) -> FunctionType:
    module, _, name = command.target.partition(":")
    found: FunctionType = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    return found


def _group(group: Group) -> typer.Typer:
    module, _, name = group.target.partition(":")
    found: typer.Typer = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    return found


def _fail(message: str, code: int) -> int:
    print(message, file=sys.stderr)  # noqa: T201
    return code
