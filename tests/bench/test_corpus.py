"""`python -m bench.corpus`: the command as it is typed, on files made here."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bench.corpus import difference, privacy, reference, report
from bench.corpus.children import ChildLimits, run_in_child, run_in_lanes
from processing.color import convert_to_lab
from tests.pictures import encoded, jpeg, picture

# Threads of the test runner wait for the next test; none of them holds what a child needs.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
ROOT = Path(__file__).resolve().parents[2]
KEYS = {
    *("file", "outcome", "code", "notes", "seconds", "cpu_seconds", "peak_mb", "format", "width", "height"),
    *("metadata", "renditions", "delta_e"),
}
METADATA_KEYS = {
    *("title", "alt_text", "caption", "credit", "copyright", "license", "keywords"),
    *("taken_at", "latitude", "longitude"),
}
AMPLE = ChildLimits(megabytes=2000, seconds=60)
ODD_NAME = "odd\n“name” \udcff.JPG_large"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.corpus", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def read_rows(result: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {row["file"]: row for row in map(json.loads, result.stdout.splitlines())}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Provide a folder of files: good, refused, cut off, and oddly named ones, in folders too."""
    files = {
        "good.jpg": jpeg(1600, 1200),
        "refused.pdf": b"%PDF-1.7\n",
        "cut/in the middle.jpg": jpeg(1600, 1200)[:8000],
        f"deep/er/{ODD_NAME}": jpeg(),
    }
    for name, data in files.items():
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "files"


def test_each_file_is_one_object_on_one_line(folder: Path) -> None:
    result = run("--json", str(folder))
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert result.stdout.isascii()
    assert [json.loads(line)["file"] for line in lines] == [
        "cut/in the middle.jpg",
        f"deep/er/{ODD_NAME}",
        "good.jpg",
        "refused.pdf",
    ]
    rows = read_rows(result)
    assert all(row.keys() == KEYS for row in rows.values())
    assert {name: row["outcome"] for name, row in rows.items()} == {
        "cut/in the middle.jpg": "rejected",
        f"deep/er/{ODD_NAME}": "ready",
        "good.jpg": "ready",
        "refused.pdf": "rejected",
    }
    assert rows["refused.pdf"]["code"] == "unsupported"
    assert rows["refused.pdf"]["metadata"] is None


def test_a_ready_file_tells_what_came_out_of_it(folder: Path) -> None:
    good = read_rows(run("--json", str(folder)))["good.jpg"]
    assert (good["code"], good["format"], good["width"], good["height"]) == (None, "JPEG", 1600, 1200)
    assert good["metadata"].keys() == METADATA_KEYS
    assert good["delta_e"] < 1.5
    assert 0 < good["peak_mb"] < 1792
    assert good["cpu_seconds"] > 0
    assert {rendition["name"] for rendition in good["renditions"]} >= {"large", "medium", "small", "square", "wide"}
    assert all(rendition["bytes"] > 0 and rendition["key"] for rendition in good["renditions"])


