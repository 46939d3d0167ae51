"""Each fault can still be planted: a plant whose text has gone from the source would prove nothing."""

import pytest

from tests.aws.__main__ import ROOT
from tests.aws.plants import Plant, read_plants


@pytest.mark.parametrize("plant", read_plants(), ids=lambda plant: f"{plant.number}-{plant.test.rsplit('::')[-1]}")
def test_the_text_of_each_edit_stands_exactly_once_in_its_file(plant: Plant) -> None:
    for edit in plant.edits:
        assert (ROOT / edit.path).read_text().count(edit.old) == 1, f"{edit.path}: {edit.old}"
        assert edit.new != edit.old


def test_every_fault_has_a_plant() -> None:
    assert {plant.number for plant in read_plants()} == set(range(1, 23))
