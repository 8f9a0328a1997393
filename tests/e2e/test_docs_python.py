"""The programs and tests of docs/python.md and docs/pytest.md do what the pages say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from e2e.test_pytest_plugin import OPTIONS, environment
from e2e.users import DEADLINE, User
from lvsnet.resources import directory

PAGES = Path(__file__).parents[2] / "docs"


def blocks(page: str) -> list[str]:
    found = re.findall(r"^```python\n(.*?)^```$", (PAGES / page).read_text(), re.M | re.S)
    assert len(found) == 2, page
    return [str(one) for one in found]


def runs(user: User, *command: str) -> str:
    (user.home / "labs").symlink_to(directory("labs"))
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        env=environment(user),
        cwd=user.home,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert user.processes() == {}
    return done.stdout


def test_python(user: User) -> None:
    said = runs(user, "-c", "\n".join(blocks("python.md"))).splitlines()
    assert re.fullmatch(
        r"lb02 took over after 3\.\d\d s; the longest outage was 3\.\d\d s", said[0]
    )
    assert len(said) == 4, said


def test_pytest(user: User) -> None:
    for number, text in enumerate(blocks("pytest.md")):
        (user.home / f"test_{number}.py").write_text(text)
    (user.home / "pytest.ini").write_text("[pytest]\n")
    said = runs(user, "-m", "pytest", "-q", *OPTIONS, *map(str, user.home.glob("test_*.py")))
    assert "3 passed" in said
