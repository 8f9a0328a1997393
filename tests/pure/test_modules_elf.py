"""Modules lose their debugging information and nothing else."""

from __future__ import annotations

from lvsnet.guest.elf import HEADER, MAGIC, SECTION, without_debug

PROGBITS, STRTAB, RELA, NOBITS = 1, 3, 4, 8


def module(sections: list[tuple[bytes, int, bytes, int]], kind: int = 1) -> bytes:
    """An ELF file of (name, type, content, alignment); the table of names is added last."""
    names = b"\0" + b"".join(name + b"\0" for name, *_ in sections) + b".shstrtab\0"
    everything = [*sections, (b".shstrtab", STRTAB, names, 1)]
    body = bytearray(HEADER.size)
    headers = bytearray(SECTION.size)
    for name, section_type, content, align in everything:
        body += bytes(-len(body) % align)
        place = names.index(b"\0" + name + b"\0") + 1
        headers += SECTION.pack(
            place, section_type, 2, 0, len(body), len(content), 0, 7, align, 0
        )  # fmt: skip
        body += content if section_type != NOBITS else b""
    count = len(everything) + 1
    identity = MAGIC + bytes(16 - len(MAGIC))
    body[: HEADER.size] = HEADER.pack(
        identity, kind, 62, 1, 0, 0, len(body), 0, 64, 0, 0, 64, count, count - 1
    )
    return bytes(body + headers)


def read(image: bytes) -> dict[bytes, tuple[int, int, bytes, int]]:
    """Section name -> number, type, content, address in the file modulo its alignment."""
    header = HEADER.unpack_from(image)
    sections = [SECTION.unpack_from(image, header[6] + i * 64) for i in range(header[12])]
    names = image[sections[header[13]][4] :]
    return {
        names[s[0] : names.index(0, s[0])]: (i, s[1], image[s[4] : s[4] + s[5]], s[4] % (s[8] or 1))
        for i, s in enumerate(sections)
    }


SECTIONS = [
    (b".text", PROGBITS, b"code" * 5, 16),
    (b".debug_info", PROGBITS, b"D" * 1000, 1),
    (b".rela.debug_info", RELA, b"R" * 1000, 8),
    (b".bss", NOBITS, b"", 32),
    (b".data", PROGBITS, b"data!", 64),
    (b".symtab", 2, b"S" * 48, 8),
]


def test_debug_sections_are_emptied_and_the_others_keep_number_content_and_alignment() -> None:
    whole = module(SECTIONS)
    small = without_debug(whole)
    assert len(small) < len(whole) - 1900
    before, after = read(whole), read(small)
    for name in (b".text", b".data", b".symtab", b".shstrtab", b".bss"):
        assert after[name] == before[name]
    for name in (b".debug_info", b".rela.debug_info"):
        assert after[name][:3] == (before[name][0], 0, b"")


def test_what_is_no_module_stays_as_it_is() -> None:
    program = module(SECTIONS, kind=2)
    for other in (b"", b"#!/bin/sh\n", MAGIC, program):
        assert without_debug(other) == other
