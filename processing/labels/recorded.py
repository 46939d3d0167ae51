"""Recorded answers, for tests."""

import json
from pathlib import Path

from processing.errors import NotAnalyzable
from processing.labels.port import LabelAnswer
from processing.labels.rekognition import parse_answer


class RecordedLabeler:
    """Answers in Rekognition's form from files named `<sha256 of the original>.json`; nothing for an unknown file."""

    source = "recorded"

    def __init__(self, folder: Path) -> None:
        """Read the answers from a folder."""
        self._folder = folder

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        """Return the recorded answer for a file."""
        path = self._folder / f"{sha256}.json"
        try:
            answer = json.loads(path.read_text()) if path.is_file() else {}
        except (ValueError, RecursionError) as error:
            raise NotAnalyzable("unreadable_recording", step="label") from error
        return parse_answer(self.source, answer)
