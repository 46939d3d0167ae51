"""The credit inside a file: read back by others, nothing else beside it, and no pixel touched."""

from datetime import date, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from processing.metadata.write import CreditFields, choose_creators, embed
from processing.metadata.write.credit_fields import MAX_TEXT
from tests.metadata_readers import (
    EXIV2_FORMATS,
    expect,
    list_other_metadata,
    needs_exiftool,
    pick_from_exiftool,
    read_with_exiv2,
    read_with_pillow,
    run_exiftool,
)
from tests.pictures import encoded
from tests.private_files import PACKET, SIGNS, build_original, decode, list_private_things

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
CREDIT = CreditFields(
    title="Łódź – harbor 🌊",
    alt_text='A "boat" <b> & ]]> sea',
    creators=("Jürgen Müller-Łęcki", "Ada Lund"),
    credit_line="Jürgen Müller-Łęcki / Agência",
    copyright="© 2026 Agência Fotográfica",
    license="CC BY 4.0",
    license_url="https://creativecommons.org/licenses/by/4.0/",
    taken_at=datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    digital_source_type="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
    data_mining="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED",
)
EMPTY = CreditFields()
CREDITS = (
    CREDIT,
    EMPTY,
    CreditFields(title="Only a title"),
    CreditFields(taken_at=datetime(1899, 12, 31, 23, 59, 59)),
    CreditFields(taken_at=date(2024, 5, 6), license_url="https://creativecommons.org/publicdomain/zero/1.0/"),
    CreditFields(creators=("محمد علي", "山田太郎"), credit_line="نبيل 👩\u200d👩\u200d👧 ‎(left)‎", copyright="©"),
)
MODES = {"JPEG": ("RGB", "L"), "PNG": ("RGB", "RGBA", "L", "P"), "WEBP": ("RGB", "RGBA"), "AVIF": ("RGB", "RGBA")}


