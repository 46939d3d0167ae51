"""The names of files: what is an ending, and under which name an original is downloaded."""

import pytest

from mediahub.library.file_names import name_original, split_file_name


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("harbour.jpg", ("harbour", ".jpg")),
        ("IMG_0001.JPG_large", ("IMG_0001", ".JPG_large")),
        ("photo.jpg (1)", ("photo (1)", ".jpg")),
        ("photo.jpg(2)", ("photo (2)", ".jpg")),
        ("photo (1).jpg", ("photo (1)", ".jpg")),
        ("Zürich.2024.06.01", ("Zürich.2024.06.01", "")),
        ("St.Ives", ("St.Ives", "")),
        ("Mr. J. Smith", ("Mr. J. Smith", "")),
        ("no ending", ("no ending", "")),
        (".jpg", (".jpg", "")),
        ("dawn / dusk.png", ("dawn _ dusk", ".png")),
    ],
)
def test_an_ending_is_what_looks_like_one(name: str, parts: tuple[str, str]) -> None:
    assert split_file_name(name) == parts


@pytest.mark.parametrize(
    ("name", "format_name", "downloaded"),
    [
        ("harbour.jpg", "JPEG", "harbour.jpg"),
        ("harbour.JPEG", "JPEG", "harbour.JPEG"),
        ("harbour.mpo", "JPEG", "harbour.jpg"),
        ("holiday.bat", "JPEG", "holiday.jpg"),
        ("holiday.JPG_large", "JPEG", "holiday.jpg"),
        ("photo.jpg (1)", "JPEG", "photo (1).jpg"),
        ("scan.jpg", "PNG", "scan.png"),
        ("Zürich.2024.06.01", "GIF", "Zürich.2024.06.01.gif"),
        ("no ending", "WEBP", "no ending.webp"),
        ("a'b\"c<b>d.html", "JPEG", "a'b\"c<b>d.jpg"),
        ("harbour.jpg", "of another version", "harbour.bin"),
    ],
)
def test_an_original_is_named_by_what_it_is(name: str, format_name: str, downloaded: str) -> None:
    assert name_original(name, format_name) == downloaded
