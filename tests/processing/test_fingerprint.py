"""A compute_fingerprint stays with the picture whatever is done to its file, and is another picture's nowhere near."""

from collections.abc import Callable
from io import BytesIO
from itertools import combinations

import pytest
from PIL import Image, ImageEnhance

from bench.scenes import SKIES, paint_scene
from processing import list_near_bands, measure_distance, process_image, split_bands
from processing.color import MONOCHROME, name_dominant_colors
from processing.fingerprint import MAX_BITS, compute_fingerprint
from tests.pictures import encoded

SCENES = {name: paint_scene(name, 800, 600) for name in SKIES}


def look(made: Image.Image, **save: int) -> str:
    """Return the compute_fingerprint of a picture's smallest rendition."""
    small = process_image(BytesIO(encoded(made, "JPEG", **{"quality": 90, **save})))["thumbnails"][-1]
    return compute_fingerprint(Image.open(BytesIO(small.data)))


def cropped(made: Image.Image) -> Image.Image:
    across, down = made.width // 100, made.height // 100
    return made.crop((across, down, made.width - across, made.height - down))


CHANGES: dict[str, Callable[[Image.Image], str]] = {
    "compressed": lambda made: look(made, quality=60),
    "halved": lambda made: look(made.resize((made.width // 2, made.height // 2))),
    "brightened": lambda made: look(ImageEnhance.Brightness(made).enhance(1.1)),
    "cropped": lambda made: look(cropped(made)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["Harbour at dawn", "Old town by night", "Vineyard in autumn"])
def test_the_same_picture_is_near(name: str, change: str) -> None:
    assert measure_distance(look(SCENES[name]), CHANGES[change](SCENES[name])) is not None


def test_scenes_of_one_layout_are_told_apart() -> None:
    looks = [look(made) for made in SCENES.values()]
    assert [pair for pair in combinations(looks, 2) if measure_distance(*pair) is not None] == []


@pytest.mark.parametrize("plain", [Image.new("RGB", (300, 200), "orange"), Image.new("L", (1, 1))])
def test_a_plain_picture_is_like_no_other(plain: Image.Image) -> None:
    assert look(plain) == ""


def test_every_near_fingerprint_shares_a_band_with_the_probes() -> None:
    one = look(SCENES["Harbour at dawn"])
    places = range(0, 64, 3)
    for chosen in [*combinations(places, 2), *zip(*[iter(range(64))] * MAX_BITS, strict=False), tuple(range(0, 64, 8))]:
        other = f"{int(one[:16], 16) ^ sum(1 << place for place in chosen):016x}{one[16:]}"
        assert measure_distance(one, other) == len(chosen)
        assert set(split_bands(other)) & set(list_near_bands(one))


def test_colours_are_named_by_area() -> None:
    flag = Image.new("RGB", (90, 90), "blue")
    flag.paste((255, 255, 255), (0, 0, 90, 30))
    flag.paste((200, 0, 0), (0, 80, 90, 90))
    assert name_dominant_colors(flag) == ("blue", "white")
    assert name_dominant_colors(SCENES["Dunes at noon"].convert("L"))[-1] == MONOCHROME
