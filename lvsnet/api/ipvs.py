"""The IPVS table of a director, for programs in Python: ``lab.ipvs("lb01")``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lvsnet.endpoint import parted
from lvsnet.errors import LvsnetError
from lvsnet.observe.model import RealServer, Service


class Table(tuple[Service, ...]):
    """Services as ipvsadm(8) lists them, at the time when it was asked for."""

    director: str
    addresses: Mapping[str, frozenset[str]]
    """Node -> its addresses by the lab file, without prefix length."""

    def __new__(
        cls, services: Iterable[Service], director: str, addresses: Mapping[str, frozenset[str]]
    ) -> Table:
        made = super().__new__(cls, services)
        made.director = director
        made.addresses = addresses
        return made

    def service(self, address: str) -> Service:
        """The service of an address, ``192.168.10.100:80``, or of a firewall mark, ``1``.

        Raises:
            LvsnetError: it has none, or one of tcp and one of udp.
        """
        found = [one for one in self if one.address == address]
        if len(found) == 1:
            return found[0]
        there = ", ".join(f"{one.protocol} {one.address}" for one in self) or "none at all"
        which = "several services" if found else "no service"
        raise LvsnetError(f"{self.director} has {which} {address}; it has {there}")

    def lines(self, node: str) -> tuple[tuple[Service, RealServer], ...]:
        """Where a node is in the table: each service that has it, and its line there.

        Raises:
            LvsnetError: the lab has no such node.
        """
        return tuple(self._lines(node))

    def real_server(self, node: str, service: str = "") -> RealServer:
        """The line of a node in a service, by the service's address if it is in several.

        Raises:
            LvsnetError: it is in none, or in several; or the lab has no such node.
        """
        found = [line for one, line in self._lines(node) if service in ("", one.address)]
        if len(found) == 1:
            return found[0]
        if found:
            where = ", ".join(one.address for one, _ in self._lines(node))
            raise LvsnetError(f"{self.director} has {node} in several services: {where}")
        raise LvsnetError(f"{self.director} does not list {node}; it lists {self._listed()}")

    def _lines(self, node: str) -> Iterator[tuple[Service, RealServer]]:
        if node not in self.addresses:
            raise LvsnetError(f"the lab has no node {node}; it has {', '.join(self.addresses)}")
        for one in self:
            for line in one.real_servers:
                if parted(line.address)[0] in self.addresses[node]:
                    yield one, line

    def _listed(self) -> str:
        return ", ".join(line.address for one in self for line in one.real_servers) or "nobody"
