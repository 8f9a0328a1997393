"""Exported Vagrantfiles as Vagrant and Ruby read them."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lvsnet.export.packages import lists
from lvsnet.export.vagrant import vagrant
from lvsnet.export.vagrant_text import ruby
from lvsnet.export.writing import write
from lvsnet.lab.load import load
from lvsnet.plan.compile import compile_lab
from lvsnet.resources import example_labs

PACKAGED = "bookworm"
"""The release of Debian that has a package of it, which `make test` installs; later ones, and
Ubuntu, have none."""
RECORDER = """
require "json"

class Recorder
  def initialize(calls, place)
    @calls, @place = calls, place
  end

  def method_missing(name, *values, **options)
    @calls << [@place, name, values, options]
    inner = name == :define ? "#{@place}#{values[0]}" : @place
    yield Recorder.new(@calls, inner) if block_given?
    self
  end
end

module Vagrant
  def self.configure(_version)
    calls = []
    yield Recorder.new(calls, "")
    print JSON.generate(calls)
  end
end
"""
"""Stands for Vagrant: tells all that a Vagrantfile asks for, and within which machine."""

Call = tuple[str, str, list[object], dict[str, object]]
Shape = tuple[str, frozenset[tuple[str, str]]]
"""What is called, and of what kind each of its options is."""

VALIDATED = ("two-networks", "vips-4")
"""Vagrant itself looks at these, for which it takes seconds: no other lab asks anything else of it.
"""


@pytest.fixture(autouse=True)
def _there() -> None:
    if lacking := [name for name in ("vagrant", "ruby") if shutil.which(name) is None]:
        words = f"there is no {' and no '.join(lacking)} on the PATH"
        debian = platform.freedesktop_os_release().get("VERSION_CODENAME") == PACKAGED
        if debian and not os.geteuid():
            pytest.fail(f"{words}; `make tools` installs it")
        pytest.skip(f"{words}, and only Debian {PACKAGED} packages it")


def exported(name: str, directory: Path) -> Path:
    write(vagrant(compile_lab(load(example_labs()[name])), lists()), directory)
    return directory


def validated(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    home = directory / "home"
    environment = {**os.environ, "VAGRANT_HOME": str(home), "VAGRANT_CHECKPOINT_DISABLE": "1"}
    return subprocess.run(
        ["vagrant", "validate", *options],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", VALIDATED)
def test_vagrant_takes_it(name: str, tmp_path: Path) -> None:
    # No provider is installed; what is said to each is not looked at then.
    done = validated(exported(name, tmp_path), "--ignore-provider")
    assert "Vagrantfile validated successfully." in done.stdout, done
    assert done.returncode == 0
    assert "warn" not in f"{done.stdout}{done.stderr}".lower()


def test_vagrant_would_refuse_what_it_does_not_know(tmp_path: Path) -> None:
    file = exported("dr", tmp_path) / "Vagrantfile"
    file.write_text(file.read_text().replace("vm.hostname", "vm.hostnam"))
    done = validated(tmp_path, "--ignore-provider")
    assert done.returncode != 0
    assert "hostnam" in done.stdout + done.stderr


def by_ruby(program: str, text: str, *arguments: str) -> object:
    done = subprocess.run(
        ["ruby", "-W0", "-rjson", "-e", program, *arguments],
        input=text.encode(),
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        timeout=60,
        check=True,
    )
    found: object = json.loads(done.stdout)
    return found


def calls_of(*files: Path) -> list[list[Call]]:
    """What each of these asks for."""
    each = "ARGV.each_with_index { |file, number| print ',' if number > 0; load file }"
    found = by_ruby(f"{RECORDER}\nprint '['; {each}; print ']'", "", *map(str, files))
    assert isinstance(found, list)
    return [
        [(place, name, values, options) for place, name, values, options in calls]
        for calls in found
    ]


def shapes(calls: list[Call]) -> set[Shape]:
    return {
        (name, frozenset((option, kind(value)) for option, value in options.items()))
        for _, name, _, options in calls
    }


def kind(value: object) -> str:
    """``IPv6`` of an address, else the name of its type."""
    try:
        return f"IPv{ip_address(str(value)).version}"
    except ValueError:
        return type(value).__name__


def test_no_other_lab_asks_anything_else_of_vagrant(tmp_path: Path) -> None:
    names = [*VALIDATED, *(name for name in example_labs() if name not in VALIDATED)]
    calls = calls_of(*(exported(name, tmp_path / name) / "Vagrantfile" for name in names))
    found = {name: shapes(one) for name, one in zip(names, calls, strict=True)}
    validated = set[Shape]().union(*(found[name] for name in VALIDATED))
    assert {name: one - validated for name, one in found.items() if one - validated} == {}


def test_what_it_asks_of_vagrant_is_the_plan_s(tmp_path: Path) -> None:
    plan = compile_lab(load(example_labs()["two-networks"]))
    (calls,) = calls_of(exported("two-networks", tmp_path) / "Vagrantfile")
    assert [values for _, name, values, _ in calls if name == "define"] == [
        ["monitor"], ["nginx01"], ["nginx02"], ["lb01"], ["lb02"], ["client"],
    ]  # fmt: skip
    for node in plan.nodes:
        mine = [call for call in calls if call[0] == node.name]
        assert [values for _, name, values, _ in mine if name == "hostname="] == [[node.name]]
        networks = [options for _, name, _, options in mine if name == "network"]
        assert len(networks) == len(node.interfaces)
        for network, interface in zip(networks, node.interfaces, strict=True):
            segment = f"lvsnet-two-networks.{interface.segment}"
            assert network == {
                "ip": interface.addresses[0].partition("/")[0],
                "netmask": "255.255.255.0",
                "mac": interface.mac.replace(":", ""),
                "auto_config": False,
                "virtualbox__intnet": segment,
                "libvirt__network_name": segment,
                "libvirt__forward_mode": "veryisolated",
                "libvirt__dhcp_enabled": False,
                "libvirt__mtu": None,
            }
        steps = [(values[0], options) for _, name, values, options in mine if name == "provision"]
        assert [step for step, _ in steps] == [
            "clear", "upload", "packages", "interfaces", "configure", "services",
        ]  # fmt: skip
        source = str(steps[1][1]["source"])
        assert source == f"machines/{node.name}/."
        assert (tmp_path / source / "configure.sh").is_file()
        assert steps[4][1] == {"type": "shell", "inline": "sh /tmp/lvsnet/configure.sh"}


def test_the_box_is_the_user_s_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = exported("dr", tmp_path) / "Vagrantfile"

    def box() -> list[list[object]]:
        (calls,) = calls_of(file)
        return [values for _, name, values, _ in calls if name == "box="]

    monkeypatch.delenv("LVSNET_BOX", raising=False)
    assert box() == [["bento/ubuntu-24.04"]]
    monkeypatch.setenv("LVSNET_BOX", "bento/debian-12")
    assert box() == [["bento/debian-12"]]


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=60))
def test_ruby_reads_any_text_as_it_was_meant(texts: list[str]) -> None:
    hard = ["#{1}", "#$0", "#@a", '"', "\\", "\n__END__\n", "\r\n", "\0", "é\u2028😀", "'"]
    program = "print JSON.generate(eval(STDIN.read))"
    assert by_ruby(program, ruby([*texts, *hard])) == [*texts, *hard]
