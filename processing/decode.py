"""Bytes from a stranger → an open, bounded picture. Format and size come from the header, before decoding.

Pixels are decoded once, before anything else may touch them, except of a JPEG: how large they are needed is known when
it is rendered, and its EXIF touches no pixel. Pillow raises an error in a picture's pixels only the first time.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import IO

from pi_heif import options
from pi_heif.as_plugin import HeifImageFile
from PIL import AvifImagePlugin, Image

from processing import formats, gif, isobmff, jpeg, kinds, png, tiff, webp
from processing.errors import Note, ProcessingError, Rejected, check_surroundings, cut_off, too_large
from processing.formats import Format
from processing.limits import Limits

# Pillow imports all its plugins when it meets a format whose own it has not.
for _format in formats.FORMATS:
    for _plugin in _format.plugins:
        import_module(_plugin)

# Few threads for each picture: more of them take memory, and the worker has one core.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
options.DECODE_THREADS = 1

# Every header is checked below, against the limits of the call; Pillow's limit is one for the whole process.
Image.MAX_IMAGE_PIXELS = None

_ZEROS = 4096
_BLOCK = 1 << 20
_GIF_TRAILER = b";"
# What programs, cards and transfers fill files up with.
_PADDING = b"\0\xff\t\n\r "
# Samsung's phones end each file with a list of what they noted beside the picture.
_PHONE_TRAILER = b"SEFT"
# Formats whose files Pillow would refuse, turn or lose something of, and the one that it does not know.
_OPENERS: Mapping[str, Callable[[IO[bytes]], Image.Image]] = {
    "JPEG": jpeg.Jpeg,
    "TIFF": tiff.Tiff,
    "AVIF": isobmff.Avif,
    "HEIF": HeifImageFile,
    "PNG": png.Png,
    "GIF": gif.Gif,
    "WEBP": webp.WebP,
}
# Formats whose readers inflate pixels or allocate a canvas before the size could be checked.
_SIZE_READERS: Mapping[str, Callable[[bytes], tuple[int, int]]] = {"PNG": png.read_size, "WEBP": webp.read_size}


def open_picture(
    file: IO[bytes],
    limits: Limits,
    notes: list[Note] | None = None,
    allow: Callable[[int, int], None] = lambda pixels, memory: None,
) -> Image.Image:
    """Open the first frame of a file; what was left aside leaves notes.

    Raise Rejected for a file that is empty, too large, cut off, damaged or not supported.

    Args:
        file: The file, which can be read and sought.
        limits: What the file may ask for.
        notes: Gets what was left aside.
        allow: Is told the pixels of the picture, and the bytes of memory that decoding them takes at most, once its
            header is within the limits and before anything of that size is read.
    """
    notes = [] if notes is None else notes
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(kinds.HEAD)
    if not head:
        raise Rejected("empty", step="decode")
    known = identify_file(file, head, limits)
    max_bytes = limits.get_max_bytes(known)
    if size > max_bytes:
        raise too_large(size, max_bytes)
    with _rejecting_unreadable(file, known):
        if known.name in _SIZE_READERS:
            size_in_header = _SIZE_READERS[known.name](head)
            _check_size(size_in_header, known, limits)
            allow(*_check_memory_needed(size_in_header, known.memory_per_pixel, known, limits))
        file.seek(0)
        opener = _OPENERS.get(known.name)
        picture = opener(file) if opener else Image.open(file, formats=[known.name])
        _check_size(picture.size, known, limits)
        allow(*_check_cost(picture, file, known, limits))
    _load(picture, file, known)
    _note_opened(picture, file, notes)
    return picture


def identify_file(file: IO[bytes], head: bytes, limits: Limits) -> Format:
    """Return the format of a file, or of its beginning; raise Rejected for another kind of file."""
    known = formats.identify_input(head)
    disabled = limits.list_disabled()
    kind = "" if known else kinds.identify_kind(head)
    if known and known.name == kinds.RAW_CONTAINER:
        try:
            kind = kinds.identify_raw(tiff.read_tags(file))
        except Exception as error:  # what is wrong with its header is told when it is opened
            check_surroundings(error)
            kind = ""
    if known and known.name in disabled:
        kind = kind or known.name.lower()
    if kind:
        offered = formats.describe_inputs(disabled)
        raise Rejected("unsupported", step="decode", kind=kind, advice=kinds.get_advice(kind), formats=offered)
    if known is None:
        raise Rejected("not_an_image", step="decode", formats=formats.describe_inputs(disabled))
    return known


@contextmanager
def _rejecting_unreadable(file: IO[bytes], known: Format) -> Iterator[None]:
    """Raise Rejected in place of whatever is raised while the header is read."""
    try:
        yield
    except (ProcessingError, MemoryError):
        raise
    except tiff.UnsupportedPixels as error:
        raise Rejected("unsupported_pixels", step="decode", format=known.label) from error
    except Exception as error:
        check_surroundings(error)
        _check_length(file, known)
        raise Rejected("unreadable", step="decode", format=known.label) from error


def _load(picture: Image.Image, file: IO[bytes], known: Format) -> None:
    """Decode, unless the format decodes scaled; raise Rejected for pixels that are not whole."""
    if isinstance(picture, jpeg.Jpeg):
        # Decoders pass over such damage.
        if _ends_in_zeros(file) and not jpeg.find_end(file):
            check_end(picture, [])
        return
    end = 0
    try:
        with rejecting_broken():
            if isinstance(picture, tiff.Tiff):
                end = tiff.find_end(picture)
            picture.load()
    except Rejected as error:
        size = file.seek(0, 2)
        if end > size:
            raise cut_off(size / end) from error
        if isinstance(picture, gif.Gif) and not _ends_with(file, _GIF_TRAILER):
            raise cut_off(_measure_rows(picture)) from error
        _check_length(file, known)
        raise


def check_end(picture: jpeg.Jpeg, notes: list[Note]) -> None:
    """Note that a JPEG without its end is nearly whole; raise Rejected when more of it is missing."""
    with rejecting_broken():
        share = jpeg.measure_share(picture.source)
    if share < jpeg.MIN_SHARE:
        raise cut_off(share)
    notes.append(Note("end_missing"))


def _check_length(file: IO[bytes], known: Format) -> None:
    """Raise Rejected if the file is shorter than it says itself."""
    size = file.seek(0, 2)
    end = 0
    if known.name == "WEBP":
        end = webp.find_end(file)
    elif known.name in ("AVIF", "HEIF"):
        end = isobmff.find_end(file)
    if end > size:
        raise cut_off(size / end)


def _ends_with(file: IO[bytes], end: bytes) -> bool:
    file.seek(-len(end), 2)
    return file.read() == end


def _measure_rows(picture: gif.Gif) -> float:
    """Return about how many of its rows a GIF has that could not be decoded to its end, from 0 to 1."""
    # Rows that did not come are zeros, and a method of the picture would decode again.
    _columns, rows = picture.im.getprojection()
    return float(sum(rows) / picture.height)


def _ends_in_zeros(file: IO[bytes]) -> bool:
    size = file.seek(0, 2)
    file.seek(max(size - _ZEROS, 0))
    return size > _ZEROS and not file.read().strip(b"\0")


@contextmanager
def rejecting_broken() -> Iterator[None]:
    """Raise Rejected in place of whatever a decoder raises on a hostile file (IndexError, SyntaxError, EOFError…).

    MemoryError passes: the file is not damaged.
    """
    try:
        yield
    except (ProcessingError, MemoryError):
        raise
    except Exception as error:
        check_surroundings(error)
        raise Rejected("broken", step="decode") from error


def _check_size(size: tuple[int, int], known: Format, limits: Limits) -> None:
    width, height = size
    if min(size) < 1:
        raise Rejected("broken", step="decode")
    max_pixels = limits.get_max_pixels(known)
    if width * height > max_pixels or max(size) > limits.max_side:
        raise Rejected(
            "too_many_pixels",
            step="decode",
            width=width,
            height=height,
            n=max_pixels // 1_000_000,
            side=limits.max_side,
        )


def _check_cost(picture: Image.Image, file: IO[bytes], known: Format, limits: Limits) -> tuple[int, int]:
    """Return the pixels of a picture and the bytes of memory that it takes.

    Raise Rejected for one that takes more memory than there is, or is written to take minutes.
    """
    width, height = picture.size
    per_pixel = known.memory_per_pixel
    if isinstance(picture, jpeg.Jpeg):
        if "progressive" not in picture.info:
            # It is decoded row by row, at the scale that is needed.
            per_pixel = 1
        elif width * height * jpeg.count_scans(file) > jpeg.MAX_SCANNED_PIXELS:
            raise Rejected("too_many_scans", step="decode", width=width, height=height)
    elif isinstance(picture, tiff.Tiff):
        per_pixel += picture.strip_bytes / (width * height)
    return _check_memory_needed(picture.size, per_pixel, known, limits)


def _check_memory_needed(size: tuple[int, int], per_pixel: float, known: Format, limits: Limits) -> tuple[int, int]:
    """Return the pixels and the bytes that decoding takes; raise Rejected for more than there are."""
    width, height = size
    if width * height * per_pixel > limits.max_memory:
        raise Rejected(
            "too_much_memory",
            step="decode",
            width=width,
            height=height,
            format=known.label,
            n=int(limits.max_memory / per_pixel) // 1_000_000,
        )
    return width * height, math.ceil(width * height * per_pixel)


def _count_frames(picture: Image.Image, file: IO[bytes]) -> int:
    if isinstance(picture, png.Png):
        return picture.parts.frames
    if isinstance(picture, gif.Gif):
        return gif.count_frames(file)
    if isinstance(picture, tiff.Tiff):
        # Counting leaves the first page, so another reader counts.
        file.seek(0)
        try:
            return int(type(picture)(file).n_frames)
        except Exception as error:  # what comes behind the first frame is not needed
            check_surroundings(error)
            return 1
    return int(getattr(picture, "n_frames", 1))


def _note_opened(picture: Image.Image, file: IO[bytes], notes: list[Note]) -> None:
    frames = _count_frames(picture, file)
    # What else stands in a HEIC file is as a rule no frame: a smaller copy, or how deep the picture is.
    if frames > 1 and picture.format == "TIFF":
        notes.append(Note("pages", {"n": frames}))
    elif frames > 1 and picture.format != "HEIF":
        notes.append(Note("animated", {"n": frames}))
    if trailing := _count_trailing(picture, file):
        notes.append(Note("trailing_data", {"n": trailing}))
    if isinstance(picture, png.Png):
        notes.extend(Note("left_aside", {"part": part}) for part in sorted(picture.parts.left_aside))


def _count_trailing(picture: Image.Image, file: IO[bytes]) -> int:
    """Return how many bytes stand behind a picture, such as a video; 0 for padding and further pictures."""
    size = file.seek(0, 2)
    file.seek(max(size - _ZEROS, 0))
    tail = file.read().rstrip(_PADDING)
    end = size
    if isinstance(picture, png.Png):
        end = picture.parts.end
    elif isinstance(picture, webp.WebP):
        end = webp.find_end(file)
    elif isinstance(picture, jpeg.Jpeg) and not tail.endswith((jpeg.END, _PHONE_TRAILER)):
        end = jpeg.find_end(file) or size
    file.seek(end)
    while block := file.read(_BLOCK):
        if rest := block.lstrip(_PADDING):
            start = file.seek(-len(rest), 1)
            # The first byte of a picture's marker is one of padding, too.
            return 0 if file.read(2) == jpeg.START[1:] else size - start
    return 0
