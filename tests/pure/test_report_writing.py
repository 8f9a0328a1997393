"""Reports as files: pages and pictures from results, and what keeps them from being written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from commands import lvsnet
from report_samples import hour, result, text
from testing_samples import task

from lvsnet.errors import LvsnetError
from lvsnet.report import html, reading, writing

LARGEST = 5_000_000
"""Bytes of the page of an hour with 100,000 requests."""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Of two runs."""
    other = replace(result("other"), task=task("other", "dr-other"))
    return put(tmp_path / "results.json", text(result(), other))


def put(file: Path, content: str) -> Path:
    file.write_text(content)
    return file


def process(*arguments: str, given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lvsnet", *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_there_is_a_page_for_each_run_and_one_with_all(tmp_path: Path, results: Path) -> None:
    page = writing.write_all(tmp_path / "out", results.read_text())
    assert page == tmp_path / "out/index.html"
    assert {one.name for one in page.parent.iterdir()} == {
        "index.html", "results.json", "dr-director-dies.html", "dr-other.html",
    }  # fmt: skip
    runs = reading.runs(results.read_bytes(), "x")
    assert (page.parent / "dr-other.html").read_text() == html.page(runs[1:])
    assert "dr-other.html" in page.read_text()
    assert json.loads((page.parent / "results.json").read_text())["version"] == 1


def test_the_command_makes_the_same_page_of_what_was_written(tmp_path: Path, results: Path) -> None:
    alone = put(tmp_path / "alone.json", text(result()))
    page = writing.write_all(tmp_path / "out", alone.read_text()).with_name("dr-director-dies.html")
    done = lvsnet("report", "out/results.json", "-o", "new/report.html", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "new/report.html").read_bytes() == page.read_bytes()
    several = lvsnet("report", "alone.json", "results.json", "-o", "all.html", folder=tmp_path)
    assert several.returncode == 0, several
    runs = [*reading.runs(alone.read_bytes(), ""), *reading.runs(results.read_bytes(), "")]
    assert (tmp_path / "all.html").read_text() == html.page(runs)


def test_standard_input_and_output(results: Path) -> None:
    done = process("report", "-", "-o", "-", given=results.read_text())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == html.page(reading.runs(results.read_bytes(), "x"))


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_that_nobody_reads_to_its_end(
    tmp_path: Path, results: Path, unbuffered: str
) -> None:
    command = [sys.executable, "-m", "lvsnet", "report", *[str(results)] * 8, "-o", "-"]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with (tmp_path / "said").open("wb") as said:
        done = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=environment)
        assert done.stdout is not None
        assert done.stdout.read(5) == b"<!DOC"
        done.stdout.close()
        assert done.wait(60) == 141
    assert (tmp_path / "said").read_text() == ""


def test_the_command_draws_curves_alone(tmp_path: Path, results: Path) -> None:
    done = lvsnet("report", str(results), "-o", "curves.svg", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "curves.svg").read_text().startswith("<svg ")


def test_what_cannot_be_read_or_written_is_one_message(tmp_path: Path) -> None:
    put(tmp_path / "results.json", text(result()))
    (tmp_path / "wrong.json").write_text("{}")
    (tmp_path / "latin.json").write_bytes(b'{"title": "\xe9"}')
    for words, said in (
        (["missing.json", "-o", "x.html"], "missing.json: No such file or directory"),
        ([".", "-o", "x.html"], ".: Is a directory"),
        (["wrong.json", "-o", "x.html"], "wrong.json: no results of scenarios; `lvsnet test"),
        (["latin.json", "-o", "x.html"], "latin.json: no results of scenarios ('utf-8' codec"),
        (["results.json", "-o", "."], ".: Is a directory"),
        (["results.json", "-o", "/dev/full"], "/dev/full: No space left on device"),
        (["results.json", "-o", "results.json/x"], "results.json/x: results.json is no directory"),
    ):
        done = lvsnet("report", *words, folder=tmp_path)
        assert (done.returncode, done.stdout) == (1, ""), words
        assert done.stderr.startswith(f"lvsnet: {said}"), done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "x.html").exists()


def test_a_directory_that_cannot_be_made_is_told_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(LvsnetError, match=r"--report .*/in-the-way: it is no directory"):
        writing.check(put(tmp_path / "in-the-way", ""))
    writing.check(tmp_path / "a/b")
    assert list((tmp_path / "a/b").iterdir()) == []


def test_the_page_of_an_hour_is_small() -> None:
    runs = reading.runs(text(hour()), "x")
    (load,) = runs[0].loads
    assert load.requests is not None
    assert len(load.requests.at) == 100_000
    assert sum(len(one.at) for one in runs[0].samples) == 16_000
    assert len(html.page(runs)) < LARGEST
