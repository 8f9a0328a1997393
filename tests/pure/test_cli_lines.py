"""Each line that a command prints, as a JSON object, whatever the command becomes."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys

import pytest


def begun(what: str) -> subprocess.Popen[bytes]:
    program = f"import os, sys, lvsnet.cli.lines as lines\nlines.wrap({{'node': 'a'}})\n{what}"
    return subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize(
    "what",
    [
        "print('one\\ntw\"o'); sys.exit(3)",
        "os.execv('/bin/sh', ['sh', '-c', 'echo one; printf tw\\\\\"o; exit 3'])",
    ],
)
def test_lines_and_exit_code(what: str) -> None:
    process = begun(what)
    out, err = process.communicate(timeout=30)
    assert [json.loads(line) for line in out.splitlines()] == [
        {"node": "a", "line": "one"},
        {"node": "a", "line": 'tw"o'},
    ]
    assert (process.returncode, err) == (3, b"")


def test_what_is_no_text_is_still_a_line() -> None:
    out, _ = begun("os.write(1, b'\\xff\\n')").communicate(timeout=30)
    assert json.loads(out) == {"node": "a", "line": "\ufffd"}


def test_a_signal_reaches_the_command_and_its_end_is_told() -> None:
    process = begun("os.execv('/bin/sh', ['sh', '-c', 'echo up; exec sleep 60'])")
    assert json.loads(first_line(process))["line"] == "up"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert process.returncode == 128 + signal.SIGTERM


def test_a_reader_that_goes_ends_the_command() -> None:
    process = begun("os.execv('/bin/sh', ['sh', '-c', 'while echo on; do sleep 0.01; done'])")
    assert json.loads(first_line(process))["line"] == "on"
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=10) == 141


def test_a_command_does_not_outlive_who_prints_for_it() -> None:
    process = begun("os.execv('/bin/sh', ['sh', '-c', 'echo $$; exec sleep 60'])")
    child = int(json.loads(first_line(process))["line"])
    end = os.pidfd_open(child)
    process.kill()
    process.communicate(timeout=10)
    assert select.select([end], [], [], 10)[0]
    os.close(end)
