"""Recorded answers, for tests."""

import json
from pathlib import Path

from processing.errors import NotAnalyzable
from processing.labels.port import LabelAnswer
from processing.labels.rekognition import MAX_LABELS, choose_labels, parse_answer


class RecordedLabeler:
    """Answers in Rekognition's form from files named `<sha256 of the original>.json`; nothing for an unknown file."""

    source = "recorded"

    def __init__(self, folder: Path, max_labels: int = MAX_LABELS, min_confidence: float = 0) -> None:
        """Read the answers from a folder; claim at most so many labels of each, from this confidence on."""
        self._folder = folder
        self._max_labels = max_labels
        self._min_confidence = min_confidence

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        """Return the recorded answer for a file."""
        path = self._folder / f"{sha256}.json"
        try:
            answer = json.loads(path.read_text()) if path.is_file() else {}
        except (ValueError, RecursionError) as error:
            raise NotAnalyzable("unreadable_recording", step="label") from error
        return choose_labels(parse_answer(self.source, answer), self._max_labels, self._min_confidence)
