"""Chromium shows a file with the credit inside it pixel for pixel as it was."""

import base64
from typing import Any

import pytest

from processing.metadata.write import embed
from tests.pictures import encoded, picture
from tests.private_files import CREDIT

DECODE = """async ([type, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], {type}));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
  return [bitmap.width, bitmap.height, btoa(String.fromCharCode(...pixels))];
}"""


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("size", [(1, 1), (61, 43)])
def test_it_shows_the_same_pixels(page: Any, name: str, size: tuple[int, int]) -> None:
    scene = picture(*size)
    if name != "JPEG":
        scene.putalpha(128)
    data = encoded(scene, name)
    before, after = (
        page.evaluate(DECODE, [f"image/{name.lower()}", base64.b64encode(file).decode()])
        for file in (data, embed(data, name, CREDIT))
    )
    assert after == before
    assert after[:2] == list(size)
