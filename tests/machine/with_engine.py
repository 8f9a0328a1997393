"""``python -m machine.with_engine COMMAND...``: run it with DOCKER_HOST naming a new engine.

Tests that the command runs use that engine, too.
"""

from __future__ import annotations

import os
import subprocess
import sys

from lvsnet.progress import on_stderr
from machine import data, engine


def main() -> int:
    with data.engine_with_images(on_stderr) as host:
        environment = {**os.environ, "DOCKER_HOST": host, engine.GIVEN: host}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
