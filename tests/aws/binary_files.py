"""Files like those of wheels, made by code: ELF headers for any machine, and wheels for any system and Python."""

import hashlib
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

from deploy.package import elf

# The file is loaded behind this address, so that an address and a place in the file are never the same number.
LOADED_AT = 0x10000
# How executables of other systems begin.
MACH_O = b"\xcf\xfa\xed\xfe" + bytes(60)
WINDOWS = b"MZ" + bytes(62)


def make_elf(
    machine: int = elf.X86_64,
    bits: int = 64,
    order: str = "<",
    versions: Sequence[str] = ("GLIBC_2.17",),
    libraries: Sequence[str] = ("libc.so.6",),
) -> bytes:
    """Return a shared library without code: the headers, its dynamic section and the names that it refers to."""
    names = ["", *libraries, *versions]
    text = b"".join(name.encode() + b"\0" for name in names)
    places = {name: len(b"".join(before.encode() + b"\0" for before in names[:at])) for at, name in enumerate(names)}
    identity = elf.MAGIC + bytes([bits // 32, 1 if order == "<" else 2, 1]) + bytes(9)
    start = 64 + 2 * 56
    needs = struct.pack("<HHIII", 1, len(versions), places[libraries[0]] if libraries else 0, 16, 0)
    for number, version in enumerate(versions):
        following = 16 if number < len(versions) - 1 else 0
        needs += struct.pack("<IHHII", 0, 0, 2 + number, places[version], following)
    strings, chain = start, start + len(text)
    tags = [(elf.DT_NEEDED, places[library]) for library in libraries]
    tags += [(elf.DT_STRTAB, LOADED_AT + strings), (elf.DT_VERNEED, LOADED_AT + chain), (elf.DT_VERNEEDNUM, 1), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in tags)
    place = chain + len(needs)
    whole = place + len(dynamic)
    header = identity + struct.pack(f"{order}HHI", 3, machine, 1)
    header += struct.pack("<QQQIHHHHHH", 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    segments = struct.pack("<IIQQQQQQ", elf.PT_LOAD, 5, 0, LOADED_AT, LOADED_AT, whole, whole, 4096)
    segments += struct.pack("<II", elf.PT_DYNAMIC, 6)
    segments += struct.pack("<QQQQQQ", place, LOADED_AT + place, LOADED_AT + place, len(dynamic), len(dynamic), 8)
    return header + segments + text + needs + dynamic


def make_wheel(folder: Path, name: str, tag: str) -> str:
    """Write a wheel of version 1.0, whose one module holds the wheel's tag; return its SHA-256."""
    files = {
        f"{name}.py": f"TAG = {tag!r}\n",
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }
    lines = [f"{path},," for path in (*files, f"{name}-1.0.dist-info/RECORD")]
    path = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "\n".join(lines) + "\n")
    return hashlib.sha256(path.read_bytes()).hexdigest()
