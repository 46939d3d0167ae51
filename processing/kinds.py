"""Files that are not supported: what kind each is, by its first bytes, and what its owner can do.

`processing.sentences` has the names of the kinds (PHRASES["kind"]) and the advice (PHRASES["advice"]).
"""

import re
from codecs import getincrementaldecoder

from processing import tiff

# How many bytes of a file `identify_kind` wants.
HEAD = 1024
# The format as which most raw files begin; their tags tell them from pictures, and lie within so many bytes.
RAW_CONTAINER, RAW_HEAD = "TIFF", 64 * 1024
# The camera makers whose raw files are built like TIFF, by how EXIF writes their names.
_TIFF_MAKERS = {
    b"canon": "cr2",
    b"nikon": "nef",
    b"olympus": "orf",
    b"om digital": "orf",
    b"panasonic": "rw2",
    b"sony": "arw",
}
KINDS = (
    ("pdf", re.compile(rb"\s*%PDF")),
    # Raw files that are not built like TIFF, or only nearly.
    ("cr2", re.compile(rb"II\*\0....CR", re.DOTALL)),
    ("cr3", re.compile(rb"....ftypcrx ", re.DOTALL)),
    ("raf", re.compile(rb"FUJIFILMCCD-RAW")),
    ("rw2", re.compile(rb"IIU\0")),
    ("orf", re.compile(rb"IIR[OS]|MMOR")),
    ("raw", re.compile(rb"FOVb|\0MRM|II\x1a\0\0\0HEAPCCDR")),
    ("photoshop", re.compile(rb"8BP[SB]\0[\x01\x02]")),
    ("bmp", re.compile(rb"BM")),
    ("jpeg_xl", re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n")),
    ("jpeg_2000", re.compile(rb"\xff\x4f\xff\x51|\0\0\0\x0cjP {2}\r\n\x87\n")),
    ("jpeg_xr", re.compile(rb"II\xbc")),
    ("openexr", re.compile(rb"\x76\x2f\x31\x01")),
    ("radiance", re.compile(rb"#\?(RADIANCE|RGBE)")),
    ("gimp", re.compile(rb"gimp xcf")),
    ("postscript", re.compile(rb"%!PS|\xc5\xd0\xd3\xc6")),
    ("archive", re.compile(rb"PK(\x03\x04|\x05\x06)|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c")),
    ("office", re.compile(rb"\xd0\xcf\x11\xe0")),
    ("compressed", re.compile(rb"\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd")),
    ("icon", re.compile(rb"\0\0[\x01\x02]\0")),
    ("audio", re.compile(rb"ID3|RIFF....WAVE|OggS|fLaC|....ftypM4A", re.DOTALL)),
    ("heif_other", re.compile(rb"....ftyp(mif|msf|miaf|avci|avcs|jpe[gs]|j2ki|vvi|evbi)", re.DOTALL)),
    ("video", re.compile(rb"....(ftyp|moov|mdat|wide|free|skip)|RIFF....AVI |\x1aE\xdf\xa3|FLV\x01", re.DOTALL)),
    ("video", re.compile(rb"\0\0\x01[\xb3\xba]|0&\xb2u\x8ef\xcf\x11")),
    ("sidecar", re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xpacket|<x:xmpmeta|<\?xml[^>]*>\s*<x:xmpmeta)")),
    ("sidecar", re.compile(rb"<\?xml.*<plist.*(adjustment|com\.apple\.photo)|bplist00", re.DOTALL)),
    (
        "web_page",
        re.compile(rb"(\xef\xbb\xbf)?\s*(<!--.*?-->\s*)?<(!doctype html|html|head)\b", re.DOTALL | re.IGNORECASE),
    ),
    ("svg", re.compile(rb"\s*<\?xml|.*<svg", re.DOTALL | re.IGNORECASE)),
)
_ADVICE = {
    "archive": "unpack",
    "audio": "choose",
    "compressed": "unpack",
    "cr2": "develop",
    "cr3": "develop",
    "dng": "develop",
    "nef": "develop",
    "arw": "develop",
    "orf": "develop",
    "raf": "develop",
    "raw": "develop",
    "rw2": "develop",
    "sidecar": "choose",
    "text": "choose",
    "video": "still",
    "web_page": "choose",
}


def identify_kind(head: bytes) -> str:
    """Return the kind of a file that is not supported, a key of PHRASES["kind"]; empty for one that nobody knows.

    `head` is its first HEAD bytes.
    """
    kind = next((kind for kind, magic in KINDS if magic.match(head)), "")
    return kind or ("text" if _is_text(head) else "")


def get_advice(kind: str) -> str:
    """Return what the owner of such a file can do, a key of PHRASES["advice"]."""
    return _ADVICE.get(kind, "export")


def identify_raw(tags: tiff.Tags) -> str:
    """Return the kind of a camera's raw file that is built like TIFF; empty for a picture.

    Sources: Adobe, "Digital Negative (DNG) Specification" 1.7 (tags and photometric interpretations); TIFF/EP.
    """
    if tags.has_dng_version:
        return "dng"
    if not tags.is_raw:
        return ""
    maker = tags.make.lower()
    return next((kind for name, kind in _TIFF_MAKERS.items() if maker.startswith(name)), "raw")


def _is_text(head: bytes) -> bool:
    try:
        # The last character of the head may be cut off, that of a whole file not.
        text = getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD)
    except UnicodeDecodeError:
        return False
    return bool(text) and all(character.isprintable() or character.isspace() for character in text)
