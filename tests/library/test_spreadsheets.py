"""Cells of tables: no program takes one for a formula."""

import pytest

from mediahub.library.spreadsheets import escape_formula

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(A1)",
    "\ufe66" + "1+1",
    "  =1+1",
    "\u3000\uff1d1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\u202e=1+1",
]


@pytest.mark.parametrize("cell", FORMULAS)
def test_what_a_program_may_take_for_a_formula_is_escaped(cell: str) -> None:
    assert escape_formula(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", " ", "Harbor", "1 + 1 = 2", "2026-01-31", "a@example.org", "Møte – ny", "漁港"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert escape_formula(cell) == cell
