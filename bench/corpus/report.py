"""Rows as lines: JSON for programs, a table with a summary for people."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from bench.corpus.rows import FAULT, READY, REJECTED

# What only the table shows.
NOT_IN_JSON = {"delta_e_libvips", "explanation"}
DIFFERENCES = (("delta_e", 6), ("delta_e_libvips", 7))
HEADER = f"{'outcome':8}  {'code':20}  {'seconds':>7}  {'cpu':>6}  {'MB':>6}  {'dE':>6}  {'libvips':>7}  file"


def format_json(row: dict[str, Any]) -> str:
    """Return a row as an object on one line, in ASCII whatever the file's name."""
    return json.dumps({name: value for name, value in row.items() if name not in NOT_IN_JSON})


def format_line(row: dict[str, Any]) -> str:
    """Return a row as a line of the table, with the notes of a file and the explanation of a fault behind its name."""
    cells = [
        f"{row['outcome']:8}",
        f"{row['code'] or '':20}",
        f"{row['seconds']:7.2f}",
        f"{row['cpu_seconds']:6.2f}",
        f"{row['peak_mb']:6.0f}",
        *("–".rjust(width) if row[key] is None else f"{row[key]:{width}.2f}" for key, width in DIFFERENCES),
        escape_name(row["file"]),
    ]
    remarks = ", ".join(dict.fromkeys(row["notes"]))
    if row["outcome"] == FAULT and row["explanation"]:
        remarks = escape_name(row["explanation"])
    return "  ".join(cells) + (f"  ({remarks})" if remarks else "")


def escape_name(name: str) -> str:
    """Return a name on one line that every terminal can show."""
    encodable = name.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in encodable)


def format_summary(rows: Iterable[dict[str, Any]]) -> str:
    """Return how many files had each outcome, and each code."""
    rows = list(rows)
    outcomes = Counter(row["outcome"] for row in rows)
    codes = Counter((row["outcome"], row["code"]) for row in rows if row["code"])
    counts = ", ".join(f"{outcomes[outcome]} {outcome}" for outcome in (READY, REJECTED, FAULT))
    lines = [f"{len(rows)} {'file' if len(rows) == 1 else 'files'}: {counts}"]
    lines += [f"{count:8} {outcome} {code}" for (outcome, code), count in sorted(codes.items())]
    differences = sorted(row["delta_e"] for row in rows if row["delta_e"] is not None)
    if differences:
        lines.append(f"mean dE76: median {differences[len(differences) // 2]:.2f}, largest {differences[-1]:.2f}")
    return "\n".join(lines)
