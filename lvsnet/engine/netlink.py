"""The parts of pyroute2 that the engine uses, in one place."""

from pyroute2.iproute.linux import IPRoute
from pyroute2.ipvs import IPVS, IPVSDest, IPVSService
from pyroute2.netlink import genlmsg, nla, nlmsg
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.generic import GenericNetlinkSocket

__all__ = [
    "IPVS",
    "GenericNetlinkSocket",
    "IPRoute",
    "IPVSDest",
    "IPVSService",
    "NetlinkError",
    "genlmsg",
    "nla",
    "nlmsg",
]
