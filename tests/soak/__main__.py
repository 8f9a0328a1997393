"""Kill deploys and destroys at random moments, for as long as somebody has time for.

make soak KILLS=200 [SEED=7]
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from e2e.homes import make_user
from e2e.kills import survives


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("kills", type=int)
    parser.add_argument("seed", type=int, nargs="?", default=random.randrange(2**32))
    chosen = parser.parse_args()
    begun = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - begun:7.1f} s  {line}", flush=True)

    tell(f"seed {chosen.seed}")
    with tempfile.TemporaryDirectory(prefix="lvsnet-soak-") as directory:
        survives(make_user(Path(directory), {}), chosen.kills, chosen.seed, tell)
    tell(f"nothing is left after {chosen.kills} kills")
    return 0


if __name__ == "__main__":
    sys.exit(main())
