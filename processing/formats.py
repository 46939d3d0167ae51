"""The one table of image formats: what comes in, what goes out, and what each needs.

Decoding, upload tickets, the browser, zip files, texts, the function's package and docs/formats.md derive from it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Format:
    """One image format.

    Attributes:
        name: What records and specifications call it; the name that Pillow opens and saves it by.
        label: What people call it.
        content_types: Its MIME types; files are stored with the first.
        suffixes: Endings of file names, without a dot; files get the first.
        magic: Matches how each of its files begins.
        is_input: Whether MediaHub accepts it.
        is_output: Whether renditions can have it.
        variants: Other names that Pillow gives to a file of the format once it is open.
        plugins: The modules of Pillow that read and write it.
        codecs: File names, as patterns, of the machine code in Pillow's wheel that the plugins need; the core
            (`_imaging`) is left out.
        decodes_scaled: Whether the decoder can skip pixels that nobody needs (`Image.draft`).
        has_alpha: Whether it stores transparency.
        quality: What its encoder is given, from 0 to 100; None for one that loses nothing. The formats look equally
            good at theirs, as `python -m bench.qualities` measures.
        save_options: What the encoder is always given.
    """

    name: str
    label: str
    content_types: tuple[str, ...]
    suffixes: tuple[str, ...]
    magic: re.Pattern[bytes]
    is_input: bool
    is_output: bool
    variants: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    codecs: tuple[str, ...] = ()
    decodes_scaled: bool = False
    has_alpha: bool = True
    quality: int | None = None
    save_options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """The MIME type that files are stored with."""
        return self.content_types[0]

    @property
    def suffix(self) -> str:
        """The ending of the names of its files, without a dot."""
        return self.suffixes[0]


FORMATS: tuple[Format, ...] = (
    Format(
        name="JPEG",
        label="JPEG",
        content_types=("image/jpeg",),
        suffixes=("jpg", "jpeg"),
        magic=re.compile(rb"\xff\xd8\xff"),
        is_input=True,
        is_output=True,
        # Phones write a second picture behind the first, and Pillow calls such a file by another name.
        variants=("MPO",),
        plugins=("PIL.JpegImagePlugin", "PIL.MpoImagePlugin"),
        codecs=("libjpeg*",),
        decodes_scaled=True,
        has_alpha=False,
        quality=82,
    ),
    Format(
        name="PNG",
        label="PNG",
        content_types=("image/png",),
        suffixes=("png",),
        magic=re.compile(rb"\x89PNG"),
        is_input=True,
        is_output=True,
        plugins=("PIL.PngImagePlugin",),
    ),
    Format(
        name="GIF",
        label="GIF",
        content_types=("image/gif",),
        suffixes=("gif",),
        magic=re.compile(rb"GIF8"),
        is_input=True,
        is_output=False,
        plugins=("PIL.GifImagePlugin",),
    ),
    Format(
        name="WEBP",
        label="WebP",
        content_types=("image/webp",),
        suffixes=("webp",),
        magic=re.compile(rb"RIFF....WEBP", re.DOTALL),
        is_input=True,
        is_output=True,
        plugins=("PIL.WebPImagePlugin",),
        codecs=("_webp*", "libwebp*", "libsharpyuv*"),
        quality=85,
        save_options={"method": 2},
    ),
    Format(
        name="AVIF",
        label="AVIF",
        content_types=("image/avif",),
        suffixes=("avif",),
        magic=re.compile(rb"....ftyp.{0,64}?avi[fs]", re.DOTALL),
        is_input=False,
        is_output=True,
        plugins=("PIL.AvifImagePlugin",),
        codecs=("_avif*", "libavif*"),
        quality=65,
        # Slower speeds take four times as long for nothing that can be seen. One thread: a worker has one core, and
        # the same picture gives the same bytes everywhere.
        save_options={"speed": 9, "max_threads": 1},
    ),
)

# Kinds of files that are not supported, by how they begin; processing.sentences.PHRASES has their names.
_UNSUPPORTED_KINDS = (
    ("pdf", re.compile(rb"%PDF")),
    ("tiff", re.compile(rb"II\*\0|MM\0\*")),
    ("photoshop", re.compile(rb"8BPS")),
    ("bmp", re.compile(rb"BM")),
    ("postscript", re.compile(rb"%!PS")),
    ("archive", re.compile(rb"PK\x03\x04")),
    ("compressed", re.compile(rb"\x1f\x8b")),
    ("icon", re.compile(rb"\x00\x00\x01\x00")),
    # ISO base media files name their brands behind `ftyp`; ISO/IEC 14496-12, section 4.3.
    ("avif", re.compile(rb"....ftyp.*avif", re.DOTALL)),
    ("heic", re.compile(rb"....ftyp.*(hei|hev|mif1)", re.DOTALL)),
    ("video", re.compile(rb"....ftyp", re.DOTALL)),
    ("svg", re.compile(rb"\s*<\?xml|.*<svg", re.DOTALL | re.IGNORECASE)),
)

# Of a rendition's files the one in this format is for the browsers that show it, and another one for all of them.
MODERN = "AVIF"


def list_inputs() -> list[Format]:
    """Return the formats that MediaHub accepts."""
    return [each for each in FORMATS if each.is_input]


def list_content_types() -> list[str]:
    """Return the MIME types that a browser may send."""
    return [content_type for each in list_inputs() for content_type in each.content_types]


def map_suffixes() -> dict[str, str]:
    """Return the MIME type of each ending, without its dot, of a file that MediaHub accepts."""
    return {suffix: each.content_type for each in list_inputs() for suffix in each.suffixes}


def describe_inputs() -> str:
    """Return the labels of the formats that MediaHub accepts, the same in every language: "JPEG, PNG"."""
    return ", ".join(each.label for each in list_inputs())


def find_format(name: str | None) -> Format | None:
    """Return the format of this name, which may be one of Pillow's for a variant; None for another."""
    return next((each for each in FORMATS if name == each.name or name in each.variants), None)


def get_output(name: str) -> Format:
    """Return the format of a rendition; raise ValueError for one that renditions cannot have."""
    output = find_format(name)
    if output is None or not output.is_output:
        raise ValueError(f"Renditions cannot be {name}.")
    return output


def identify_input(head: bytes) -> Format | None:
    """Return the accepted format of a file that begins so; None for another file."""
    return next((each for each in list_inputs() if each.magic.match(head)), None)


def identify_unsupported(head: bytes) -> str:
    """Return the kind of a file that is not supported, a key of PHRASES["kind"]; empty for one that nobody knows."""
    return next((kind for kind, magic in _UNSUPPORTED_KINDS if magic.match(head)), "")
