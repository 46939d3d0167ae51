"""The table of faults in docs/reliability.md is the one that the tests make."""

import pytest

from tests import matrix


def test_the_document_shows_the_tests_that_there_are() -> None:
    assert matrix.matrix() in matrix.DOCUMENT.read_text(), "run python -m tests.matrix"


TABLES = (
    matrix.PROMISES,
    matrix.SECURITY,
    matrix.EVENTS,
    matrix.INPUTS,
    matrix.SERVICES,
    matrix.WEB,
    matrix.DEPLOYMENT,
)


@pytest.mark.parametrize("row", [row for table in TABLES for row in table])
def test_no_fault_is_without_a_test(row: str) -> None:
    assert matrix.tests()[row]
