"""The helper container's program: does the operation that `lvsnet.docker.helper` asks for.

It reads its request from a file, says on standard output, in lines of JSON, how it goes, and gives
up when its standard input ends, which means that who asked is gone.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from lvsnet import resources
from lvsnet.docker import direct
from lvsnet.engine.runtime import Record
from lvsnet.engine.syscalls import CLONE_NEWNS, setns
from lvsnet.errors import LvsnetError
from lvsnet.plan import codec

REQUEST = Path("/.lvsnet/helper/request.json")
STDIN = 0


def main() -> int:
    request = json.loads(REQUEST.read_text())
    worker = os.fork()
    if worker == 0:
        os._exit(_work(request))
    return _watch(worker)


def perform(request: Mapping[str, object]) -> object:
    """One of the operations of `lvsnet.docker.reach.Operations`; its result, as JSON can have it.

    Raises:
        LvsnetError: it failed.
        ValueError: there is no such operation.
    """
    match request:
        case {"op": "deploy", "record": record, "settle": int() | float() as settle}:
            direct.deploy(codec.decode(Record, record, "record"), settle, _progress)
        case {"op": "wait", "lab": str() as lab, "settle": int() | float() as settle}:
            direct.wait(lab, settle, _progress)
        case {"op": "look", "lab": str() as lab}:
            return asdict(direct.look(lab))
        case {"op": "stop", "lab": str() as lab, "node": str() as node}:
            direct.stop(lab, node)
        case {"op": "start", "lab": str() as lab, "node": str() as node}:
            direct.start(lab, node, _progress)
        case {"op": "reconfigure", "record": record, "settle": int() | float() as settle}:
            direct.reconfigure(codec.decode(Record, record, "record"), settle, _progress)
        case {"op": "act", "lab": str() as lab, "name": str() as name, "request": dict() as asked}:
            return direct.act(lab, name, asked, _progress)
        case {"op": "destroy", "lab": str() as lab}:
            direct.destroy(lab)
        case _:
            raise ValueError(f"no operation: {request}")
    return None


def _watch(worker: int) -> int:
    """Pass Ctrl-C, and the end of whoever asked, on to the worker, and wait for its end.

    The container lasts as long as this process, so nothing that takes back is cut short.
    """

    def interrupt(_number: int, _stack: FrameType | None) -> None:
        os.kill(worker, signal.SIGINT)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    ended = os.pidfd_open(worker)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(STDIN, select.POLLIN)
    while True:
        ready = {fd for fd, _ in poll.poll()}
        if ended in ready:
            return os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
        if not os.read(STDIN, 4096):
            poll.unregister(STDIN)
            os.kill(worker, signal.SIGINT)


def _work(request: Mapping[str, object]) -> int:
    """The worker's whole life; its exit code."""
    try:
        _move_to_host()
        _say({"result": perform(request)})
    except LvsnetError as error:
        _say({"error": str(error)})
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _say({"error": f"{where}{error.strerror or error}"})
    except KeyboardInterrupt:
        _say({"error": "interrupted"})
    return 0


def _move_to_host() -> None:
    """See the host's files, /run/netns, /run/lvsnet and the engine's socket above all.

    Modules that are imported late still come from the container, by a descriptor of its root, and
    so does what lvsnet carries.
    """
    container = f"/proc/self/fd/{os.open('/', os.O_PATH | os.O_DIRECTORY)}"
    sys.path[:] = [f"{container}{path}" for path in sys.path if path.startswith("/")]
    sys.path_importer_cache.clear()
    for module in list(sys.modules.values()):
        places = getattr(module, "__path__", None)
        if isinstance(places, list):
            places[:] = [f"{container}{path}" for path in places]
    resources.PACKAGE = Path(f"{container}{resources.PACKAGE}")
    host = os.open("/proc/1/ns/mnt", os.O_RDONLY)
    setns(host, CLONE_NEWNS)
    os.close(host)


def _progress(line: str) -> None:
    _say({"progress": line})


def _say(event: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
