"""One file → its row: sent through the pipeline in a child, and what came out of it looked at in others."""

import os
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch
from uuid import NAMESPACE_URL, uuid5

from bench.corpus.children import ChildLimits, Ending, run_in_child
from bench.corpus.difference import measure_difference
from bench.corpus.privacy import list_leaks
from bench.corpus.reference import NotMeasurable, read_reference, read_with_libvips
from processing import (
    Limits,
    MeasuredLabeler,
    Rejected,
    RenditionSpec,
    Result,
    Store,
    decoding,
    pipeline,
    process,
)

READY, REJECTED, FAULT = "ready", "rejected", "fault"
# An independent reader decodes every pixel, and is no part of what is measured.
READER_LIMITS = ChildLimits(megabytes=6000, seconds=180)


@dataclass(frozen=True)
class Corpus:
    """A folder of files, and how they are sent.

    Attributes:
        folder: Holds the files.
        out: Where renditions are written, each file's in a folder of the file's own path.
        keeps_renditions: Whether they stay there.
        worker: The worker's memory and time.
        limits: How much a file may ask for.
        specs: The renditions of each file.
    """

    folder: Path
    out: Path
    keeps_renditions: bool
    worker: ChildLimits
    limits: Limits
    specs: tuple[RenditionSpec, ...]

    def list_files(self) -> list[str]:
        """Return the paths of all files below the folder, sorted; links to folders are not followed."""
        files = [Path(place, name) for place, _, names in os.walk(self.folder) for name in names]
        return sorted(path.relative_to(self.folder).as_posix() for path in files if path.is_file())


def build_row(corpus: Corpus, name: str) -> dict[str, Any]:
    """Send one file and return its row."""
    folder = corpus.out / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ending = run_in_child(partial(_send, corpus, name, folder), corpus.worker)
    row = build_fault(name, ending)
    row.update(ending.answer or {})
    if row["outcome"] == READY:
        _inspect(corpus, row)
    if not corpus.keeps_renditions:
        shutil.rmtree(folder)
        for rendition in row["renditions"]:
            del rendition["path"]
    elif row["outcome"] != READY:
        shutil.rmtree(folder)
    return row


def build_fault(name: str, ending: Ending) -> dict[str, Any]:
    """Return the row of a file whose child gave no answer."""
    return {
        "file": name,
        "outcome": FAULT,
        "code": ending.fault or None,
        "notes": [],
        "seconds": round(ending.seconds, 3),
        "cpu_seconds": round(ending.cpu_seconds, 3),
        "peak_mb": round(ending.peak_mb, 1),
        "format": None,
        "width": None,
        "height": None,
        "metadata": None,
        "renditions": [],
        "delta_e": None,
        "delta_e_libvips": None,
        "explanation": ending.message,
    }


class _Folder:
    """Takes the renditions of one file as a store does, and writes them into a folder as <size>.<suffix>."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.paths: dict[str, Path] = {}

    def put(self, key: str, data: bytes, content_type: str, cache_control: str = "") -> None:
        """Write a rendition."""
        self.paths[key] = self._folder / f"{key.split('/')[0]}.{key.rpartition('.')[2]}"
        self.paths[key].write_bytes(data)


def _send(corpus: Corpus, name: str, folder: Path) -> dict[str, Any]:
    """Send a file through the pipeline; return the part of its row that the pipeline knows."""
    store = _Folder(folder)
    image_id = uuid5(NAMESPACE_URL, os.fsencode(name).hex())
    try:
        # This process has limits and is measured: the file is decoded in it, and not in the jail.
        here = patch.object(pipeline, "run_decoder", decoding.decode_file)
        with here, (corpus.folder / name).open("rb") as file:
            # The pipeline writes renditions, and asks nothing else of a store.
            result = process(
                file,
                image_id,
                store=cast(Store, store),
                labeler=MeasuredLabeler(),
                specs=corpus.specs,
                limits=corpus.limits,
            )
    except Rejected as error:
        return {"outcome": REJECTED, "code": error.code, "explanation": error.message}
    return {
        "outcome": READY,
        "notes": [note.code for note in result.metadata.notes],
        "format": result.metadata.format,
        "width": result.metadata.width,
        "height": result.metadata.height,
        "metadata": _describe_metadata(result),
        "renditions": _describe_renditions(result, store),
    }


def _describe_metadata(result: Result) -> dict[str, Any]:
    metadata, fields = result.metadata, result.metadata.fields
    return {
        "title": fields.title,
        "alt_text": fields.alt_text,
        "caption": fields.caption,
        "credit": fields.credit,
        "copyright": fields.copyright,
        "license": fields.license,
        "keywords": list(fields.keywords),
        "taken_at": metadata.taken_at.isoformat() if metadata.taken_at else None,
        "latitude": metadata.latitude,
        "longitude": metadata.longitude,
    }


def _describe_renditions(result: Result, store: _Folder) -> list[dict[str, Any]]:
    return [
        {
            "name": rendition.name,
            "format": rendition.format,
            "width": rendition.width,
            "height": rendition.height,
            "bytes": rendition.bytes,
            "key": rendition.key,
            "path": str(store.paths[rendition.key]),
        }
        for rendition in result.renditions
    ]


def _inspect(corpus: Corpus, row: dict[str, Any]) -> None:
    """Look for leaks in the renditions, and measure the colors of the largest that shows the whole picture."""
    original = corpus.folder / row["file"]
    paths = [Path(rendition["path"]) for rendition in row["renditions"]]
    leaks = run_in_child(lambda: [leak for path in paths for leak in list_leaks(path, original)], READER_LIMITS)
    if leaks.fault:
        row.update(outcome=FAULT, code="unreadable_rendition", explanation=f"{leaks.fault} {leaks.message}")
    elif leaks.answer:
        row.update(outcome=FAULT, code="leak", explanation=", ".join(leaks.answer))
    fits = {spec.name for spec in corpus.specs if spec.mode == "fit"}
    whole = [each for each in row["renditions"] if each["name"] in fits and each["format"] != "AVIF"]
    if whole:
        largest = Path(max(whole, key=lambda each: int(each["width"] * each["height"]))["path"])
        ending = run_in_child(lambda: _measure_differences(largest, original), READER_LIMITS)
        row.update(ending.answer or {})


def _measure_differences(rendition: Path, original: Path) -> dict[str, float | None]:
    """Return the differences to littleCMS and to libvips; None where they cannot be measured."""
    picture = read_reference(rendition)
    try:
        delta_e = round(measure_difference(picture, read_reference(original)), 2)
    except NotMeasurable:
        return {"delta_e": None}
    libvips = read_with_libvips(original)
    return {"delta_e": delta_e, "delta_e_libvips": round(measure_difference(picture, libvips), 2) if libvips else None}
