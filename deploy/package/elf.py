"""Read from the headers of an ELF file what it needs from the machine that loads it, as the dynamic loader does.

Sources: System V ABI, "Object Files" and "Dynamic Linking"; Linux Standard Base Core, "Symbol Versioning". Only
little-endian 64-bit files are read beyond the first header, which tells them apart: Lambda loads no others.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"\x7fELF"
X86_64 = 62
AARCH64 = 183
MACHINES = {3: "x86", 40: "ARM", X86_64: "x86-64", AARCH64: "ARM64", 243: "RISC-V"}
# Types of program headers, and tags of the dynamic section.
PT_LOAD, PT_DYNAMIC = 1, 2
DT_NULL, DT_NEEDED, DT_STRTAB, DT_VERNEED, DT_VERNEEDNUM = 0, 1, 5, 0x6FFFFFFE, 0x6FFFFFFF


class ElfError(ValueError):
    """Say why a file that begins like an ELF file is incomplete or contradicts itself."""


@dataclass(frozen=True)
class Binary:
    """One ELF file: its machine and word size, the libraries that it loads, and the symbol versions that it needs."""

    machine: int
    bits: int
    libraries: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()

    @property
    def machine_name(self) -> str:
        """Return the name of the machine."""
        return MACHINES.get(self.machine, f"machine {self.machine}")


def read_binary(data: bytes) -> Binary:
    """Return the content of the headers of an ELF file; raise ElfError for a damaged file."""
    try:
        return _read_headers(data)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ElfError(f"ends too early: {error}") from error


def _read_headers(data: bytes) -> Binary:
    if data[:4] != MAGIC:
        raise ElfError("is not an ELF file")
    bits, order = {1: 32, 2: 64}.get(data[4], 0), {1: "<", 2: ">"}.get(data[5], "<")
    [machine] = struct.unpack_from(f"{order}H", data, 18)
    if bits != 64 or order != "<":
        return Binary(machine, bits)
    segments = list(_read_segments(data))
    dynamic = [(offset, size) for kind, offset, _, size in segments if kind == PT_DYNAMIC]
    if not dynamic:
        return Binary(machine, bits)
    tags = list(_read_tags(data, *dynamic[0]))
    values = dict(tags)
    loaded = [(address, size, offset) for kind, offset, address, size in segments if kind == PT_LOAD]
    names = _find_offset(values[DT_STRTAB], loaded) if DT_STRTAB in values else 0
    libraries = tuple(_read_text(data, names + value) for tag, value in tags if tag == DT_NEEDED)
    versions: tuple[str, ...] = ()
    if DT_VERNEED in values:
        needs = _read_version_names(data, _find_offset(values[DT_VERNEED], loaded), values.get(DT_VERNEEDNUM, 0))
        versions = tuple(sorted({_read_text(data, names + name) for name in needs}))
    return Binary(machine, bits, libraries, versions)


def _read_segments(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield type, offset, address and size of each segment that a program header names."""
    [start] = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for number in range(count):
        kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", data, start + number * size)
        yield kind, offset, address, length


def _read_tags(data: bytes, start: int, size: int) -> Iterator[tuple[int, int]]:
    for offset in range(start, start + size, 16):
        tag, value = struct.unpack_from("<QQ", data, offset)
        if tag == DT_NULL:
            return
        yield tag, value


def _find_offset(address: int, loaded: list[tuple[int, int, int]]) -> int:
    """Return the offset in the file of what is loaded at an address."""
    for start, size, offset in loaded:
        if start <= address < start + size:
            return address - start + offset
    raise ElfError(f"refers to the address {address:#x}, which it does not load")


def _read_version_names(data: bytes, start: int, count: int) -> Iterator[int]:
    """Yield the offset of the name of each version: a chain of libraries, each with a chain of versions."""
    for _ in range(count):
        _, versions, _, first, following = struct.unpack_from("<HHIII", data, start)
        entry = start + first
        for _ in range(versions):
            _, _, _, name, after = struct.unpack_from("<IHHII", data, entry)
            yield name
            entry += after
        start += following


def _read_text(data: bytes, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode()
