"""The comparison with other products: the plan, the files that are sent, the ratios, and what is read of renditions."""

import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bench.products.__main__ import main
from bench.products.photographs import find_photographs, number_photograph, read_photograph
from bench.products.plan import plan_turns
from bench.products.product import Product, ProductFailed
from bench.products.quality import average_similarity, measure_similarity
from bench.products.ratios import Ratio, compare_blocks
from bench.products.report import build_rows, build_similarity_row, build_survival_rows, format_ratio, format_table
from bench.products.signed_photograph import ARTIST, Survival, inspect_rendition, make_signed_photograph
from bench.products.site import answer_command, read_local_aws_seconds
from tests.bench.silent_product import SilentSite
from tests.pictures import encoded, picture


def test_each_block_has_a_turn_of_every_product_and_another_begins() -> None:
    turns = plan_turns(["a", "b", "c"], 60, 25)
    assert [turn.product for turn in turns] == ["a", "b", "c", "b", "c", "a", "c", "a", "b"]
    assert [turn.block for turn in turns] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for product in "abc":
        numbers = [number for turn in turns if turn.product == product for number in turn.numbers]
        assert numbers == list(range(60))


def test_photographs_are_sent_again_with_other_bytes_and_the_same_pixels(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.jpeg"):
        (tmp_path / name).write_bytes(encoded(picture(64, 48), "JPEG"))
    (tmp_path / "README.md").write_text("no picture")
    photos = find_photographs(tmp_path)
    assert [photo.name for photo in photos] == ["a.jpeg", "b.JPG"]
    files = [read_photograph(photos, number) for number in range(4)]
    assert [name for name, _ in files] == ["a_0000.jpg", "b_0001.jpg", "a_0002.jpg", "b_0003.jpg"]
    assert len({data for _, data in files}) == 4
    assert len({Image.open(BytesIO(data)).tobytes() for _, data in files}) == 1


def test_a_number_leaves_the_metadata_of_a_photograph_as_it_is() -> None:
    signed = make_signed_photograph()
    assert inspect_rendition(number_photograph(signed, 7)) == inspect_rendition(signed)
    with pytest.raises(ValueError, match="JPEG"):
        number_photograph(encoded(picture(8, 8), "PNG"), 7)


def test_ratios_are_of_the_same_block() -> None:
    assert compare_blocks([4, 9, 8], [2, 3, 2]) == Ratio(3, 2, 4)
    assert str(Ratio(3, 2, 4.126)) == "3.00 (2.00 to 4.13)"
    with pytest.raises(ValueError, match="longer"):
        compare_blocks([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="no block"):
        compare_blocks([], [])
    blocks = [[1.0, 1.0], [2.0]]
    assert format_ratio(blocks, blocks) == "1"
    assert format_ratio([[4.0], [4.0]], blocks) == "2.00 (2.00 to 2.00)"


def test_the_signed_photograph_lies_on_its_side_and_names_its_author_and_its_place() -> None:
    signed = make_signed_photograph()
    assert Image.open(BytesIO(signed)).size == (1200, 1600)
    assert inspect_rendition(signed) == Survival(("EXIF", "IPTC", "XMP"), is_upright=True, has_place=True)


def test_what_a_rendition_lost_is_noticed() -> None:
    sideways = Image.open(BytesIO(make_signed_photograph()))
    out = BytesIO()
    sideways.save(out, "JPEG", exif=b"")
    assert inspect_rendition(out.getvalue()) == Survival((), is_upright=False)
    exif = Image.Exif()
    exif[ARTIST] = "Exif Lindqvist"
    out = BytesIO()
    sideways.transpose(Image.Transpose.ROTATE_270).save(out, "JPEG", exif=exif.tobytes())
    assert inspect_rendition(out.getvalue()) == Survival(("EXIF",), is_upright=True)


def test_a_survival_is_what_all_renditions_have() -> None:
    some = [Survival(("EXIF", "XMP"), is_upright=True), Survival(("XMP",), is_upright=False, has_place=True)]
    rows = build_survival_rows([some, [Survival((), is_upright=True)]], [True, False])
    assert [row[1:] for row in rows] == [["yes", "no"], ["XMP", "no"], ["no", "yes"], ["yes", "no"]]


def test_similarity_is_of_the_upright_photograph_by_the_longer_edge() -> None:
    signed = make_signed_photograph()
    upright = Image.open(BytesIO(signed)).transpose(Image.Transpose.ROTATE_270)
    small, wrong = upright.resize((256, 192), Image.Resampling.LANCZOS), Image.new("RGB", (512, 384))
    similarity = measure_similarity(signed, [encoded(small, "PNG"), encoded(wrong, "PNG")])
    assert similarity[256] == pytest.approx(1)
    assert similarity[512] < 0.9
    assert average_similarity([{256: 0.5, 512: 1}, {256: 0.7}]) == {512: 1, 256: pytest.approx(0.6)}
    assert build_similarity_row([{512: 1, 256: 0.6}]) == ["SSIM at 512 / 256 px", "1.000 / 0.600"]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Return a photograph in a folder of its own."""
    path = tmp_path / "photos" / "scene.jpg"
    path.parent.mkdir()
    path.write_bytes(encoded(picture(64, 48), "JPEG"))
    return path


def test_a_site_answers_what_it_is_told(tmp_path: Path, photo: Path) -> None:
    added = answer_command(SilentSite(), {"add": [0, 1], "photos": [str(photo)]})["added"]
    numbered = len(number_photograph(photo.read_bytes(), 0))
    assert [(each["files"], each["bytes"]) for each in added] == [(2, 2 * numbered)] * 2
    library = answer_command(SilentSite(), {"library": True})
    assert (library["shown"], library["html"]) == (1, 300)
    assert library["compressed"] < 100
    assert answer_command(SilentSite(), {"memory": True})["peak"] > 1
    with pytest.raises(ValueError, match="no command"):
        answer_command(SilentSite(), {"dance": True})


@pytest.mark.parametrize("name", ["guarded_emulator.py", "decoder"])
def test_the_local_aws_is_counted_apart_from_other_children(name: str) -> None:
    busy = "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True)\ninput()"
    command = [sys.executable, "-c", busy, name]
    # That of other tests may run beside this one.
    before = read_local_aws_seconds()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        assert (read_local_aws_seconds() - before >= 0.1) == (name != "decoder")
        child.communicate(b"\n")


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """Return a product that does nothing, started."""
    product = Product("Silence", "MIT", "tests.bench.silent_product", arguments=("quietly",))
    try:
        product.start(tmp_path / "silence")
        yield product
    finally:
        product.stop()


def test_a_product_runs_in_a_process_and_is_asked(product: Product, photo: Path) -> None:
    assert product.versions == {"Silence": "quietly"}
    assert product.resident > 1
    assert product.take_in(photo) == ([b"rendition"], "Ada Lund")
    product.add_photographs(range(3), [photo])
    product.add_photographs(range(3, 5), [photo])
    assert [len(block) for block in product.cpu] == [len(block) for block in product.wall] == [3, 2]
    assert len(product.sizes) == 5
    assert product.files == {2}
    product.stop()
    assert (product.folder / "log.txt").read_text().endswith("ended\n")


def test_a_product_that_fails_shows_the_end_of_its_log(product: Product, photo: Path) -> None:
    broken = photo.with_name("broken.jpg")
    broken.write_bytes(photo.read_bytes())
    for _ in range(2):
        with pytest.raises(ProductFailed, match=r"Silence ended before its time(.|\n)*No room for broken_0000\.jpg"):
            product.add_photographs(range(1), [broken])


def test_the_table_has_a_column_for_each_product(product: Product, photo: Path) -> None:
    product.add_photographs(range(4), [photo])
    figures = product.ask(memory=True), product.ask(library=True)
    rows = build_rows([product, product], [figures[1]] * 2, [figures[0]] * 2)
    lines = format_table(["", "Silence", "Silence"], rows).splitlines()
    assert lines[:2] == ["|  | Silence | Silence |", "| --- | ---: | ---: |"]
    assert "| renditions a photograph | 2 | 2 |" in lines
    assert "| times the first column, by block | 1 | 1 |" in lines
    assert "| HTML of that page, kB | 0.3 | 0.3 |" in lines


@pytest.mark.parametrize("arguments", [[], ["missing"], ["photos", "0"], ["photos", "many"]])
def test_arguments_that_make_no_sense_are_refused(
    photo: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(photo.parent.parent)
    assert main(arguments) == 2
    assert "Name a folder" in capsys.readouterr().err
