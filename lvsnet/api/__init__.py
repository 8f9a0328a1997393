"""Labs for programs in Python: deploy one, break it, send it traffic, and see what it does.

    with lvsnet.Lab("labs/dr.yaml").deploy(seed=7) as lab:
        with lab.fault.stop("lb01"):
            lab.wait_until("vip 192.168.10.100 on lb02", within="4s")
        print(lab["client"].exec("curl -s 192.168.10.100").out)

``lvsnet.running("dr")`` is a lab that somebody else has deployed. Every function and method raises
`lvsnet.errors.LvsnetError`, whose text says what failed.
"""

from __future__ import annotations

from lvsnet.api.clock import Clock, NotReachedError, Span
from lvsnet.api.deploying import Deployed, Lab
from lvsnet.api.faults import Applied, Faults
from lvsnet.api.ipvs import Table
from lvsnet.api.lab import Running, Vip, running
from lvsnet.api.nodes import CommandError, Done, Node
from lvsnet.api.traffic import Traffic
from lvsnet.errors import LvsnetError

__all__ = [
    "Applied",
    "Clock",
    "CommandError",
    "Deployed",
    "Done",
    "Faults",
    "Lab",
    "LvsnetError",
    "Node",
    "NotReachedError",
    "Running",
    "Span",
    "Table",
    "Traffic",
    "Vip",
    "running",
]
