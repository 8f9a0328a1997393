"""keepalived.conf as lvsnet knows it, against the source of the keepalived that nodes have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from e2e import keepalived_source
from lvsnet.keepalived.keywords import FILE
from lvsnet.keepalived.keywords.model import Block
from lvsnet.keepalived.reading import read
from lvsnet.keepalived.tree import Line
from lvsnet.keepalived.writer import write

INSTALLED = re.compile(r'\binstall_\w*keyword\w*\(\s*"([^"]+)"')
"""install_keyword() and its kin, and install_http_ssl_check_keyword() that calls them."""


def _names(block: Block) -> Iterator[str]:
    for keyword in block.keywords.values():
        yield keyword.name
        if isinstance(keyword.block, Block):
            yield from _names(keyword.block)


def test_the_table_has_the_keywords_that_keepalived_installs() -> None:
    installed = {
        name
        for parser in keepalived_source.parsers()
        for name in INSTALLED.findall(parser.read_text())
    }
    assert set(_names(FILE)) == installed


def _blocks(block: Block) -> Iterator[Block]:
    yield block
    for keyword in block.keywords.values():
        if isinstance(keyword.block, Block):
            yield from _blocks(keyword.block)


def test_a_block_is_read_where_the_table_says() -> None:
    source = keepalived_source.directory() / "keepalived"
    for block in _blocks(FILE):
        assert f'"{block.name}"' in (source / block.file).read_text() or not block.name, block.name


def test_samples_are_read_and_written_as_the_same() -> None:
    assert len(keepalived_source.samples()) > 20
    for sample in keepalived_source.samples():
        tree = read(sample.read_bytes(), sample.name)
        assert read(write(tree), sample.name) == tree
        assert not [item for item in tree if isinstance(item, Line) and "{" in item.text]
