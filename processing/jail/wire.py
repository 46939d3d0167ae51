"""Frames between parent and child: a JSON object and, behind it, bytes.

No pickle: what the child sends is the word of a process that hostile bytes may have taken over.
"""

import json
import os
import struct
from collections.abc import Callable
from typing import Any

_HEAD = struct.Struct(">IQ")
MAX_OBJECT = 4_000_000
MAX_DATA = 256_000_000
_PIECE = 1 << 20

Frame = tuple[dict[str, Any], bytes]


class BadFrame(Exception):
    """Say that what came is no frame."""


class Closed(Exception):
    """The other side is gone."""


def write_frame(pipe: int, message: dict[str, Any], data: bytes = b"") -> None:
    """Write a frame; raise Closed when nobody reads it any more."""
    text = json.dumps(message).encode()
    try:
        for part in (_HEAD.pack(len(text), len(data)) + text, data):
            view = memoryview(part)
            while view:
                view = view[os.write(pipe, view) :]
    except BrokenPipeError as error:
        raise Closed from error


def read_frame(pipe: int, wait: Callable[[], None] = lambda: None) -> Frame:
    """Read a frame; raise Closed at the end, and BadFrame for anything else.

    Args:
        pipe: Where to read.
        wait: Is called before each read, and returns when there is something; what it raises comes through.
    """
    text_length, data_length = _HEAD.unpack(_read(pipe, _HEAD.size, wait))
    if text_length > MAX_OBJECT or data_length > MAX_DATA:
        raise BadFrame("The frame is too long.")
    try:
        message = json.loads(_read(pipe, text_length, wait))
    except (ValueError, RecursionError) as error:
        raise BadFrame("The frame is no JSON.") from error
    if not isinstance(message, dict):
        raise BadFrame("The frame is no object.")
    return message, bytes(_read(pipe, data_length, wait))


def _read(pipe: int, length: int, wait: Callable[[], None]) -> bytearray:
    # Only as much is allocated as comes.
    data = bytearray()
    while len(data) < length:
        wait()
        piece = os.read(pipe, min(length - len(data), _PIECE))
        if not piece:
            raise Closed
        data += piece
    return data
