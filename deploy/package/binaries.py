"""The rules for machine code and wheels in a function's package, and the hash by which two packages compare.

Sources: "Lambda runtimes" in the AWS Lambda developer guide (python3.13 runs on Amazon Linux 2023, x86_64 unless a
function says otherwise); "Comparing AL2 and AL2023" in the Amazon Linux user guide (glibc 2.34); PEP 425 and PEP 600
for the tags of wheels; PEP 3149 and "C API Stability" in Python's documentation for the names of extension modules.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag
from packaging.utils import canonicalize_name

from deploy.package import elf

PYTHON = (3, 13)
GLIBC = (2, 34)
EXTENSION = f"cpython-{PYTHON[0]}{PYTHON[1]}-x86_64-linux-gnu"
# What Amazon Linux 2023 brings of the libraries that a manylinux wheel may expect (PEP 600); wheels bring the others.
OF_THE_SYSTEM = {
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libstdc++.so.6",
    "libutil.so.1",
    "libz.so.1",
}
# How executables of other systems begin: Mach-O in both word sizes and orders, and as a universal file; Windows.
FOREIGN_MAGIC = {
    b"\xfe\xed\xfa\xce": "macOS",
    b"\xfe\xed\xfa\xcf": "macOS",
    b"\xce\xfa\xed\xfe": "macOS",
    b"\xcf\xfa\xed\xfe": "macOS",
    b"\xca\xfe\xba\xbe": "macOS",
    b"MZ": "Windows",
}
NAMED_BINARY = re.compile(r"\.(so(\.[\d.]+)?|dylib|pyd|dll|exe)$")
WHEEL = re.compile(r"(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/WHEEL")


@dataclass(frozen=True)
class Binaries:
    """The machine code of a package: how many files, the newest glibc that one needs, their hash, and what is wrong."""

    count: int
    glibc: tuple[int, int]
    sha256: str
    faults: tuple[str, ...]


def check_binaries(files: Mapping[str, bytes]) -> Binaries:
    """Read the headers of every file that is machine code, whatever its name."""
    chosen = {name: data for name, data in files.items() if is_binary(name, data)}
    bundled = {PurePosixPath(name).name for name in chosen}
    faults, newest = [], (0, 0)
    for name, data in sorted(chosen.items()):
        try:
            binary = elf.read_binary(data)
        except elf.ElfError as error:
            faults.append(f"{name} {_describe_foreign(data) or error}")
            continue
        newest = max([newest, *(version for version in map(_glibc, binary.versions) if version)])
        faults += [f"{name} {fault}" for fault in (*_loading_faults(binary, bundled), *_naming_faults(name))]
    return Binaries(len(chosen), newest, hash_files(chosen), tuple(faults))


def is_binary(name: str, data: bytes) -> bool:
    """Return whether a file is machine code, by how it begins or by what it is called."""
    return data.startswith((elf.MAGIC, *FOREIGN_MAGIC)) or bool(NAMED_BINARY.search(name))


def hash_files(files: Mapping[str, bytes]) -> str:
    """Return one SHA-256 for files: of their names and contents, in the order of their names."""
    whole = hashlib.sha256()
    for name, data in sorted(files.items()):
        whole.update(f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode())
    return whole.hexdigest()


def check_wheels(files: Mapping[str, bytes], lock: str) -> list[str]:
    """Return what is wrong with the wheels of a package: made for another system, not locked, or missing."""
    wheels = [(match, name) for name in files if (match := WHEEL.fullmatch(name))]
    faults = []
    for match, name in sorted(wheels, key=lambda wheel: wheel[1]):
        tags = re.findall(r"^Tag:\s*(\S+)", files[name].decode(), re.M)
        if SUPPORTED.isdisjoint(tag for text in tags for tag in parse_tag(text)):
            faults.append(f"{match['name']} {match['version']} is a wheel for {', '.join(tags)}")
    present = {(canonicalize_name(match["name"]), match["version"]) for match, _ in wheels}
    locked = read_pins(lock)
    faults += [f"{name} {version} is not in requirements/lambda.txt" for name, version in sorted(present - locked)]
    return faults + [f"{name} {version} is missing" for name, version in sorted(locked - present)]


def read_pins(lock: str) -> set[tuple[str, str]]:
    """Return names and versions of a lock file."""
    pins = re.findall(r"^([A-Za-z0-9][\w.-]*)==(\S+)", lock, re.M)
    return {(canonicalize_name(name), version) for name, version in pins}


def _supported() -> Iterator[Tag]:
    """Yield the tags of the wheels that the function's Python loads on its system."""
    platforms = [f"manylinux_2_{minor}_x86_64" for minor in range(GLIBC[1], 4, -1)]
    platforms += [f"{legacy}_x86_64" for legacy in ("manylinux2014", "manylinux2010", "manylinux1")]
    yield from cpython_tags(PYTHON, platforms=platforms)
    yield from compatible_tags(PYTHON, f"cp{PYTHON[0]}{PYTHON[1]}", platforms)


SUPPORTED = frozenset(_supported())


def _describe_foreign(data: bytes) -> str:
    return next((f"is made for {system}" for magic, system in FOREIGN_MAGIC.items() if data.startswith(magic)), "")


def _loading_faults(binary: elf.Binary, bundled: Iterable[str]) -> Iterator[str]:
    """Yield why the loader of the function's system would refuse a file."""
    if (binary.machine, binary.bits) != (elf.X86_64, 64):
        yield f"is made for {binary.machine_name} of {binary.bits} bits, and the function runs on x86-64"
        return
    for version in binary.versions:
        needed = _glibc(version)
        if version.startswith("GLIBC_") and (needed is None or needed > GLIBC):
            yield f"needs {version}, and the function's system has GLIBC_{GLIBC[0]}.{GLIBC[1]}"
    for library in binary.libraries:
        if library not in bundled and library not in OF_THE_SYSTEM:
            yield f"needs {library}, which is neither in the package nor in the function's system"


def _naming_faults(name: str) -> Iterator[str]:
    """Yield why the function's Python would not import an extension module: it looks for its own tag in the name."""
    path = PurePosixPath(name)
    if path.parent.name.endswith(".libs") or not name.endswith(".so"):
        return
    tag = path.name.removesuffix(".so").partition(".")[2]
    if tag not in (EXTENSION, "abi3"):
        yield f"is no module of Python {PYTHON[0]}.{PYTHON[1]} for x86-64: its tag is {tag or 'missing'}"


def _glibc(version: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"GLIBC_(\d+)\.(\d+)(\.\d+)?", version)
    return (int(match[1]), int(match[2])) if match else None
