"""S3 Inventory: the listing that S3 writes by itself each day, for buckets too large to list."""

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from urllib.parse import unquote_plus

from processing import ObjectVersion, VersionPage

PAGE = 1000
NEEDED = {"Key", "VersionId", "IsLatest", "IsDeleteMarker", "Size", "LastModifiedDate"}


class UnusableInventory(Exception):
    """Why this inventory cannot stand for the bucket, and what to do."""


class Inventory:
    """The versions named in an inventory of CSV files: its `manifest.json`, with the data files beside it.

    Source: "Amazon S3 Inventory list" and "manifest.json", Amazon S3 user guide.
    """

    def __init__(self, manifest: Path) -> None:
        try:
            content = json.loads(manifest.read_text())
            self._columns = [name.strip() for name in content["fileSchema"].split(",")]
            self._files = [manifest.parent / Path(file["key"]).name for file in content["files"]]
            csv_files = content["fileFormat"] == "CSV"
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnusableInventory(
                f"{manifest} is no manifest of an inventory: {error!r}. Name its manifest.json."
            ) from error
        if not csv_files:
            raise UnusableInventory(
                f"{manifest} is of {content['fileFormat']} files. Let S3 write the inventory as CSV."
            )
        if missing := NEEDED - set(self._columns):
            raise UnusableInventory(
                f"{manifest} lacks {', '.join(sorted(missing))}. Add these fields to the inventory, with all versions."
            )
        if absent := [file.name for file in self._files if not file.is_file()]:
            raise UnusableInventory(f"Copy {', '.join(absent)} into {manifest.parent}, beside the manifest.")

    def list_page(self, start: Mapping[str, str] | None = None) -> VersionPage:
        """Return the versions from `start`, a page's `next`."""
        first = int((start or {}).get("row", 0))
        rows = list(islice(self._rows(), first, first + PAGE + 1))
        after = {"row": str(first + PAGE)} if len(rows) > PAGE else None
        return VersionPage(tuple(rows[:PAGE]), after)

    def _rows(self) -> Iterator[ObjectVersion]:
        for file in self._files:
            with gzip.open(file, "rt", newline="") if file.suffix == ".gz" else file.open(newline="") as lines:
                for row in csv.DictReader(lines, self._columns):
                    yield ObjectVersion(
                        unquote_plus(row["Key"]),
                        row["VersionId"],
                        int(row["Size"] or 0),
                        datetime.fromisoformat(row["LastModifiedDate"]),
                        row["IsLatest"] == "true",
                        row["IsDeleteMarker"] == "true",
                    )
