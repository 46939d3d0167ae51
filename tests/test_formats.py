"""The table of formats is what decoding, tickets, the browser, zip files, texts and documents go by."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from PIL import Image
from PIL.ImageFile import ImageFile

from bench.heic import encode_heic
from mediahub.desk.upload.page_config import build_form_config
from mediahub.desk.upload.texts import build_upload_texts
from mediahub.jobs import downloads
from mediahub.library.models import Image as ImageRecord
from mediahub.local import demo
from mediahub.uploads import tickets
from processing import Limits, Rejected, RenditionSpec, formats, process_image
from processing.decode import open_picture
from processing.formats import FORMATS, Format
from processing.metadata import write
from tests.pictures import encoded, picture

ROOT = Path(__file__).resolve().parents[1]
NEW = Format(
    name="JPEG2000",
    label="JPEG 2000",
    content_types=("image/jp2",),
    suffixes=("jp2",),
    magic=re.compile(rb"\0\0\0\x0cjP  "),
    is_input=True,
    is_output=True,
    plugins=("PIL.Jpeg2KImagePlugin",),
    codecs=("libopenjp2*",),
)
MOST = 1_000_000
LABELS = "JPEG, PNG, GIF, WebP, AVIF, HEIC, TIFF"


@pytest.fixture
def with_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMATS", (*FORMATS, NEW))
    monkeypatch.setattr(write, "_WRITERS", {**write._WRITERS, NEW.name: lambda data, _exif, _xmp: data})


def format_parts(table: tuple[Format, ...]) -> Iterator[tuple[str, str]]:
    for each in table:
        yield from [("name", each.name)]
        yield from (("content type", content_type) for content_type in each.content_types)
        yield from (("suffix", suffix) for suffix in each.suffixes)


def test_no_two_formats_share_a_name_a_type_or_a_suffix() -> None:
    parts = list(format_parts((*FORMATS, NEW)))
    assert len(parts) == len(set(parts))


@pytest.mark.parametrize("each", [*FORMATS], ids=lambda each: each.name)
def test_each_row_says_of_its_files_what_pillow_says(each: Format) -> None:
    data = encode_heic(picture(96, 64)) if each.name == "HEIF" else encoded(picture(90, 60), each.name)
    assert formats.identify_input(data) is each
    opened = open_picture(BytesIO(data), Limits())
    assert isinstance(opened, ImageFile)
    assert (opened.format, opened.get_format_mimetype()) == (each.name, each.content_type)
    if each.name != "HEIF":
        assert all(Image.registered_extensions()[f".{suffix}"] == each.name for suffix in each.suffixes)
    assert process_image(BytesIO(data))["metadata"].content_type == each.content_type


@pytest.mark.parametrize("each", [each for each in FORMATS if each.is_output], ids=lambda each: each.name)
def test_a_rendition_is_of_the_format_of_its_spec(each: Format) -> None:
    spec = RenditionSpec("small", 60, 60, formats=(each.name,))
    [rendered] = process_image(BytesIO(encoded(picture(90, 60), "PNG")), specs=[spec])["thumbnails"]
    assert (rendered.content_type, rendered.suffix) == (each.content_type, each.suffix)
    assert Image.open(BytesIO(rendered.data)).format == each.name


@pytest.mark.parametrize("name", ["GIF", "TIFF", "jpeg", ""])
def test_a_rendition_has_no_format_that_does_not_go_out(name: str) -> None:
    with pytest.raises(ValueError, match="Renditions cannot be"):
        RenditionSpec("small", 60, 60, formats=(name,))


@pytest.mark.usefixtures("with_new")
def test_a_format_that_is_added_is_decoded_rendered_and_named() -> None:
    data = encoded(picture(90, 60), "JPEG2000")
    result = process_image(BytesIO(data), specs=[RenditionSpec("small", 60, 60, formats=("JPEG2000",))])
    assert (result["metadata"].format, result["metadata"].content_type) == ("JPEG2000", "image/jp2")
    assert (result["thumbnails"][0].content_type, result["thumbnails"][0].suffix) == ("image/jp2", "jp2")
    with pytest.raises(Rejected) as broken:
        process_image(BytesIO(data[:40]))
    assert broken.value.code == "unreadable"
    with pytest.raises(Rejected, match=rf": {LABELS}, JPEG 2000\.$"):
        process_image(BytesIO(b"%PDF-1.7"))


def test_a_format_that_is_not_in_the_table_is_refused_by_its_name() -> None:
    with pytest.raises(Rejected, match="a JPEG 2000 file") as refused:
        process_image(BytesIO(encoded(picture(90, 60), "JPEG2000")))
    assert refused.value.params == {"kind": "jpeg_2000", "advice": "export", "formats": LABELS}


@pytest.mark.django_db
def test_a_format_that_is_added_gets_tickets(editor: User, with_new: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tickets._check_file(editor, "harbor.jp2", "image/jp2", 10)
    monkeypatch.undo()
    with pytest.raises(tickets.TicketRefused, match=r"harbor\.jp2 is not an image.*: " + LABELS):
        tickets._check_file(editor, "harbor.jp2", "image/jp2", 10)


@pytest.mark.django_db
@pytest.mark.usefixtures("with_new")
def test_a_format_that_is_added_is_offered_by_the_browser(editor: User) -> None:
    config = build_form_config(editor)
    assert [each["type"] for each in config["kinds"]["inputs"]][-1] == "image/jp2"
    assert f"{LABELS}, JPEG 2000" in build_upload_texts(MOST)["note"]
    assert f"{LABELS}, JPEG 2000" in config["kinds"]["unknown"]
    fields = {"formats": formats.describe_inputs()}
    page = render_to_string("desk/upload/_single_file.html", {"ticket": {"url": "/", "fields": {}}, **fields})
    assert f"{LABELS}, JPEG 2000" in page


@pytest.mark.usefixtures("with_new")
def test_a_format_that_is_added_has_its_suffix_in_zips_and_on_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def get_store() -> Any:
        return type("Store", (), {"get": lambda *_args: BytesIO()})

    monkeypatch.setattr("mediahub.aws.clients.get_upload_store", get_store)
    monkeypatch.setattr(downloads, "get_current_file", lambda image: type("File", (), {"key": "k", "version_id": ""}))
    _file, suffix = downloads._open_file(ImageRecord(format="JPEG2000"), "original")
    assert suffix == "jp2"
    (tmp_path / "harbor.JP2").write_bytes(b"not a picture")
    assert demo.find_files([tmp_path]) == [tmp_path / "harbor.JP2"]


def test_credit_can_be_written_into_each_format_that_goes_out() -> None:
    assert set(write._WRITERS) == {each.name for each in FORMATS if each.is_output}


def test_no_other_place_states_the_formats() -> None:
    """A list of two or more formats outside the table would be forgotten when one is added."""
    listed = re.compile(r"(jpe?g|image/jpeg)\W{1,12}(or )?(image/)?(png|gif|webp)", re.IGNORECASE)
    sources = [
        path
        for folder in ("processing", "mediahub", "templates")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".html", ".js") and not {"node_modules", "static", "migrations"} & set(path.parts)
    ]
    stated = {path.name for path in sources if listed.search(path.read_text())}
    # The example of a docstring, and who writes credit into each format that goes out.
    assert stated == {"formats.py", "__init__.py"}


@pytest.mark.parametrize("document", ["README.md", "docs/features.md"])
def test_the_documents_name_every_input(document: str) -> None:
    [labels] = re.findall(r"\[([^]]+)\]\((?:docs/)?formats\.md\)", (ROOT / document).read_text())
    assert re.split(r",? and |, ", labels) == [each.label for each in formats.list_inputs()]
