"""lvsnet's command lines, run in this process: a process of their own takes longer to begin."""

from __future__ import annotations

import signal
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from subprocess import CompletedProcess
from unittest import mock

from lvsnet import cli

HERE = Path()


def lvsnet(*arguments: str, folder: Path = HERE) -> CompletedProcess[str]:
    """What comes of a command that is typed in ``folder``.

    Not for deploy and test, which begin a guest before they know what is asked.
    """
    out, err = StringIO(), StringIO()
    interrupt = signal.getsignal(signal.SIGINT)
    code: object = 0
    try:
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            chdir(folder),
            mock.patch.object(sys, "argv", ["lvsnet", *arguments]),
        ):
            cli.main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        signal.signal(signal.SIGINT, interrupt)
    assert isinstance(code, int), code
    return CompletedProcess(arguments, code, out.getvalue(), err.getvalue())
