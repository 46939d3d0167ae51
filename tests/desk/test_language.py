"""Each editor works in a language of their own, and until they choose one, in the browser's."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from mediahub.desk.models import Preference
from mediahub.desk.plurals import SAMPLES, list_plural_forms
from mediahub.desk.review.review_queue import QueuePosition
from mediahub.desk.review.texts import build_review_texts
from mediahub.desk.upload.texts import build_upload_texts
from mediahub.reasons import read_reason
from mediahub.uploads.models import Upload
from processing import Rejected

PREFERENCES = "/admin/preferences/"


def spoken(client: Client, path: str = "/admin/") -> tuple[str, str]:
    """Return the language and the direction of a page."""
    page = client.get(path).content.decode()
    match = re.search(r'<html lang="([\w-]+)" dir="(\w+)"', page)
    assert match
    return match[1], match[2]


def choose(client: Client, language: str) -> Any:
    return client.post(PREFERENCES, {"shortcuts_on": "on", "threshold": "80", "language": language}, follow=True)


def test_the_choice_holds_from_the_next_page_on(signed_in: Client) -> None:
    assert spoken(signed_in) == ("en", "ltr")
    assert "Einstellungen gespeichert." in choose(signed_in, "de").content.decode()
    assert spoken(signed_in, "/admin/library/image/") == ("de", "ltr")
    assert "حُفظت تفضيلاتك." in choose(signed_in, "ar").content.decode()
    assert spoken(signed_in) == ("ar", "rtl")
    choose(signed_in, "")
    assert spoken(signed_in) == ("en", "ltr")


def test_it_comes_along_to_another_browser(editor: User) -> None:
    Preference.objects.create(user=editor, language="de")
    other = Client(headers={"Accept-Language": "ar"})
    assert spoken(other, "/admin/login/") == ("ar", "rtl")
    other.post("/admin/login/", {"username": "editor", "password": "a-long-password"})
    assert spoken(other) == ("de", "ltr")


def test_a_language_that_is_not_there_is_refused(signed_in: Client, editor: User) -> None:
    assert choose(signed_in, "tlh").context["form"].errors["language"]
    assert not Preference.objects.filter(user=editor).exists()


def test_a_reason_is_told_in_the_language_of_the_page(signed_in: Client, editor: User) -> None:
    reason = read_reason(Rejected("unsupported", kind="pdf", advice="export", formats="JPEG, PNG")).to_json()
    upload = Upload.objects.create(
        uploaded_by=editor, state=Upload.State.REJECTED, key="k", file_name="a.jpg", **reason
    )
    choose(signed_in, "de")
    [status] = signed_in.get(f"/admin/upload/status/?ids={upload.pk}").json()["uploads"]
    assert status["reason"].startswith("Die Datei ist ein PDF-Dokument; das wird nicht unterstützt.")
    assert "PDF-Dokument" in signed_in.get(f"/admin/uploads/upload/{upload.pk}/change/").content.decode()


def test_a_script_gets_a_sentence_for_each_way_of_counting() -> None:
    with translation.override("ar"):
        forms = list_plural_forms(lambda n: translation.ngettext("%(n)s image", "%(n)s images", n))
    assert len(set(forms.values())) == 5
    assert forms["two"] == "صورتان"
    assert set(forms) == set(SAMPLES)


@pytest.mark.parametrize(
    "words",
    [build_review_texts(QueuePosition(1, 1, 1)), build_upload_texts(1)["uppy"], build_upload_texts(1)["dashboard"]],
)
def test_a_counted_sentence_has_all_its_forms(words: dict[str, Any]) -> None:
    for name, said in words.items():
        if isinstance(said, dict) and set(said) & {"0", "1", "one", "other"}:
            assert set(said) == set(SAMPLES), name
