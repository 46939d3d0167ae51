"""Names of objects, built and parsed."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.keys import build_original_key, build_rendition_key, parse_rendition_key, parse_upload_id


@given(st.uuids())
def test_an_original_is_found_again(upload_id: UUID) -> None:
    assert parse_upload_id(build_original_key(upload_id)) == upload_id


@given(st.from_regex(r"[a-z0-9x]{1,32}", fullmatch=True), st.uuids(), st.binary(min_size=32, max_size=32))
def test_a_rendition_is_found_again(size: str, image_id: UUID, digest: bytes) -> None:
    parsed = parse_rendition_key(build_rendition_key(size, image_id, digest.hex()))
    assert parsed
    assert (parsed.size, parsed.image_id, parsed.content_hash, parsed.suffix) == (size, image_id, digest.hex(), "jpg")


@pytest.mark.parametrize("key", ["", "photo.jpg", "uploads/x/original", "uploads/../original", "large/a/b.jpg"])
def test_another_name_is_none_of_ours(key: str) -> None:
    assert parse_upload_id(key) is None
    assert parse_rendition_key(key) is None
