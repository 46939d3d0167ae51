"""Check the machine code and the wheels in a function's package, and hash files so that packages can be compared.

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
# The libraries of Amazon Linux 2023 among those that a manylinux wheel may expect (PEP 600); wheels hold the others.
SYSTEM_LIBRARIES = {
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
# The first bytes of executables of other systems: Mach-O in both word sizes and byte orders, and universal; Windows.
FOREIGN_MAGIC = {
    b"\xfe\xed\xfa\xce": "macOS",
    b"\xfe\xed\xfa\xcf": "macOS",
    b"\xce\xfa\xed\xfe": "macOS",
    b"\xcf\xfa\xed\xfe": "macOS",
    b"\xca\xfe\xba\xbe": "macOS",
    b"MZ": "Windows",
}
BINARY_NAME = re.compile(r"\.(so(\.[\d.]+)?|dylib|pyd|dll|exe)$")
WHEEL = re.compile(r"(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/WHEEL")


@dataclass(frozen=True)
class Binaries:
    """The machine code of a package: the number of files, the newest glibc that they need, their hash, and faults."""

    count: int
    glibc: tuple[int, int]
    sha256: str
    faults: tuple[str, ...]


def check_binaries(files: Mapping[str, bytes]) -> Binaries:
    """Check the headers of every file that is machine code, by its first bytes or its name."""
    begins = (elf.MAGIC, *FOREIGN_MAGIC)
    code = {name: data for name, data in files.items() if data.startswith(begins) or BINARY_NAME.search(name)}
    bundled = {PurePosixPath(name).name for name in code}
    faults, newest = [], (0, 0)
    for name, data in sorted(code.items()):
        try:
            binary = elf.read_binary(data)
        except elf.ElfError as error:
            systems = [system for magic, system in FOREIGN_MAGIC.items() if data.startswith(magic)]
            faults.append(f"{name} is made for {systems[0]}" if systems else f"{name} {error}")
            continue
        newest = max([newest, *(version for version in map(_parse_glibc, binary.versions) if version)])
        faults += [f"{name} {fault}" for fault in (*_find_loading_faults(binary, bundled), *_find_naming_faults(name))]
    return Binaries(len(code), newest, hash_files(code), tuple(faults))


def hash_files(files: Mapping[str, bytes]) -> str:
    """Return one SHA-256 of the names and contents of files, in the order of their names."""
    whole = hashlib.sha256()
    for name, data in sorted(files.items()):
        whole.update(f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode())
    return whole.hexdigest()


def check_wheels(files: Mapping[str, bytes], lock: str) -> list[str]:
    """Return the wheels of a package that are built for another system, not locked, or missing."""
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


def _list_supported_tags() -> Iterator[Tag]:
    """Yield the tags of the wheels that the function's Python loads on its system."""
    platforms = [f"manylinux_2_{minor}_x86_64" for minor in range(GLIBC[1], 4, -1)]
    platforms += [f"{legacy}_x86_64" for legacy in ("manylinux2014", "manylinux2010", "manylinux1")]
    yield from cpython_tags(PYTHON, platforms=platforms)
    yield from compatible_tags(PYTHON, f"cp{PYTHON[0]}{PYTHON[1]}", platforms)


SUPPORTED = frozenset(_list_supported_tags())


def _find_loading_faults(binary: elf.Binary, bundled: Iterable[str]) -> Iterator[str]:
    """Yield why the loader of Lambda's system would refuse a file."""
    if (binary.machine, binary.bits) != (elf.X86_64, 64):
        yield f"is made for {binary.machine_name} of {binary.bits} bits, and the function runs on x86-64"
        return
    for version in binary.versions:
        needed = _parse_glibc(version)
        if version.startswith("GLIBC_") and (needed is None or needed > GLIBC):
            yield f"needs {version}, and Lambda's system has GLIBC_{GLIBC[0]}.{GLIBC[1]}"
    for library in binary.libraries:
        if library not in bundled and library not in SYSTEM_LIBRARIES:
            yield f"needs {library}, which is neither in the package nor in Lambda's system"


def _find_naming_faults(name: str) -> Iterator[str]:
    """Yield why the function's Python would not import an extension module: the name must hold Python's tag."""
    path = PurePosixPath(name)
    if path.parent.name.endswith(".libs") or not name.endswith(".so"):
        return
    tag = path.name.removesuffix(".so").partition(".")[2]
    if tag not in (EXTENSION, "abi3"):
        yield f"is not a module of Python {PYTHON[0]}.{PYTHON[1]} for x86-64: its tag is {tag or 'missing'}"


def _parse_glibc(version: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"GLIBC_(\d+)\.(\d+)(\.\d+)?", version)
    return (int(match[1]), int(match[2])) if match else None
