"""pytest's plugin: ``@pytest.mark.lab("labs/dr.yaml")`` and the fixture ``lab``.

pytest loads this in every run: it imports nothing else of lvsnet until a test asks for a lab.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lvsnet.api.deploying import Deployed
    from lvsnet.pytest_labs import Labs, Wanted

MARK = (
    "lab(file, clock=None, seed=None, keep='function'): the lab of the fixture `lab`: a lab file, "
    "relative to the test's or to the root directory, or an example's name; clock 'virtual' or "
    "'real'; keep='module' or 'session' lets tests share it"
)
KNOWN = ("clock", "seed", "keep")
CLOCKS = ("virtual", "real")
SCOPES = ("function", "module", "session")
KEPT = "lvsnet_kept"
"""The attribute of a report that has the lab that still runs; xdist passes it on."""

_labs: pytest.StashKey[Labs] = pytest.StashKey()
_lab: pytest.StashKey[Deployed] = pytest.StashKey()
_failed: pytest.StashKey[bool] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lvsnet", "labs of lvsnet")
    group.addoption(
        "--lab-clock", choices=CLOCKS, help="the clock of all labs, whatever their marks say"
    )
    group.addoption(
        "--lab-seed",
        type=_seed,
        metavar="N",
        help="seed of all labs in virtual time: repeats a run",
    )
    group.addoption(
        "--lab-keep", action="store_true", help="let the labs of failed tests go on, for a look"
    )


def _seed(text: str) -> int:
    """Raises ValueError, of which pytest tells the user."""
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError(text)
    return number


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARK)


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Iterator[Deployed]:
    """The lab that the test's mark `lab` names, running: a `lvsnet.Deployed`."""
    from lvsnet.errors import LvsnetError
    from lvsnet.pytest_labs import Labs, deploy

    item: pytest.Item = request.node
    wanted = _wanted(item)
    shared = item.config.stash.setdefault(_labs, Labs())
    try:
        found = deploy(wanted) if wanted.keep == "function" else shared.take(wanted)
    except LvsnetError as error:
        pytest.fail(f"lab {wanted.file}: {error}", pytrace=False)
    if wanted.keep != "function":
        _last(item, wanted.keep).addfinalizer(lambda: shared.end(wanted))
    item.stash[_lab] = found
    try:
        yield found
    finally:
        del item.stash[_lab]
        if item.stash.get(_failed, False) and item.config.getoption("--lab-keep"):
            found.keep()
            shared.leave(wanted)
        if wanted.keep == "function":
            found.destroy()


def _last(item: pytest.Item, keep: str) -> pytest.Module | pytest.Session:
    """With whose end a shared lab ends."""
    module = item.getparent(pytest.Module)
    return item.session if keep == "session" or module is None else module


def _wanted(item: pytest.Item) -> Wanted:
    from lvsnet.errors import LvsnetError
    from lvsnet.pytest_labs import Wanted, resolved

    mark = item.get_closest_marker("lab")
    if mark is None:
        pytest.fail(
            f"{item.nodeid} uses the fixture `lab` and does not say which: mark it with "
            '@pytest.mark.lab("labs/dr.yaml"), or all of a module with '
            'pytestmark = pytest.mark.lab("labs/dr.yaml")',
            pytrace=False,
        )
    if why := _wrong(mark):
        pytest.fail(f"{item.nodeid}: @pytest.mark.lab {why}", pytrace=False)
    try:
        file = resolved(str(mark.args[0]), item.path.parent, item.config.rootpath)
    except LvsnetError as error:
        pytest.fail(f"{item.nodeid}: @pytest.mark.lab: {error}", pytrace=False)
    keep = mark.kwargs.get("keep", "function")
    clock = item.config.getoption("--lab-clock") or mark.kwargs.get("clock")
    seed = item.config.getoption("--lab-seed")
    if seed is None:
        seed = mark.kwargs.get("seed")
    owner = {"function": item.nodeid, "module": item.nodeid.partition("::")[0]}.get(keep, "")
    return Wanted(file, clock, None if clock == "real" else seed, keep, owner)


def _wrong(mark: pytest.Mark) -> str:
    """What of a mark nobody can do; empty if nothing."""
    if len(mark.args) != 1:
        return "takes one lab file, and all else by name: " + ", ".join(KNOWN)
    for name, value in mark.kwargs.items():
        if name not in KNOWN:
            return f"has no {name!r}; there is {', '.join(KNOWN)}"
        possible = {"clock": (None, *CLOCKS), "keep": SCOPES}.get(name)
        if possible is not None and value not in possible:
            return f"{name}={value!r}: it is one of {', '.join(map(repr, possible))}"
    seed = mark.kwargs.get("seed")
    if seed is not None and (type(seed) is not int or not 0 <= seed < 2**63):
        return f"seed={seed!r}: it is a whole number from 0 on"
    return ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds to the report of a test that failed what there is to say of its lab."""
    report = yield
    found = item.stash.get(_lab, None)
    if found is not None and report.failed and report.when != "teardown":
        from lvsnet.api import told

        item.stash[_failed] = True
        report.sections.append((f"lab {found.name}", f"{told.state(found)}\n{_again(item, found)}"))
        if item.config.getoption("--lab-keep"):
            setattr(report, KEPT, found.name)
    return report


def _again(item: pytest.Item, lab: Deployed) -> str:
    """How to see the same once more."""
    import shlex

    mark = item.get_closest_marker("lab")
    shared = mark is not None and mark.kwargs.get("keep", "function") != "function"
    # What a shared lab draws rests on the tests before this one, too.
    what = str(item.nodeid.partition("::")[0] if shared else item.nodeid)
    options = ["--lab-clock", "real"] if lab.seed is None else ["--lab-seed", str(lab.seed)]
    clock = "the real clock" if lab.seed is None else f"virtual time, seed {lab.seed}"
    return f"{clock}; again: {shlex.join(['pytest', what, *options])}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names the labs that were kept."""
    reports = [
        report for state in ("failed", "error") for report in terminalreporter.stats.get(state, ())
    ]
    kept = [name for report in reports if isinstance(name := getattr(report, KEPT, None), str)]
    if kept:
        terminalreporter.section("labs that still run")
        for name in dict.fromkeys(kept):
            terminalreporter.write_line(f"lvsnet inspect {name}; lvsnet destroy {name}")
