"""The one table of image formats: what comes in, what goes out, and what each needs.

Decoding, upload tickets, the browser, zip files, texts, the function's package and docs/formats.md derive from it.
"""

import re
from collections.abc import Container, Mapping
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
        plugins: The modules of Pillow, or of pi-heif, that read and write it.
        codecs: File names, as patterns, of the machine code in their wheels that the plugins need; the core
            (`_imaging`) is left out.
        memory_per_pixel: Bytes that decoding takes at most for each pixel; measured by `python -m bench.formats`.
        max_bytes: Bytes of a file, where the format needs a lower limit than all formats have.
        max_pixels: Width × height, where the format needs a lower limit than all formats have.
        decodes_scaled: Whether the decoder can skip pixels that nobody needs (`Image.draft`).
        has_alpha: Whether it stores transparency.
        halves_chroma: Whether its renditions keep colors at half the size, which is what processing.planes works with.
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
    plugins: tuple[str, ...] = ()
    codecs: tuple[str, ...] = ()
    memory_per_pixel: float = 4
    max_bytes: int | None = None
    max_pixels: int | None = None
    decodes_scaled: bool = False
    has_alpha: bool = True
    halves_chroma: bool = False
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
        plugins=("PIL.JpegImagePlugin",),
        codecs=("libjpeg*",),
        decodes_scaled=True,
        has_alpha=False,
        halves_chroma=True,
        quality=82,
        memory_per_pixel=8.5,
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
        memory_per_pixel=7,
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
        memory_per_pixel=9,
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
        halves_chroma=True,
        quality=86,
        save_options={"method": 2},
        memory_per_pixel=14,
    ),
    Format(
        name="AVIF",
        label="AVIF",
        content_types=("image/avif",),
        suffixes=("avif",),
        # ISO base media files name their brands behind `ftyp`: the major one, a version, and the compatible ones;
        # ISO/IEC 14496-12, section 4.3.
        magic=re.compile(rb"....ftyp(avi[fs]|(mif1|msf1|miaf|MA1[AB])....(.{4}){0,12}?avi[fs])", re.DOTALL),
        is_input=True,
        is_output=True,
        plugins=("PIL.AvifImagePlugin",),
        codecs=("_avif*", "libavif*"),
        halves_chroma=True,
        quality=70,
        # Slower speeds take four times as long for nothing that can be seen. One thread: a worker has one core, and
        # the same picture gives the same bytes everywhere.
        save_options={"speed": 9, "max_threads": 1},
        memory_per_pixel=12,
    ),
    Format(
        name="HEIF",
        label="HEIC",
        content_types=("image/heic", "image/heif"),
        suffixes=("heic", "heif", "hif"),
        magic=re.compile(
            rb"....ftyp(he(ic|ix|im|is|vc|vx|vm|vs)|(mif1|msf1|miaf)....(.{4}){0,12}?he(ic|ix|vc|vx))", re.DOTALL
        ),
        is_input=True,
        is_output=False,
        plugins=("pi_heif.as_plugin",),
        codecs=("_pi_heif*", "libheif*", "libde265*"),
        memory_per_pixel=12,
    ),
    Format(
        name="TIFF",
        label="TIFF",
        content_types=("image/tiff",),
        suffixes=("tif", "tiff"),
        magic=re.compile(rb"II[*+]\0|MM\0[*+]"),
        is_input=True,
        is_output=False,
        plugins=("PIL.TiffImagePlugin",),
        codecs=("libtiff*",),
        memory_per_pixel=6.5,
    ),
)


def list_inputs(disabled: Container[str] = ()) -> list[Format]:
    """Return the formats that MediaHub accepts, without those that the operator turned off."""
    return [each for each in FORMATS if each.is_input and each.name not in disabled]


# Of a rendition's files the one in this format is for the browsers that show it, and another one for all of them.
MODERN = "AVIF"


def map_suffixes() -> dict[str, str]:
    """Return the MIME type of each ending, without its dot, of a file that MediaHub accepts."""
    return {suffix: each.content_type for each in list_inputs() for suffix in each.suffixes}


def describe_inputs(disabled: Container[str] = ()) -> str:
    """Return the labels of the formats that MediaHub accepts, the same in every language: "JPEG, PNG"."""
    return ", ".join(each.label for each in list_inputs(disabled))


def find_format(name: str | None) -> Format | None:
    """Return the format of this name; None for another."""
    return next((each for each in FORMATS if name == each.name), None)


def get_output(name: str) -> Format:
    """Return the format of a rendition; raise ValueError for one that renditions cannot have."""
    output = find_format(name)
    if output is None or not output.is_output:
        raise ValueError(f"Renditions cannot be {name}.")
    return output


def identify_input(head: bytes) -> Format | None:
    """Return the format of a file that begins so, if MediaHub can read it; None for another file."""
    return next((each for each in list_inputs() if each.magic.match(head)), None)
