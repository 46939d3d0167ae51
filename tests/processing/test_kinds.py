"""Files that are not supported are refused by their right names, with the next step; the bytes decide."""

from io import BytesIO

import pytest

from processing import FormatLimits, Limits, Rejected, process_image
from tests import tiffs
from tests.pictures import encoded, jpeg, picture

PADDING = bytes(80)


def refused(data: bytes, limits: Limits | None = None) -> Rejected:
    with pytest.raises(Rejected) as error:
        process_image(BytesIO(data), limits=limits)
    return error.value


def isobmff(major: bytes, *brands: bytes) -> bytes:
    box = b"ftyp" + major + bytes(4) + b"".join(brands)
    return (4 + len(box)).to_bytes(4, "big") + box + PADDING


def raw(make: bytes, *, photometric: int = 32803, compression: int = 1, dng: bool = False) -> bytes:
    """Return a camera's raw file: a preview as the first page, and what the sensor saw below it."""
    preview: list[tiffs.Tag] = [(254, tiffs.LONG, [1]), (256, tiffs.LONG, [160]), (257, tiffs.LONG, [120])]
    preview += [(258, tiffs.SHORT, [8]), (262, tiffs.SHORT, [2]), (271, tiffs.TEXT, make + b"\0")]
    if dng:
        preview.append((50706, tiffs.BYTE, [1, 4, 0, 0]))
    sensor: list[tiffs.Tag] = [(256, tiffs.LONG, [6000]), (257, tiffs.LONG, [4000])]
    sensor += [(259, tiffs.SHORT, [compression]), (262, tiffs.SHORT, [photometric])]
    return tiffs.written(preview, subs=[sensor])


@pytest.mark.parametrize(
    ("data", "kind", "advice"),
    [
        (b"BM" + PADDING, "bmp", "export"),
        (b"8BPS\0\x01" + PADDING, "photoshop", "export"),
        (b"8BPS\0\x02" + PADDING, "photoshop", "export"),
        (b"%PDF-1.7", "pdf", "export"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "svg", "export"),
        (b"<?xml version='1.0'?><svg/>", "svg", "export"),
        (b"\xff\x0a" + PADDING, "jpeg_xl", "export"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + PADDING, "jpeg_xl", "export"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + PADDING, "jpeg_2000", "export"),
        (b"\xff\x4f\xff\x51" + PADDING, "jpeg_2000", "export"),
        (isobmff(b"isom", b"mp42"), "video", "still"),
        (isobmff(b"qt  "), "video", "still"),
        (b"\0\0\0\x08wide" + PADDING, "video", "still"),
        (b"\x1aE\xdf\xa3" + PADDING, "video", "still"),
        (b"RIFF\0\0\0\0AVI LIST" + PADDING, "video", "still"),
        (isobmff(b"M4A "), "audio", "choose"),
        (b"ID3\4" + PADDING, "audio", "choose"),
        (isobmff(b"crx ", b"crx ", b"isom"), "cr3", "develop"),
        (b"FUJIFILMCCD-RAW 0201" + PADDING, "raf", "develop"),
        (b"IIU\0\x18\0\0\0" + PADDING, "rw2", "develop"),
        (b"IIRO\x08\0\0\0" + PADDING, "orf", "develop"),
        (raw(b"NIKON CORPORATION"), "nef", "develop"),
        (raw(b"SONY", compression=32767), "arw", "develop"),
        (raw(b"Canon"), "cr2", "develop"),
        (raw(b"PENTAX", photometric=1, compression=65535), "raw", "develop"),
        (raw(b"Apple", photometric=34892, dng=True), "dng", "develop"),
        (b"<?xpacket begin='' id='W5M0'?><x:xmpmeta xmlns:x='adobe:ns:meta/'/>", "sidecar", "choose"),
        (b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>", "sidecar", "choose"),
        (
            b'<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" ""><plist version="1.0"><dict>'
            b"<key>adjustmentBaseVersion</key></dict></plist>",
            "sidecar",
            "choose",
        ),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "web_page", "choose"),
        (b"Just some words, saved as holiday.jpg.", "text", "choose"),
        (b"PK\3\4" + PADDING, "archive", "unpack"),
        (b"Rar!\x1a\x07\1\0" + PADDING, "archive", "unpack"),
        (b"\x1f\x8b\x08" + PADDING, "compressed", "unpack"),
        (isobmff(b"mif1", b"mif1", b"j2ki"), "heif_other", "export"),
    ],
)
def test_b18_b25_a_file_is_refused_by_its_right_name_with_the_next_step(data: bytes, kind: str, advice: str) -> None:
    error = refused(data)
    assert (error.code, error.params["kind"], error.params["advice"]) == ("unsupported", kind, advice)
    assert error.message.endswith(": JPEG, PNG, GIF, WebP, AVIF, HEIC, TIFF.")


def test_a_picture_with_the_tags_of_a_camera_is_no_raw_file() -> None:
    data = encoded(picture(90, 60), "TIFF", tiffinfo={271: "NIKON CORPORATION", 272: "NIKON Z 9"})
    assert process_image(BytesIO(data))["metadata"].camera.startswith("NIKON")


def test_a_line_before_a_jpeg_is_refused_as_browsers_refuse_it() -> None:
    assert refused(b"\r\n" + jpeg(64, 48)).code == "not_an_image"


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"GIF89a",
        b"RIFF\x20\0\0\0WEBPVP8 ",
        b"II*\0\x08\0\0\0" + PADDING,
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_an_error_while_opening_has_a_code_of_its_own(data: bytes) -> None:
    error = refused(data)
    assert error.code in ("unreadable", "cut_off")
    assert "damaged" in error.message


def test_b19_a_format_that_is_turned_off_is_refused_by_its_name() -> None:
    limits = Limits(by_format={"GIF": FormatLimits(is_accepted=False)})
    error = refused(encoded(picture(90, 60), "GIF"), limits)
    assert (error.code, error.params["kind"]) == ("unsupported", "gif")
    assert error.message.endswith(": JPEG, PNG, WebP, AVIF, HEIC, TIFF.")


def test_a_format_has_limits_of_its_own_below_those_of_all() -> None:
    data = encoded(picture(100, 50), "PNG")
    own = FormatLimits(max_bytes=len(data), max_pixels=5000)
    assert process_image(BytesIO(data), limits=Limits(by_format={"PNG": own}))
    small = Limits(by_format={"PNG": FormatLimits(max_pixels=4999)})
    assert refused(data, small).code == "too_many_pixels"
    assert process_image(BytesIO(jpeg(100, 50)), limits=small)
    assert refused(data, Limits(by_format={"PNG": FormatLimits(max_bytes=len(data) - 1)})).code == "too_large"


@pytest.mark.parametrize("format", ["PNG", "WEBP", "AVIF", "TIFF", "GIF"])
def test_what_does_not_fit_the_worker_is_refused_from_its_header(format: str) -> None:
    data = encoded(picture(1000, 1000), format)
    error = refused(data, Limits(max_memory=900_000))
    assert error.code == "too_much_memory"
    assert (error.params["width"], error.params["height"]) == (1000, 1000)
