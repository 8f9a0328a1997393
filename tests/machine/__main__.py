"""``tests/machine/run [--docker] COMMAND...``: run it as root on a machine that has IPVS.

With ``--docker`` a Docker engine runs there that has lvsnet's images, and DOCKER_HOST names it.
The machine has this one's file system; what it writes to it is forgotten, but for /run/share.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from lvsnet.errors import LvsnetError
from lvsnet.progress import on_stderr
from machine import boot, data, engine


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/machine/run", description=__doc__)
    parser.add_argument("--docker", action="store_true", help="start a Docker engine there")
    parser.add_argument("--within", type=float, default=3600.0, help="seconds that it may take")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND...")
    asked = parser.parse_args()
    if not asked.command:
        parser.error("a command is needed, for instance: ip -V")
    if lacking := boot.lacking():
        sys.exit(f"a test machine needs: {'; '.join(lacking)}")
    command, machine = asked.command, boot.Machine()
    try:
        if asked.docker:
            command = [sys.executable, "-m", "machine.with_engine", *command]
            machine = boot.Machine(
                disk=data.ensure(on_stderr).disk, environment={"PYTHONPATH": str(boot.HERE.parent)}
            )
        with tempfile.TemporaryDirectory(prefix="lvsnet-share-") as share:
            return boot.run(command, Path(share), _pass_on, machine, asked.within)
    except (boot.MachineError, data.DataError, engine.EngineError, LvsnetError) as error:
        sys.exit(str(error))


def _pass_on(piece: bytes) -> None:
    os.write(1, piece)


if __name__ == "__main__":
    sys.exit(main())
