"""Host and port as one word: ``192.168.10.100:80``, ``[fd00:10::100]:80`` (RFC 3986, 3.2.2).

So ipvsadm, ss and curl write them, too. Imports nothing of lvsnet's.
"""

from __future__ import annotations


def joined(host: object, port: object) -> str:
    """``host`` in brackets where it is an IPv6 address, and the port."""
    return f"{bracketed(host)}:{port}"


def bracketed(host: object) -> str:
    """As a URL or a program that wants a port beside it has it."""
    text = str(host)
    return f"[{text}]" if ":" in text and not text.startswith("[") else text


def parted(word: str) -> tuple[str, str]:
    """Host, without brackets, and port of a word that has both."""
    host, _, port = word.rpartition(":")
    return unbracketed(host), port


def unbracketed(host: str) -> str:
    """Without the brackets that an IPv6 address may have."""
    return host.removeprefix("[").removesuffix("]")
