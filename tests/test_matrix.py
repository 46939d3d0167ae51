"""The table of faults in docs/reliability.md is the one that the tests make."""

import pytest

from tests import matrix


def test_the_document_shows_the_tests_that_there_are() -> None:
    assert matrix.matrix() in matrix.DOCUMENT.read_text(), "run python -m tests.matrix"


@pytest.mark.parametrize("row", [*matrix.PROMISES, *matrix.EVENTS, *matrix.SERVICES, *matrix.DEPLOYMENT])
def test_no_fault_is_without_a_test(row: str) -> None:
    assert matrix.tests()[row]
