# mypy: disable-error-code="explicit-any"
# The methods that pydantic gives a model are annotated with Any.
"""What a user may write of checks of real servers in a lab file, as a pydantic model; see
``lvsnet.lab.model``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from lvsnet.keepalived.keywords import checkers
from lvsnet.keepalived.keywords.model import Block
from lvsnet.lab import values
from lvsnet.lab.kinds import UrlPath
from lvsnet.lab.settings_model import Configured
from lvsnet.lab.units import Duration

BLOCKS: Mapping[str, Block] = {
    "http": checkers.HTTP_GET,
    "https": checkers.SSL_GET,
    "tcp": checkers.TCP_CHECK,
    "udp": checkers.UDP_CHECK,
    "dns": checkers.DNS_CHECK,
    "ping": checkers.PING_CHECK,
    "smtp": checkers.SMTP_CHECK,
    "misc": checkers.MISC_CHECK,
    "file": checkers.FILE_CHECK,
    "bfd": checkers.BFD_CHECK,
}
"""Type of a check -> keepalived's checker."""
RecordType = Literal["A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY"]


class Check(Configured):
    """How a director tests a real server, by one of keepalived's checkers."""

    BLOCK = checkers.HTTP_GET
    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        "connect_timeout": "write `timeout`",
        "misc_timeout": "write `timeout`",
        "delay_loop": "write `interval`",
        "host": "keepalived 2.3 never ends reading it; write connect_ip and connect_port",
    }

    type: Literal["http", "https", "tcp", "udp", "dns", "ping", "smtp", "misc", "file", "bfd"]
    """http (HTTP_GET) and https (SSL_GET) ask for ``path`` and want ``status_code``; tcp only
    connects; udp sends a datagram and wants one back; dns asks a name server; ping sends an echo
    request; smtp begins a mail; misc runs ``misc_path``; file and bfd go by a ``track_file`` and a
    ``bfd_instance``."""
    path: UrlPath = "/"
    """What an http check asks for; several pages are ``url``."""
    status_code: Annotated[int, Field(ge=100, le=599, strict=True)] = 200
    """What an http check has to be answered with."""
    dns_type: RecordType = "SOA"
    """The type of record that a dns check asks for (DNS_CHECK's type)."""
    interval: Annotated[Duration, AfterValidator(values.period)] = Duration("2s")
    """Time between checks (delay_loop), 10ms to 1h."""
    timeout: Annotated[Duration, AfterValidator(values.period)] = Duration("1s")
    """Time for the connection (connect_timeout), 10ms to 1h; of a misc check for the command
    (misc_timeout), in whole seconds, the interval unless given."""
    retry: Annotated[int, Field(ge=0, le=1000, strict=True)] = 1
    """Further attempts before a real server is taken out."""
    delay_before_retry: Annotated[Duration, AfterValidator(values.delay)] = Duration("1s")
    """Time between attempts."""

    @classmethod
    def blocks(cls, values: Mapping[str, object] | None = None) -> tuple[Block, ...]:
        """As ``Configured.blocks``: those of the check's type."""
        found = BLOCKS.get(str(values.get("type"))) if values else None
        return tuple(BLOCKS.values()) if found is None else (found,)

    @property
    def is_told(self) -> bool:
        """Whether it only goes by a file's number or a session's state, and has no times."""
        return self.type in ("file", "bfd")

    @property
    def block(self) -> Block:
        """keepalived's checker."""
        return BLOCKS[self.type]
