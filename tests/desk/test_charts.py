"""Charts: axes that can be read, marks that say what they stand for, and a table with the same values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediahub.desk.dashboard.charts import Chart, Series, round_up


def chart(*series: Series, **options: object) -> Chart:
    return Chart("n", "Title", "About", ["Mon", "Tue"], series, lambda value: f"{value}", **options)  # type: ignore[arg-type]


@given(st.floats(min_value=0.001, max_value=1e12))
def test_the_axis_ends_at_a_round_value_that_is_not_far_away(most: float) -> None:
    top = round_up(most)
    assert most <= top * (1 + 1e-6)
    assert top <= most * 2.0001


@pytest.mark.parametrize(("most", "top"), [(0, 1), (1, 1), (3, 4), (7, 8), (9, 10), (11, 20), (0.03, 0.04)])
def test_the_axis_ends_where_people_count_to(most: float, top: float) -> None:
    assert round_up(most) == top


def test_columns_are_stacked_and_say_what_they_stand_for() -> None:
    marks = chart(Series("good", "good", [3, 0]), Series("bad", "bad", [1, 2])).marks
    assert [(mark.y, mark.height) for mark in marks] == [(25, 75), (0, 25), (50, 50)]
    assert [mark.says for mark in marks] == ["Mon: good, 3", "Mon: bad, 1", "Tue: bad, 2"]


def test_columns_that_lie_over_each_other_stand_on_one_ground() -> None:
    marks = chart(Series("most", "quiet", [4, None]), Series("half", "busy", [1, None]), over=True).marks
    assert [(mark.y, mark.height) for mark in marks] == [(0, 100), (75, 25)]


def test_rows_lie_one_after_the_other_with_their_values() -> None:
    [(label, link, marks, values), (_tue, none, nothing, _zero)] = chart(
        Series("good", "good", [1, 0]), Series("bad", "bad", [1, 0]), form="rows", links=["/there/"]
    ).rows
    assert (label, link, values) == ("Mon", "/there/", ["1", "1"])
    assert [(mark.x, mark.width) for mark in marks] == [(0, 50), (50, 50)]
    assert (none, nothing) == ("", [])


def test_a_chart_of_nothing_says_so() -> None:
    assert chart(Series("good", "good", [0, None])).empty
    assert Chart("n", "T", "A", [], [], str, form="rows").empty
