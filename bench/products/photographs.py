"""The files that are sent: each once, and again with changed bytes where there are too few.

This module runs in the environment of every product, so it needs nothing but Python.
"""

import struct
from pathlib import Path

START, COMMENT = b"\xff\xd8", 0xFE


def find_photographs(folder: Path) -> list[Path]:
    """Return the JPEG files of a folder in the order of their names."""
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in (".jpg", ".jpeg"))


def read_photograph(photos: list[Path], number: int) -> tuple[str, bytes]:
    """Return a name and bytes that no other number has, of the photograph whose turn it is."""
    photo = photos[number % len(photos)]
    return f"{photo.stem}_{number:04}.jpg", number_photograph(photo.read_bytes(), number)


def number_photograph(data: bytes, number: int) -> bytes:
    """Return a JPEG with the number in a comment after its application segments: other bytes, the same picture."""
    if not data.startswith(START):
        raise ValueError("A photograph to be numbered is a JPEG.")
    place = len(START)
    while data[place] == 0xFF and 0xE0 <= data[place + 1] <= 0xEF:
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    text = f"copy {number}".encode()
    return data[:place] + struct.pack(">BBH", 0xFF, COMMENT, len(text) + 2) + text + data[place:]
