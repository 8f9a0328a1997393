"""The Docker SDK's client, for life cycle and images; its import takes 0.2 s."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import docker
import requests
from docker.constants import DEFAULT_DOCKER_API_VERSION

from lvsnet.docker import api
from lvsnet.errors import SilenceError

CALL_S = 60.0
"""Seconds that one call may take; with twenty nodes started at once, one takes 3 s."""


def connect(deadline: float = CALL_S) -> docker.APIClient:
    """A client of the engine that `lvsnet.docker.api` talks to; for one thread.

    Raises:
        LvsnetError: as `lvsnet.docker.api.version`.
    """
    return client(api.version(), deadline)


def client(version: api.Version, deadline: float = CALL_S) -> docker.APIClient:
    """A client of an engine whose version is known: nothing is asked."""
    newest = tuple(int(part) for part in DEFAULT_DOCKER_API_VERSION.split("."))
    major, minor = min(version.api, newest) if len(newest) == 2 else version.api
    return docker.APIClient(
        base_url=f"unix://{api.socket_path()}",
        version=f"{major}.{minor}",
        timeout=deadline,
    )


@contextmanager
def explained(where: str, what: str) -> Iterator[None]:
    """Turn what the SDK raises into a message: ``where: what: the engine's words``.

    Raises:
        LvsnetError: anything but Ctrl-C that the SDK raised.
    """
    try:
        yield
    except docker.errors.APIError as error:
        raise api.RefusedError(
            error.status_code or 0, f"{where}: {what}: {error.explanation or error}"
        ) from error
    except requests.exceptions.Timeout as error:
        raise SilenceError(
            f"{where}: {what}: the Docker engine has not answered for {CALL_S:.0f} s; "
            "look whether it is well: docker ps"
        ) from error
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
        raise api.GoneError(
            f"{where}: {what}: the Docker engine went away meanwhile ({_reason(error)}). "
            "When it is back, `lvsnet destroy` takes away what is left, if anything is"
        ) from error


def _reason(error: BaseException) -> str:
    """The innermost of the exceptions that requests and urllib3 wrap into each other."""
    while error.__context__ is not None:
        error = error.__context__
    return str(error) or type(error).__name__
