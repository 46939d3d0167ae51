"""Windows: inside the picture, of the shape, around the point, and as large as can be."""

from io import BytesIO
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing import SPECS, Label, LabelAnswer, Point, RenditionSpec, find_crop_area, process, process_crops
from processing.crop import find_crop_size
from tests.doubles import MemoryStore
from tests.pictures import jpeg
from tests.specs import count_files

IMAGE = UUID(int=7)
sides = st.integers(1, 30_000)
sizes, shapes = st.tuples(sides, sides), st.tuples(st.integers(16, 4096), st.integers(16, 4096))
points = st.builds(Point, st.floats(0, 1), st.floats(0, 1))
FILLS = [*SPECS, RenditionSpec("square", 512, 512, "crop"), RenditionSpec("wide", 1024, 576, "crop")]


@given(sizes, shapes, points)
def test_a_window_lies_inside_and_has_the_aspect(size: tuple[int, int], shape: tuple[int, int], point: Point) -> None:
    found = find_crop_area(size, shape, point)
    assert found.left >= 0 <= found.top
    assert found.left + found.width <= size[0] * (1 + 1e-12)
    assert found.top + found.height <= size[1] * (1 + 1e-12)
    assert found.width / found.height == pytest.approx(shape[0] / shape[1])


@given(sizes, shapes, points)
def test_a_window_holds_its_point_and_is_the_largest(
    size: tuple[int, int], shape: tuple[int, int], point: Point
) -> None:
    found = find_crop_area(size, shape, point)
    assert found.left - 1e-6 <= point.x * size[0] <= found.left + found.width + 1e-6
    assert found.top - 1e-6 <= point.y * size[1] <= found.top + found.height + 1e-6
    # A larger one of this shape would leave the picture on the side that this one fills.
    assert found.width == pytest.approx(size[0]) or found.height == pytest.approx(size[1])


@given(sizes, shapes)
def test_nothing_is_enlarged(size: tuple[int, int], shape: tuple[int, int]) -> None:
    made, found = find_crop_size(size, shape), find_crop_area(size, shape)
    assert made[0] <= shape[0]
    assert made[1] <= shape[1]
    assert made == shape or made == (max(1, round(found.width)), max(1, round(found.height)))


def test_a_point_in_the_middle_of_its_window_stays_there() -> None:
    found = find_crop_area((1600, 1200), (1, 1), Point(0.5, 0.9))
    assert (found.left, found.top, found.width, found.height) == (200, 0, 1200, 1200)


def test_fills_are_cut_where_the_labels_say() -> None:
    def focus(answer: LabelAnswer | None) -> Point:
        assert answer
        return Point(0.25, len(answer.labels) / 2)

    class Machine:
        source = "recorded"

        def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
            return LabelAnswer((Label("Person", 99.0),), self.source, "1", {})

    result = process(
        BytesIO(jpeg(1500, 1000)), IMAGE, store=MemoryStore(), labeler=Machine(), specs=FILLS, choose_point=focus
    )
    assert result.point == Point(0.25, 0.5)
    named = {made.name: (made.width, made.height) for made in result.renditions}
    assert named == {
        "xlarge": (1500, 1000),
        "large": (1024, 683),
        "medium": (512, 341),
        "small": (256, 171),
        "square": (512, 512),
        "wide": (1024, 576),
    }
    assert len(result.renditions) == count_files(FILLS)


def test_cutting_anew_makes_the_bytes_of_the_whole_run_and_no_others() -> None:
    for data in (jpeg(1500, 1000), jpeg(900, 1600, orientation=6)):
        store = MemoryStore()
        whole = process(
            BytesIO(data), IMAGE, store=store, labeler=None, specs=FILLS, choose_point=lambda labels: Point(0.1, 0.8)
        )
        held = set(store.objects)
        made = process_crops(BytesIO(data), IMAGE, store=store, specs=FILLS, point=Point(0.1, 0.8))
        assert made == whole.renditions[count_files() :]
        assert set(store.objects) == held
