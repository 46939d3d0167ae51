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
    area = find_crop_area(size, shape, point)
    assert area.left >= 0 <= area.top
    assert area.left + area.width <= size[0] * (1 + 1e-12)
    assert area.top + area.height <= size[1] * (1 + 1e-12)
    assert area.width / area.height == pytest.approx(shape[0] / shape[1])


@given(sizes, shapes, points)
def test_a_window_holds_its_point_and_is_the_largest(
    size: tuple[int, int], shape: tuple[int, int], point: Point
) -> None:
    area = find_crop_area(size, shape, point)
    assert area.left - 1e-6 <= point.x * size[0] <= area.left + area.width + 1e-6
    assert area.top - 1e-6 <= point.y * size[1] <= area.top + area.height + 1e-6
    # A larger one of this shape would leave the picture on the side that this one fills.
    assert area.width == pytest.approx(size[0]) or area.height == pytest.approx(size[1])


@given(sizes, shapes)
def test_nothing_is_enlarged(size: tuple[int, int], shape: tuple[int, int]) -> None:
    crops, area = find_crop_size(size, shape), find_crop_area(size, shape)
    assert crops[0] <= shape[0]
    assert crops[1] <= shape[1]
    assert crops == shape or crops == (max(1, round(area.width)), max(1, round(area.height)))


def test_a_point_in_the_middle_of_its_window_stays_there() -> None:
    area = find_crop_area((1600, 1200), (1, 1), Point(0.5, 0.9))
    assert (area.left, area.top, area.width, area.height) == (200, 0, 1200, 1200)


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
    named = {crops.name: (crops.width, crops.height) for crops in result.renditions}
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
        crops = process_crops(BytesIO(data), IMAGE, store=store, specs=FILLS, point=Point(0.1, 0.8))
        assert crops == whole.renditions[count_files() :]
        assert set(store.objects) == held
