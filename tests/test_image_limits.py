"""The setting IMAGE_LIMITS: limits of single formats, in one line."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from mediahub.aws import clients
from mediahub.image_limits import parse_image_limits
from processing import FormatLimits


def test_limits_are_read_by_name_or_label() -> None:
    assert parse_image_limits(" TIFF=150MB/80MP, gif=20MB,, HEIC=off , WebP=40MP") == {
        "TIFF": FormatLimits(150_000_000, 80_000_000),
        "GIF": FormatLimits(20_000_000),
        "HEIF": FormatLimits(is_accepted=False),
        "WEBP": FormatLimits(None, 40_000_000),
    }
    assert parse_image_limits("") == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("BMP=20MB", "names 'BMP', and the formats are JPEG"),
        ("TIFF=20MB,TIFF=30MB", "names TIFF twice"),
        ("HEIC=20MB,HEIF=30MB", "names HEIF twice"),
        ("TIFF=20", "has 'TIFF=20'"),
        ("TIFF=", "has 'TIFF='"),
        ("TIFF", "has 'TIFF'"),
        ("TIFF=20MB80MP", "has 'TIFF=20MB80MP'"),
        ("TIFF=/80MP", "has 'TIFF=/80MP'"),
        ("TIFF=0MB", "nothing is that small"),
        ("JPEG=off,PNG=off,GIF=off,WebP=off,AVIF=off,HEIC=off,TIFF=off", "turns every format off"),
    ],
)
def test_what_is_wrong_is_told_with_an_example(text: str, reason: str) -> None:
    with pytest.raises(ImproperlyConfigured) as error:
        parse_image_limits(text)
    assert reason in str(error.value)
    assert "TIFF=150MB/80MP,GIF=20MB,HEIC=off" in str(error.value)


def test_the_pipeline_gets_the_limits_of_the_settings(settings: pytest.FixtureRequest) -> None:
    settings.IMAGE_LIMITS = parse_image_limits("GIF=off")  # type: ignore[attr-defined]
    settings.IMAGE_MAX_MEMORY = 5_000_000  # type: ignore[attr-defined]
    limits = clients.get_limits()
    assert (limits.list_disabled(), limits.max_memory) == (["GIF"], 5_000_000)
