"""Tables for programs that open CSV files."""

# A program that opens a table takes what begins so for a formula. Source: OWASP, CSV Injection.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def escape_formula(cell: str) -> str:
    """Return the cell of a table so that no program takes it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