def test_renditions_are_written_where_that_is_asked(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    rows = read_rows(run("--json", "--out", str(out), str(folder)))
    for row in rows.values():
        for rendition in row["renditions"]:
            with Image.open(rendition["path"]) as written:
                assert written.size == (rendition["width"], rendition["height"])
    assert (out / "deep" / "er" / ODD_NAME / "large.jpg").is_file()
    assert not (out / "refused.pdf").exists()


def test_the_table_has_a_line_for_each_file_and_a_summary(folder: Path) -> None:
    result = run(str(folder))
    header, *lines = result.stdout.splitlines()
    assert header.startswith("outcome")
    assert lines[1].endswith("deep/er/odd\\n“name” \\udcff.JPG_large")
    assert "4 files: 2 ready, 2 rejected, 0 fault" in lines
    assert "       1 rejected unsupported" in lines


def test_a_file_that_needs_more_than_its_memory_is_a_fault_and_harms_no_other(folder: Path) -> None:
    (folder / "huge.png").write_bytes(encoded(Image.new("RGB", (8000, 8000)), "PNG"))
    result = run("--json", "--megabytes", "220", str(folder))
    assert result.returncode == 1
    rows = read_rows(result)
    assert (rows["huge.png"]["outcome"], rows["huge.png"]["code"]) == ("fault", "memory")
    assert rows["good.jpg"]["outcome"] == "ready"


def test_a_file_that_takes_longer_than_its_time_is_a_fault(folder: Path) -> None:
    result = run("--seconds", "1e-9", str(folder))
    assert result.returncode == 1
    assert "4 files: 0 ready, 0 rejected, 4 fault" in result.stdout
    assert "fault timeout" in result.stdout


def test_without_files_it_says_so(tmp_path: Path) -> None:
    empty = run("--json", str(tmp_path))
    assert (empty.returncode, empty.stdout) == (0, "")
    assert "There are no files" in empty.stderr
    missing = run("--json", str(tmp_path / "nowhere"))
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "is not a folder" in missing.stderr
    assert "Name a folder" in run().stderr


def test_renditions_are_not_written_among_the_files(folder: Path) -> None:
    result = run("--out", str(folder / "out"), str(folder))
    assert result.returncode == 2
    assert "OUT lies in FOLDER" in result.stderr


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def raise_error() -> None:
    raise KeyError("names no picture")


def allocate() -> int:
    return len(bytearray(4_000_000_000))


def test_the_death_of_a_child_is_told() -> None:
    assert run_in_child(die, AMPLE).fault == f"signal_{signal.SIGKILL}"
    assert run_in_child(lambda: os._exit(3), AMPLE).fault == "exit_3"
    assert run_in_child(allocate, AMPLE).fault == "memory"
    error = run_in_child(raise_error, AMPLE)
    assert (error.fault, error.message) == ("KeyError", "'names no picture'")


def test_a_child_that_hangs_is_ended() -> None:
    ending = run_in_child(lambda: time.sleep(600), ChildLimits(megabytes=2000, seconds=0.05))
    assert ending.fault == "timeout"
    assert ending.answer is None


def spin() -> None:
    while True:
        pass


def test_a_child_that_works_for_too_long_is_ended() -> None:
    assert run_in_child(spin, ChildLimits(megabytes=2000, seconds=1)).fault == "timeout"


def test_a_child_answers_with_more_than_a_pipe_holds() -> None:
    ending = run_in_child(lambda: ["x" * 1000] * 1000, AMPLE)
    assert (ending.fault, len(ending.answer)) == ("", 1000)


def test_lanes_answer_in_order_and_a_dead_lane_loses_only_its_items() -> None:
    def work(item: int) -> dict[str, Any]:
        if item == 2:
            die()
        return {"item": item}

    answers = list(run_in_lanes(range(6), 2, work))
    assert [answer and answer["item"] for answer in answers] == [0, 1, None, 3, None, 5]


def test_colors_are_measured_as_the_standard_says() -> None:
    colors = [(0, 0, 0), (255, 255, 255), (1, 2, 3), (200, 30, 90), (12, 240, 130)]
    for color in colors:
        channels = difference.convert_to_lab(Image.new("RGB", (1, 1), color))
        measured = [channel.getpixel((0, 0)) for channel in channels]
        assert measured == pytest.approx(convert_to_lab(color), abs=0.001)
    white, black = (Image.new("RGB", (40, 30), color) for color in ("white", "black"))
    assert difference.measure_difference(white, black) == pytest.approx(100, abs=0.01)
    # Nothing is seen through: both are the same gray.
    clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    assert difference.measure_difference(clear, Image.new("RGB", (80, 60), difference.GROUND)) == 0


def test_adobe_rgb_of_exif_and_of_a_png_are_read_by_the_independent_reader(tmp_path: Path) -> None:
    scene = picture(64, 48)
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 2
    chunk_gamma, chunk_primaries = (
        (100_000 * 256 // 563).to_bytes(4, "big"),
        b"".join(
            round(100_000 * number).to_bytes(4, "big") for number in (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
        ),
    )
    info = PngInfo()
    info.add(b"gAMA", chunk_gamma)
    info.add(b"cHRM", chunk_primaries)
    (tmp_path / "exif.jpg").write_bytes(encoded(scene, "JPEG", quality=100, subsampling=0, exif=exif))
    scene.save(tmp_path / "chunks.png", pnginfo=info)
    (tmp_path / "plain.png").write_bytes(encoded(scene, "PNG"))
    by_exif, by_chunks, plain = (
        reference.read_reference(tmp_path / name) for name in ("exif.jpg", "chunks.png", "plain.png")
    )
    assert difference.measure_difference(by_exif, by_chunks) < 1
    assert difference.measure_difference(by_chunks, plain) > 5


def test_what_a_rendition_must_not_say_is_found(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x013B] = "Jane Doe"
    exif.get_ifd(0x8769)[0xA431] = "serial-4711-0815"
    exif.get_ifd(0x8825)[1] = "N"
    original, rendition = tmp_path / "original.jpg", tmp_path / "large.jpg"
    original.write_bytes(encoded(picture(), "JPEG", exif=exif, comment=b"a comment"))
    rendition.write_bytes(original.read_bytes())
    assert set(privacy.list_leaks(rendition, original)) == {
        "EXIF 0x8825",
        "EXIF 0xa431",
        "EXIF GPS",
        "segment 0xfe",
        "serial number",
    }
    credit = Image.Exif()
    credit[0x013B] = "Jane Doe"
    rendition.write_bytes(encoded(picture(), "JPEG", exif=credit))
    assert privacy.list_leaks(rendition, original) == []


def test_a_name_is_shown_on_one_line() -> None:
    assert report.escape_name("a\nb\x1b[31m\udcff é") == "a\\nb\\x1b[31m\\udcff é"
