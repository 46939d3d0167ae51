"""The table of formats is what decoding, tickets, the browser, zip files, texts and documents go by."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from PIL import Image, features

from mediahub.desk.upload.page_config import build_form_config
from mediahub.desk.upload.texts import build_upload_texts
from mediahub.jobs import downloads
from mediahub.library.models import Image as ImageRecord
from mediahub.local import demo
from mediahub.uploads import tickets
from processing import Rejected, RenditionSpec, formats, process_image
from processing.formats import FORMATS, Format
from tests.pictures import encoded, picture

ROOT = Path(__file__).resolve().parents[1]
AVIF = Format(
    name="AVIF",
    label="AVIF",
    content_types=("image/avif",),
    suffixes=("avif",),
    magic=re.compile(rb"....ftypavif", re.DOTALL),
    is_input=True,
    is_output=True,
    plugins=("PIL.AvifImagePlugin",),
    codecs=("_avif*", "libavif*"),
    quality=65,
)
MOST = 1_000_000
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")


@pytest.fixture
def with_avif(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMATS", (*[each for each in FORMATS if each.name != "AVIF"], AVIF))


def format_parts(table: tuple[Format, ...]) -> Iterator[tuple[str, str]]:
    for each in table:
        yield from (("name", name) for name in (each.name, *each.variants))
        yield from (("content type", content_type) for content_type in each.content_types)
        yield from (("suffix", suffix) for suffix in each.suffixes)


def test_no_two_formats_share_a_name_a_type_or_a_suffix() -> None:
    parts = list(format_parts(FORMATS))
    assert len(parts) == len(set(parts))


@pytest.mark.parametrize("each", [*FORMATS], ids=lambda each: each.name)
def test_each_row_says_of_its_files_what_pillow_says(each: Format) -> None:
    data = encoded(picture(90, 60), each.name)
    assert each.magic.match(data)
    assert bool(formats.identify_unsupported(data)) != each.is_input
    opened = Image.open(BytesIO(data))
    assert (opened.format, opened.get_format_mimetype()) == (each.name, each.content_type)
    assert all(Image.registered_extensions()[f".{suffix}"] == each.name for suffix in each.suffixes)
    if each.is_input:
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


@needs_avif
@pytest.mark.usefixtures("with_avif")
def test_a_format_that_is_added_is_decoded_rendered_and_named() -> None:
    data = encoded(picture(90, 60), "AVIF")
    made = process_image(BytesIO(data), specs=[RenditionSpec("small", 60, 60, formats=("AVIF",))])
    assert (made["metadata"].format, made["metadata"].content_type) == ("AVIF", "image/avif")
    assert (made["thumbnails"][0].content_type, made["thumbnails"][0].suffix) == ("image/avif", "avif")
    with pytest.raises(Rejected) as broken:
        process_image(BytesIO(data[:40]))
    assert broken.value.code == "broken"
    with pytest.raises(Rejected, match=r": JPEG, PNG, GIF, WebP, AVIF\.$"):
        process_image(BytesIO(b"%PDF-1.7"))


@needs_avif
def test_a_format_that_is_not_in_the_table_is_refused_by_its_name() -> None:
    with pytest.raises(Rejected, match="an AVIF file") as refused:
        process_image(BytesIO(encoded(picture(90, 60), "AVIF")))
    assert refused.value.params == {"kind": "avif", "formats": "JPEG, PNG, GIF, WebP"}


@pytest.mark.django_db
def test_a_format_that_is_added_gets_tickets(editor: User, with_avif: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tickets._check_file(editor, "harbor.avif", "image/avif", 10)
    monkeypatch.undo()
    with pytest.raises(tickets.TicketRefused, match=r"harbor\.avif is not an image.*: JPEG, PNG, GIF, WebP\."):
        tickets._check_file(editor, "harbor.avif", "image/avif", 10)


@pytest.mark.django_db
@pytest.mark.usefixtures("with_avif")
def test_a_format_that_is_added_is_offered_by_the_browser(editor: User) -> None:
    config = build_form_config(editor)
    assert config["types"] == ["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"]
    words = json.dumps(build_upload_texts(MOST))
    assert words.count("JPEG, PNG, GIF, WebP, AVIF") == 2
    fields = {"accept": ",".join(config["types"]), "formats": formats.describe_inputs()}
    page = render_to_string("desk/upload/_single_file.html", {"ticket": {"url": "/", "fields": {}}, **fields})
    assert "image/webp,image/avif" in page
    assert "JPEG, PNG, GIF, WebP, AVIF" in page


@pytest.mark.usefixtures("with_avif")
def test_a_format_that_is_added_has_its_suffix_in_zips_and_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_store() -> Any:
        return type("Store", (), {"get": lambda *_args: BytesIO()})

    monkeypatch.setattr("mediahub.aws.clients.get_upload_store", get_store)
    monkeypatch.setattr(downloads, "get_current_file", lambda image: type("File", (), {"key": "k", "version_id": ""}))
    _file, suffix = downloads._open_file(ImageRecord(format="AVIF"), "original")
    assert suffix == "avif"
    assert demo._is_picture(Path("harbor.AVIF"))


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
    # The example of a docstring.
    assert stated == {"formats.py"}


@pytest.mark.parametrize("document", ["README.md", "docs/features.md"])
def test_the_documents_name_every_input(document: str) -> None:
    [labels] = re.findall(r"\[([^]]+)\]\((?:docs/)?formats\.md\)", (ROOT / document).read_text())
    assert re.split(r",? and |, ", labels) == [each.label for each in formats.list_inputs()]


def test_a_variant_is_the_format_it_is_a_variant_of() -> None:
    assert formats.find_format("MPO") == formats.find_format("JPEG")
    assert formats.find_format(None) is None
