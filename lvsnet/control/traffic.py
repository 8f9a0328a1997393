"""Traffic in running labs, from outside: loads that begin there, are waited for, and ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from lvsnet.errors import LvsnetError
from lvsnet.progress import silent
from lvsnet.traffic import checking, records
from lvsnet.traffic.model import Load, Request

if TYPE_CHECKING:
    from lvsnet.control.place import Place
    from lvsnet.progress import Report


def begin(place: Place, lab: str, load: Load) -> str:
    """Have a lab's clients begin to send a load; by what it is called from now on.

    It goes on by itself, until its count or its seconds are over, an hour of the lab's time, or
    `end`. In a held lab it goes on while something else moves the clock.

    Raises:
        LvsnetError: the load asks for what the lab does not have, a client does not run, or does
            not know the target's name.
    """
    checking.check(load, place.record(lab).plan)
    asked = {"load": asdict(checking.exact(load))}
    return _name(place.act(lab, "traffic.begin", asked, silent))


def serve(place: Place, lab: str, node: str, scheme: str, port: int) -> str:
    """Have a node answer what comes to a port, tcp, udp or sctp, with a line that has its name.

    It does until `end`, or the node ends; by what it is called from now on.

    Raises:
        LvsnetError: there is no such node, it does not run, or the port is taken.
    """
    checking.check_responder(node, scheme, port, place.record(lab).plan)
    asked = {"node": node, "scheme": scheme, "port": port}
    return _name(place.act(lab, "traffic.begin", {"responder": asked}, silent))


def wait(place: Place, lab: str, id: str, limit: float, report: Report) -> list[Request]:
    """Wait until a load is over; all its requests, by the time when they were sent.

    ``limit``: seconds of the lab's time. Such a wait moves a held clock. How far it is is reported.

    Raises:
        LvsnetError: there is no such load, or it is not over by then.
    """
    asked = {"id": id, "limit": float(limit)}
    return list(records.unpacked(place.act(lab, "traffic.wait", asked, report)))


def end(place: Place, lab: str, id: str) -> list[Request]:
    """Have no new requests sent, wait for those under way; all requests, as from `wait`.

    Raises:
        LvsnetError: there is no such load.
    """
    return list(records.unpacked(place.act(lab, "traffic.end", {"id": id}, silent)))


def _name(answer: object) -> str:
    if not isinstance(answer, str):
        raise LvsnetError("another version of lvsnet deployed this lab; destroy and deploy it")
    return answer
