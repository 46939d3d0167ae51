"""Bytes from a stranger → an open, bounded picture. Format and size come from the header, before decoding.

Pixels are decoded once, before anything else may touch them: Pillow decodes a PNG when it is asked for EXIF, and raises
an error in its pixels only the first time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import IO

from PIL import Image, UnidentifiedImageError

from processing import formats, png
from processing.errors import ProcessingError, Rejected, too_large
from processing.limits import Limits

# Pillow imports all its plugins when it meets a format whose own it has not.
for _format in formats.FORMATS:
    for _plugin in _format.plugins:
        import_module(_plugin)

# Every header is checked below, against the limits of the call; Pillow's limit is one for the whole process.
Image.MAX_IMAGE_PIXELS = None

_HEAD = 64
_ZEROS = 4096
_BLOCK = 1 << 20


def open_picture(file: IO[bytes], limits: Limits) -> Image.Image:
    """Open the first frame of a file; raise Rejected for one that is empty, too large, damaged or not supported.

    Its pixels are decoded, except in a format that decodes scaled: how large they are needed is known when it is
    rendered, and its EXIF touches no pixel.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    if not head:
        raise Rejected("empty", step="decode")
    if size > limits.max_bytes:
        raise too_large(size, limits.max_bytes)
    try:
        names = [each.name for each in formats.list_inputs()]
        picture = png.Png(file) if head.startswith(png.MAGIC) else Image.open(file, formats=names)
    except UnidentifiedImageError as error:
        raise _reject_unidentified(head) from error
    except Exception as error:
        raise _broken() from error
    start = file.tell()
    _check_size(picture.size, limits)
    with rejecting_broken():
        # Decoders pass over such damage.
        if isinstance(picture, png.Png):
            png.check_png(file)
        elif _decodes_scaled(picture) and _ends_in_zeros(file) and not _has_end(file, start):
            raise ValueError("The end of the file is zeros: only its beginning was written.")
        if not _decodes_scaled(picture):
            picture.load()
    return picture


def _decodes_scaled(picture: Image.Image) -> bool:
    known = formats.find_format(picture.format)
    return known is not None and known.decodes_scaled


def _ends_in_zeros(file: IO[bytes]) -> bool:
    size = file.seek(0, 2)
    file.seek(max(size - _ZEROS, 0))
    return size > _ZEROS and not file.read().strip(b"\0")


def _has_end(file: IO[bytes], start: int) -> bool:
    """Return whether the marker that ends a JPEG comes after `start`."""
    file.seek(start)
    before = b""
    while block := file.read(_BLOCK):
        if b"\xff\xd9" in before[-1:] + block:
            return True
        before = block
    return False


@contextmanager
def rejecting_broken() -> Iterator[None]:
    """Raise Rejected in place of whatever a decoder raises on a hostile file (IndexError, SyntaxError, EOFError…)."""
    try:
        yield
    except (ProcessingError, MemoryError):
        raise
    except Exception as error:
        raise _broken() from error


def _check_size(size: tuple[int, int], limits: Limits) -> None:
    width, height = size
    if min(size) < 1:
        raise _broken()
    if width * height > limits.max_pixels or max(size) > limits.max_side:
        raise Rejected(
            "too_many_pixels",
            step="decode",
            width=width,
            height=height,
            n=limits.max_pixels // 1_000_000,
            side=limits.max_side,
        )


def _broken() -> Rejected:
    return Rejected("broken", step="decode")


def _reject_unidentified(head: bytes) -> Rejected:
    if formats.identify_input(head):
        return _broken()
    kind = formats.identify_unsupported(head) or ("text" if _is_text(head) else "")
    if kind:
        return Rejected("unsupported", step="decode", kind=kind, formats=formats.describe_inputs())
    return Rejected("not_an_image", step="decode", formats=formats.describe_inputs())


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8", errors="strict" if len(head) < _HEAD else "ignore")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character.isspace() for character in text)
