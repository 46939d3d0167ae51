"""The names of files, as people and their systems write them: what an ending is, and how an original is named."""

import re
from pathlib import PurePath

from processing.formats import find_format, map_suffixes

# Browsers number a second copy behind the ending, "photo.jpg (1)".
_COPY = re.compile(r"(?P<stem>.*\S)(?P<ending>\.\w+) ?(?P<copy>\(\d+\))", re.DOTALL)
# An ending that nobody writes as a word or a date, ".bat" or ".JPG_large".
_ENDING = re.compile(r"\.(?=.*[A-Za-z])(?:[a-z0-9]{1,4}|[A-Z0-9]{1,4})")


def split_file_name(file_name: str) -> tuple[str, str]:
    """Return the name without its ending, and the ending with its dot; empty for a name without one.

    What stands behind a dot is an ending only if it looks like one: "Zürich.2024.06.01" has none. The number of a copy
    goes to the name: "photo.jpg (1)" is "photo (1)" and ".jpg".
    """
    if (match := _COPY.fullmatch(file_name)) and _is_ending(match["ending"]):
        return f"{match['stem']} {match['copy']}", match["ending"]
    path = PurePath(file_name.replace("/", "_"))
    return (path.stem, path.suffix) if _is_ending(path.suffix) else (file_name, "")


def name_original(file_name: str, format_name: str) -> str:
    """Return the name under which a file is downloaded: its own, with an ending of the format that it has."""
    known = find_format(format_name)
    stem, ending = split_file_name(file_name)
    if known is None:
        return f"{stem}.bin"
    if file_name.endswith(ending) and ending[1:].lower() in known.suffixes:
        return file_name
    return f"{stem}.{known.suffix}"


def _is_ending(text: str) -> bool:
    # Some programs append to an ending: ".JPG_large", ".jpeg~".
    known = re.split(r"[^a-z0-9]", text[1:].lower())[0]
    return known in map_suffixes() or _ENDING.fullmatch(text) is not None
