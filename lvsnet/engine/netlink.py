"""The parts of pyroute2 that the engine uses, in one place."""

from pyroute2.iproute.linux import IPRoute
from pyroute2.ipvs import IPVS, IPVSDest, IPVSService
from pyroute2.netlink import nla, nlmsg
from pyroute2.netlink.exceptions import NetlinkError

__all__ = ["IPVS", "IPRoute", "IPVSDest", "IPVSService", "NetlinkError", "nla", "nlmsg"]
