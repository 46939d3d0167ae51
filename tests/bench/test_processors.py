"""`python -m bench.processors`: the same files from each processor, how alike they are, and what is said of bounds."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from bench import processors
from bench.processors import CROPS, EDGES, OURS, PLAIN, SHARP, Child, Measurements, start_child
from bench.similarity import compute_ssim, measure_similarity
from tests.pictures import jpeg, picture


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "photo.jpg"
    path.write_bytes(jpeg(1600, 1200, orientation=6))
    return path


@pytest.fixture(params=[OURS, PLAIN])
def child(request: pytest.FixtureRequest) -> Iterator[Child]:
    with start_child([sys.executable, "-m", "bench.arms", request.param]) as child:
        yield child


def test_a_processor_writes_one_file_for_each_size_and_answers_again(child: Child, photo: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert child.render(photo, out=tmp_path) > 0
    assert {path.name for path in tmp_path.iterdir()} == {f"{edge}.jpg" for edge in EDGES}
    for edge in EDGES:
        with Image.open(tmp_path / f"{edge}.jpg") as file:
            assert max(file.size) == edge
    assert child.read_peak() > child.idle_peak > 10


def test_ours_makes_the_crops_too(photo: Path, tmp_path: Path) -> None:
    with start_child([sys.executable, "-m", "bench.arms", OURS]) as child:
        child.render(photo, CROPS, tmp_path)
    for name, shape in CROPS.items():
        with Image.open(tmp_path / f"{name}.jpg") as file:
            assert file.size == shape


def test_a_processor_that_ends_is_told_from_one_that_answers() -> None:
    with pytest.raises(RuntimeError, match="ended before it answered"), start_child([sys.executable, "-c", ""]):
        pass


def test_a_file_is_as_similar_to_its_photograph_as_its_pixels_are(photo: Path, tmp_path: Path) -> None:
    upright = picture(1600, 1200).resize((400, 300), Image.Resampling.LANCZOS)
    upright.save(tmp_path / "sharp.png")
    upright.filter(ImageFilter.GaussianBlur(3)).save(tmp_path / "blurred.png")
    sharp, blurred = (measure_similarity(photo, tmp_path / f"{name}.png") for name in ("sharp", "blurred"))
    assert sharp > 0.98 > blurred
    assert compute_ssim(upright, upright) == pytest.approx(1)


def test_photographs_of_phones_are_told_by_size_and_shape(tmp_path: Path) -> None:
    for name, size, expected in (("phone", (3024, 4032), True), ("camera", (4288, 2848), False)):
        path = tmp_path / f"{name}.jpg"
        Image.new("L", size).save(path)
        assert Measurements(path, {}, {}).is_from_phone is expected


@pytest.mark.parametrize(
    ("sharp_ms", "plain_mb", "ours_ssim", "holds"),
    [(110.0, 100.0, 0.97, True), (70.0, 100.0, 0.97, False), (110.0, 50.0, 0.97, False), (110.0, 100.0, 0.96, False)],
)
def test_a_bound_that_does_not_hold_is_said(
    photo: Path, sharp_ms: float, plain_mb: float, ours_ssim: float, *, holds: bool
) -> None:
    times = {OURS: 100.0, PLAIN: 600.0, SHARP: sharp_ms}
    similarities = {OURS: dict.fromkeys(EDGES, ours_ssim), SHARP: dict.fromkeys(EDGES, 0.97)}
    row = Measurements(photo, times, times, {OURS: 30.0, PLAIN: plain_mb, SHARP: 40.0}, similarities)
    assert all(list(processors._judge([row], [PLAIN, SHARP]))) is holds


def test_a_folder_without_photographs_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert processors.main([str(tmp_path)]) == 2
    assert "Name a folder of JPEG photographs" in capsys.readouterr().err