SMALL = {name: encoded(Image.effect_noise((20, 30), 90).convert("RGB"), name) for name in FORMATS}


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a format and a file of it: of any mode and size, with or without a profile and metadata of its own."""
    name = draw(st.sampled_from(FORMATS))
    mode = draw(st.sampled_from(MODES[name]))
    scene = Image.effect_noise((draw(st.integers(1, 40)), draw(st.integers(1, 40))), 90).convert(mode)
    if mode == "RGBA":
        scene.putalpha(Image.effect_noise(scene.size, 50))
    options: dict[str, Any] = {"speed": 10} if name == "AVIF" else {}
    if mode not in ("L", "P") and draw(st.booleans()):
        options["icc_profile"] = ICC
    if draw(st.booleans()):
        options |= {"exif": build_exif(), "xmp": PACKET.encode(), "comment": SIGNS["comment of the file"]}
    if draw(st.booleans()):
        options |= {"progressive": True, "lossless": True, "interlaced": True}
    return name, encoded(scene, name, **options)


def build_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0131] = SIGNS["name of the program"].decode()
    exif.get_ifd(0x8825)[1] = "N"
    return exif.tobytes()


@settings(max_examples=50)
@given(files(), st.sampled_from(CREDITS), st.sampled_from(CREDITS))
def test_a_file_has_the_last_credit_alone_and_its_own_pixels(
    file: tuple[str, bytes], first: CreditFields, last: CreditFields
) -> None:
    name, data = file
    credited = embed(data, name, first)
    again = embed(credited, name, last)
    assert again == embed(data, name, last)
    assert embed(again, name, last) == again
    assert decode(credited) == decode(data)
    assert read_with_pillow(credited) == expect(first)
    assert list_private_things(credited) == []
    with Image.open(BytesIO(data)) as before, Image.open(BytesIO(credited)) as after:
        assert after.info.get("icc_profile") == before.info.get("icc_profile")
        assert "comment" not in after.info


texts = st.text(st.characters(codec="utf-16", exclude_categories=()), max_size=80) | st.sampled_from(
    [
        "]]>",
        "<!ENTITY x>",
        "&amp;&#x0;",
        "\0\x1b[31m",
        "x" * 10_000,
        "🌊" * 10_000,
        "&" * 10_000,
        "\u202egpj.exe",
        "a\u200fb",
    ]
)


@settings(max_examples=50)
@given(st.sampled_from(FORMATS), st.builds(CreditFields, *[texts] * 2, st.lists(texts, max_size=30), *[texts] * 4))
def test_texts_of_any_kind_come_back_as_they_were_cleaned(name: str, credit: CreditFields) -> None:
    data = embed(SMALL[name], name, credit)
    assert read_with_pillow(data) == expect(credit)
    assert decode(data) == decode(SMALL[name])
    if name in EXIV2_FORMATS and credit != EMPTY:
        assert read_with_exiv2(data).keys() == expect(credit).keys()


@pytest.mark.parametrize("name", FORMATS)
def test_the_longest_texts_of_any_script_fit_into_every_format(name: str) -> None:
    names = ("title", "alt_text", "credit_line", "copyright", "license", "license_url", "data_mining")
    values: dict[str, Any] = dict.fromkeys(names, "&" * MAX_TEXT)
    longest = CreditFields(creators=tuple("🌊" * n for n in range(181, 201)), **values)
    assert len(longest.creators) == 20
    assert read_with_pillow(embed(SMALL[name], name, longest)) == expect(longest)


@pytest.mark.parametrize("name", EXIV2_FORMATS)
@pytest.mark.parametrize("credit", CREDITS)
def test_exiv2_reads_every_field(name: str, credit: CreditFields) -> None:
    assert read_with_exiv2(embed(SMALL[name], name, credit)) == expect(credit)


@needs_exiftool
def test_exiftool_reads_every_field_and_finds_nothing_else(tmp_path: Path) -> None:
    pairs = [(name, credit) for name in FORMATS for credit in CREDITS]
    originals = {name: build_original(name, 300, 200) for name in EXIV2_FORMATS}
    data = [embed(originals.get(name, SMALL[name]), name, credit) for name, credit in pairs]
    for (_name, credit), tags in zip(pairs, run_exiftool(tmp_path, data), strict=True):
        assert pick_from_exiftool(tags) == expect(credit)
        assert not list_other_metadata(tags)
        assert "ExifTool:Error" not in tags
        assert "ExifTool:Warning" not in tags


@pytest.mark.parametrize("name", EXIV2_FORMATS)
def test_s3_nothing_private_of_an_original_is_left(name: str) -> None:
    original = build_original(name, 300, 200)
    assert set(SIGNS) - set(list_private_things(original)) <= {"comment of the file"}
    assert list_private_things(embed(original, name, CREDIT)) == []


def test_b4_b20_a_second_picture_and_what_trails_a_jpeg_do_not_leave() -> None:
    data = SMALL["JPEG"] + b"trailing" + build_original()
    assert embed(data, "JPEG", EMPTY) == embed(SMALL["JPEG"], "JPEG", EMPTY)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_is_cut_off_is_told_and_not_written(name: str) -> None:
    cut_off(name, each=7)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_is_cut_off_at_any_byte_is_told_and_not_written(name: str) -> None:
    cut_off(name, each=1)


def cut_off(name: str, each: int) -> None:
    data = embed(SMALL[name], name, CREDIT)
    for end in range(0, len(data), each):
        try:
            assert embed(data[:end], name, CREDIT) == data
        except ValueError:
            continue


def test_a_format_that_no_rendition_has_is_told() -> None:
    with pytest.raises(ValueError, match="GIF"):
        embed(b"GIF89a", "GIF", CREDIT)


def test_an_animation_keeps_its_frames() -> None:
    frames = [Image.effect_noise((20, 20), n).convert("RGB") for n in (10, 90)]
    for name in ("WEBP", "PNG"):
        data = encoded(frames[0], name, save_all=True, append_images=frames[1:], duration=50)
        with Image.open(BytesIO(embed(data, name, CREDIT))) as after, Image.open(BytesIO(data)) as before:
            assert getattr(after, "n_frames", 1) == getattr(before, "n_frames", 1) == 2
            after.seek(1)
            before.seek(1)
            assert after.tobytes() == before.tobytes()


def test_the_digest_changes_with_each_field() -> None:
    digests = {credit.digest for credit in CREDITS}
    assert len(digests) == len(CREDITS)
    assert CreditFields(creators=("a", "b")).digest != CreditFields(creators=("a b",)).digest
    assert CreditFields(title="\0 a ").digest == CreditFields(title="a").digest


@pytest.mark.parametrize(
    ("creators", "credit", "chosen"),
    [
        (["Ada Lund"], "Ada Lund / Agency", ("Ada Lund",)),
        (["Ada Lund", "Bo Berg"], "ada lund", ("Ada Lund",)),
        (["Ada Lund"], "Bo Berg", ("Bo Berg",)),
        (["Ada Lund"], "", ()),
        ([], "", ()),
    ],
)
def test_the_creators_are_those_whom_the_credit_names(
    creators: list[str], credit: str, chosen: tuple[str, ...]
) -> None:
    assert choose_creators(creators, credit) == chosen


@pytest.mark.parametrize(
    ("fields", "is_marked"),
    [
        ({}, None),
        ({"copyright": "© Ada"}, True),
        ({"license": "CC BY 4.0"}, True),
        ({"license_url": "https://creativecommons.org/publicdomain/zero/1.0/", "license": "CC0"}, False),
    ],
)
def test_rights_are_marked_unless_the_picture_is_in_the_public_domain(
    fields: dict[str, str], is_marked: bool | None
) -> None:
    assert CreditFields(**fields).is_marked is is_marked  # type: ignore[arg-type]
