"""Many labs at once: how long until all are up, and what memory each takes.

make many LABS=20
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from e2e.homes import make_user
from e2e.users import User


def main() -> int:
    parser = argparse.ArgumentParser(prog="make many")
    parser.add_argument("labs", type=int)
    count = parser.parse_args().labs
    with tempfile.TemporaryDirectory(prefix="lvsnet-many-") as directory:
        user = make_user(Path(directory), {})
        try:
            return _measured(user, count)
        finally:
            user.tries("destroy", "--all")


def _measured(user: User, count: int) -> int:
    names = [f"lab{number:02}" for number in range(count)]
    files = [user.lab(name) for name in names]
    begun = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        done = list(pool.map(lambda file: user.tries("deploy", file), files))
    seconds = time.monotonic() - begun
    failed = [one.err for one in done if one.code]
    for words in failed:
        print(words)
    print(f"{count - len(failed)} of {count} labs of five nodes up in {seconds:.1f} s")
    resident = sorted(memory(user, name) // 1024 for name in names)
    print(f"resident, MB each: {resident[0]} to {resident[-1]}, sum {sum(resident)}")
    return 1 if failed else 0


def memory(user: User, lab: str) -> int:
    """Resident kB of a lab's processes, what they share with others in equal parts (Pss)."""
    whole = user.processes()
    kernels = set(user.guests(lab))
    above = {_parent(pid) for pid in kernels}
    above |= {_parent(pid) for pid in above} & whole.keys()
    mine = {pid for pid in whole if pid in kernels | above or _parent(pid) in kernels}
    return sum(_pss(pid) for pid in mine)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
