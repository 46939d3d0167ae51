"""Nothing of a file's additions, and none of its further frames, comes near what is made of it."""

from io import BytesIO

import pytest
from PIL import Image

from processing import RenditionSpec, gif, process_image
from tests.pictures import encoded, jpeg

SPECS = [RenditionSpec("whole", 400, 400, formats=("JPEG", "AVIF", "WEBP", "PNG"))]
PLANES = [RenditionSpec("whole", 400, 400, formats=("JPEG", "AVIF", "WEBP"))]
PAYLOAD = b"<script>what nobody looked at</script>" * 20


@pytest.mark.parametrize("specs", [SPECS, PLANES], ids=["pixels", "planes"])
def test_no_profile_and_no_comment_of_a_photograph_is_written_into_a_rendition(specs: list[RenditionSpec]) -> None:
    data = jpeg(300, 200, icc_profile=PAYLOAD, comment=PAYLOAD)
    assert PAYLOAD in data
    for rendered in process_image(BytesIO(data), specs=specs)["thumbnails"]:
        assert PAYLOAD[:38] not in rendered.data, rendered.format


def test_a_damaged_second_frame_is_not_read() -> None:
    # No larger than the placeholder, and gray, because it has no palette: nothing has to be converted or resized.
    black, gray = Image.new("L", (20, 20)), Image.new("L", (20, 20), 9)
    data = bytearray(encoded(black, "GIF", save_all=True, append_images=[gray]))
    data[10:25] = bytes(3)
    starts = [start for kind, start in gif.read_blocks(BytesIO(data)) if kind == gif.FRAME]
    # The bits of a code stand before the pieces of a frame: no decoder takes one of 200 bits.
    data[starts[1] - 1] = 200
    assert len(process_image(BytesIO(bytes(data)), specs=SPECS)["thumbnails"]) == 4
