"""Every scenario of labs/broken can fail: with the sites of each pair swapped, all of them do.

make swapped
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from e2e.broken_labs import BROKEN, PAIRS
from e2e.homes import make_user

SCENARIOS = "\nscenarios:\n"
DEADLINE = 1200.0


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="lvsnet-swapped-") as directory:
        user = make_user(Path(directory), {})
        for pair in PAIRS:
            _swap(BROKEN / pair, user.home / "swapped" / pair)
        done = user.tries("test", "swapped", "--seed", "7", "--format", "json", deadline=DEADLINE)
        found = json.loads(done.text)["scenarios"]
        for one in found:
            if one["result"] != "failed":
                print(f"{one['file']}: {one['result']}")
        failed = sum(one["result"] == "failed" for one in found)
        print(f"{failed} of {2 * len(PAIRS)} scenarios fail in the other site")
        return 0 if failed == len(found) == 2 * len(PAIRS) else 1


def _swap(pair: Path, target: Path) -> None:
    """Give each site of a pair the other one's scenarios."""
    target.mkdir(parents=True)
    broken, right = (
        (pair / name).read_text().partition(SCENARIOS) for name in ("broken.yaml", "right.yaml")
    )
    (target / "broken.yaml").write_text(broken[0] + SCENARIOS + right[2])
    (target / "right.yaml").write_text(right[0] + SCENARIOS + broken[2])


if __name__ == "__main__":
    sys.exit(main())
