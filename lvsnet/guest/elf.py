"""Kernel modules without their debugging information, which is four fifths of their size.

Debian's guest kernel ships it in each module, and the guest reads and copies a module whole
before it looks at it: without it, loading what a lab needs takes half the time. Pure, so that
binutils need not be there. Layout: elf(5).
"""

from __future__ import annotations

import struct

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")
MAGIC = b"\x7fELF\x02\x01"  # 64 bit, least significant byte first
RELOCATABLE = 1
SHT_NULL, SHT_NOBITS = 0, 8
DEBUG = (b".debug_", b".rela.debug_")


def without_debug(module: bytes) -> bytes:
    """The same module with its ``.debug_*`` sections emptied; their headers stay, as SHT_NULL.

    The numbers of the other sections do not change, so symbols need no rewriting, and the
    kernel skips SHT_NULL (elf_validity_cache_sechdrs in kernel/module/main.c). What is no 64-bit
    relocatable object comes back as it is.
    """
    if not module.startswith(MAGIC) or len(module) < HEADER.size:
        return module
    header = list(HEADER.unpack_from(module))
    kind, table, count, names_index = header[1], header[6], header[12], header[13]
    if kind != RELOCATABLE:
        return module
    sections = [SECTION.unpack_from(module, table + i * SECTION.size) for i in range(count)]
    names = module[sections[names_index][4] :]
    kept = bytearray(module[: HEADER.size])
    headers = bytearray()
    for section in sections:
        name, section_type, flags, address, offset, size, link, info, align, each = section
        if names[name : names.index(0, name)].startswith(DEBUG):
            headers += SECTION.pack(name, SHT_NULL, 0, 0, 0, 0, 0, 0, 0, 0)
            continue
        if section_type not in (SHT_NULL, SHT_NOBITS):
            content = module[offset : offset + size]
            kept += bytes(-len(kept) % max(align, 1))
            offset = len(kept)
            kept += content
        headers += SECTION.pack(
            name, section_type, flags, address, offset, size, link, info, align, each
        )
    kept += bytes(-len(kept) % 8)
    header[6] = len(kept)
    kept[: HEADER.size] = HEADER.pack(*header)
    return bytes(kept + headers)
