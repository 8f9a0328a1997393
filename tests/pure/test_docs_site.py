"""MkDocs builds the pages without a warning, and what it builds fetches nothing from elsewhere."""

from __future__ import annotations

import html
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory into which the pages were built."""
    if importlib.util.find_spec("material") is None:
        pytest.fail("mkdocs-material is missing: `make docs` installs it")
    directory = tmp_path_factory.mktemp("docs") / "site"
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(directory)]
    done = subprocess.run(
        build, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return directory


def test_every_page_is_built(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 10
    for page in pages:
        assert (site / page.with_suffix(".html")).is_file()


def test_included_labs_are_there_in_full(site: Path) -> None:
    page = re.sub("<[^>]+>", "", (site / "schemes" / "nat.html").read_text())
    for line in (ROOT / "labs" / "nat.yaml").read_text().splitlines():
        assert html.escape(line, quote=False) in page


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = re.compile(
        r"<(?:script|img|iframe|source|link(?![^>]*rel=\"canonical\"))[^>]*?"
        r"\s(?:src|href)=\"?(?:https?:)?//[^>]*>"
    )
    for page in site.rglob("*.html"):
        assert fetched.findall(page.read_text()) == [], page.name
    for style in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", style.read_text()), style.name
    assert fetched.search('<link rel="stylesheet" href="https://fonts.example/css">')
