"""Tables for programs that open CSV files."""

import unicodedata

# A program that opens a table takes what begins so for a formula. Source: OWASP, CSV Injection.
SIGNS = ("=", "+", "-", "@")
CONTROLS = ("\t", "\r", "\n")


def escape_formula(cell: str) -> str:
    """Return the cell of a table so that no program takes it for a formula.

    Some programs take full-width and other forms of these characters for the same ones, and pass over spaces and
    characters that are not seen in front of them.
    """
    plain = unicodedata.normalize("NFKC", cell)
    first_seen = next(filter(_is_seen, plain), "")
    return f"'{cell}" if first_seen in SIGNS or cell.startswith(CONTROLS) else cell


def _is_seen(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character) not in ("Cc", "Cf")
