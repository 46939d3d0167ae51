"""What the benches change of Pillow for their own process is put back after each test."""

import pytest
from PIL import ImageFile, PngImagePlugin


@pytest.fixture(autouse=True)
def unchanged_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the values that the independent reader of the corpus sets."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", ImageFile.LOAD_TRUNCATED_IMAGES)
    for name in ("MAX_TEXT_CHUNK", "MAX_TEXT_MEMORY"):
        monkeypatch.setattr(PngImagePlugin, name, getattr(PngImagePlugin, name))
