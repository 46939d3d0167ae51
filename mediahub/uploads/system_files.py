"""Files that systems and programs leave beside pictures: no image is made of them, and nobody needs to hear of each."""

import re

from processing.formats import FORMATS

# Folders of systems, file shares and programs; what lies in them is a copy, a preview or rubbish.
_FOLDERS = (
    r"__MACOSX",
    r"\.AppleDouble",
    r"\.Spotlight-V100",
    r"\.Trash(?:es|-\d+)?",
    r"\.fseventsd",
    r"\.TemporaryItems",
    r"\.DocumentRevisions-V100",
    r"\.thumbnails",
    r"\.git",
    r"\.svn",
    r"\.dropbox\.cache",
    r"@eaDir",
    r"#recycle",
    r"\$RECYCLE\.BIN",
    r"System Volume Information",
)
_SUFFIXES = "|".join(suffix for each in FORMATS for suffix in each.suffixes)
_FILES = (
    # AppleDouble writes what a file system cannot keep of a file beside it, and Android what it deletes.
    r"\._[^/]*",
    r"\.(?:trashed|pending)-\d+-[^/]*",
    # Another hidden file, unless its name ends like a picture's.
    rf"\.(?!(?:[^/]*\.)?(?:{_SUFFIXES})$)[^/]*",
    r"Thumbs\.db(?::\w+)?",
    r"ehthumbs(?:_vista)?\.db",
    r"desktop\.ini",
    r"picasa\.ini",
    r"Icon\r",
    r"ZbThumbnail\.info",
    # Sidecars of cameras, phones and raw converters, and those of Google Takeout.
    r"[^/]+\.(?:xmp|aae|thm|pp3|dop|cos|on1|nksc|ctg|jbf)",
    r"[^/]+\.[a-z0-9]{3,4}(?:\(\d+\))?(?:\.s[^/.]*)?\.json",
    r"metadata(?:\(\d+\))?\.json",
    # Consoles and Hadoop put such an object where a folder is.
    r"[^/]*_\$folder\$",
)
# A path of one of them; the upload page's script has it as well, so it is written in what Python and JavaScript share.
PATTERN = re.compile(rf"(?:^|/)(?:(?:{'|'.join(_FOLDERS)})/|(?:{'|'.join(_FILES)})$)|/$", re.IGNORECASE)


def is_system_file(path: str) -> bool:
    """Return whether a file of this path, or a key of the upload bucket, is no picture that anybody wants here."""
    return PATTERN.search(path) is not None
