"""A rendition that an editor takes along has the record's credit inside it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mediahub.aws import clients
from mediahub.desk.library.file_facts import list_image_facts
from mediahub.desk.library.image_views import MAX_ANSWER_BYTES
from mediahub.library.credit import build_credit
from mediahub.library.models import Image
from tests.metadata_readers import expect, read_with_pillow
from tests.pictures import encoded, picture
from tests.records import image

pytestmark = pytest.mark.django_db
CREDIT = {"credit": "Ada Lund", "copyright": "© Ada", "license_url": "https://example.org/terms", "creators": ["Ada"]}


@pytest.fixture
def stored(as_role: Callable[[str], None]) -> Image:
    """Provide an image whose renditions are in the store; the web reads them."""
    new_image = image("Two “boats”/quay", **CREDIT)
    as_role("worker")
    for rendition in new_image.renditions.all():
        data = encoded(picture(64, 48), rendition.format)
        clients.get_rendition_store().put(rendition.key, data, rendition.content_type)
    as_role("web")
    return new_image


def address(of: Image, name: str = "large", format_name: str = "JPEG") -> str:
    return f"/admin/images/{of.pk}/renditions/{name}/{format_name}/"


@pytest.mark.parametrize("format_name", ["JPEG", "AVIF"])
def test_it_has_the_credit_and_a_name(signed_in: Client, stored: Image, format_name: str) -> None:
    answer = signed_in.get(address(stored, format_name=format_name))
    assert answer.status_code == 200
    assert read_with_pillow(answer.content) == expect(build_credit(stored))
    assert answer["Content-Type"] == f"image/{format_name.lower()}"
    assert answer["Content-Disposition"].startswith("inline; filename")
    Image.objects.filter(pk=stored.pk).update(credit="Bo Berg")
    again = read_with_pillow(signed_in.get(address(stored, format_name=format_name)).content)
    assert again["credit_line"] == again["exif artist"] == "Bo Berg"


def test_the_page_of_the_image_leads_there(signed_in: Client, stored: Image) -> None:
    page = signed_in.get(f"/admin/library/image/{stored.pk}/change/").content.decode()
    for rendition in stored.renditions.all():
        assert address(stored, rendition.name, rendition.format) in page
        assert f'href="{clients.get_rendition_signer()}' not in page


def test_what_is_not_there_is_told(signed_in: Client, stored: Image, as_role: Callable[[str], None]) -> None:
    assert signed_in.get(address(stored, "huge")).status_code == 404
    assert signed_in.get(address(stored, format_name="GIF")).status_code == 404
    as_role("worker")
    clients.get_rendition_store().delete(stored.renditions.get(name="large", format="JPEG").key)
    as_role("web")
    answer: Any = signed_in.get(address(stored), follow=True)
    assert answer.redirect_chain == [(f"/admin/library/image/{stored.pk}/change/", 302)]
    assert "not" in answer.content.decode()


def test_one_that_is_too_large_for_an_answer_leads_to_the_downloads(signed_in: Client, stored: Image) -> None:
    stored.renditions.filter(name="large").update(bytes=MAX_ANSWER_BYTES + 1)
    answer: Any = signed_in.get(address(stored), follow=True)
    assert answer.redirect_chain == [(f"/admin/library/image/{stored.pk}/change/", 302)]
    assert "has 4.2\xa0MB, which is too large to be opened from here" in answer.content.decode()
    stored.renditions.filter(name="large").update(bytes=MAX_ANSWER_BYTES)
    assert signed_in.get(address(stored)).status_code == 200


def test_it_needs_the_right_to_see_images(nobody: Client, stored: Image) -> None:
    assert nobody.get(address(stored)).status_code == 403


def test_content_credentials_are_told_with_what_becomes_of_them(stored: Image, editor: User) -> None:
    assert "Content Credentials" not in dict(list_image_facts(stored))
    stored.content_credentials = True
    assert dict(list_image_facts(stored))["Content Credentials"] == (
        "In the original (C2PA). Renditions do not carry them."
    )


def test_a_change_of_many_says_what_it_costs(signed_in: Client) -> None:
    published = [image(state=Image.State.PUBLISHED, alt_text="A boat", credit="Ada Lund") for _ in range(2)]
    order = {"act": "set_credit", "credit": "Bo Berg", "image": [str(each.pk) for each in (*published, image())]}
    page = signed_in.post("/admin/images/act/", order, follow=True).content.decode()
    assert "The public files of 2 images are written again" in page
    assert "This costs about $0.00" in page
