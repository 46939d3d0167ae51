"""The search: each question narrows as it says, and all of them together."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.utils import timezone

from mediahub.library.models import Image, Tagging
from mediahub.library.search import Search, index
from mediahub.recovery.models import FailedItem
from mediahub.uploads.models import Upload
from tests.records import image, image_with_tags

pytestmark = pytest.mark.django_db


def find_titles(user: User, query: str) -> list[str]:
    search = Search.parse(QueryDict(query))
    assert search.problems == ()
    return sorted(search.images(user).values_list("title", flat=True))


@pytest.mark.parametrize(
    ("field", "value", "query"),
    [
        ("title", "Grey seal", "q=seal+grey"),
        ("caption", "Seals on a rock", "q=rock"),
        ("credit", "Ada Lund", "q=lund"),
        ("file_name", "DSC_0042.jpg", "q=dsc_0042"),
        ("alt_text", "A seal sleeps", "q=sleeps"),
        ("state", Image.State.PUBLISHED, "state=published"),
        ("alt_text", "A seal", "alt=yes"),
        ("taken_day", date(2026, 5, 2), "taken_from=2026-05-02&taken_to=2026-05-02"),
        ("title", "Café zürich", "q=Cafe%CC%81+zu%CC%88rich"),
        ("label_state", "unavailable", "labels=unavailable"),
        ("deleted_at", timezone.now(), "original=deleted"),
    ],
)
def test_each_question_finds_what_it_asks_for(chief: User, field: str, value: Any, query: str) -> None:
    image(title="Other", sha256="1" * 64)
    wanted = image(**{"title": "Wanted", "sha256": "2" * 64, field: value})
    assert find_titles(chief, query) == [wanted.title]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("shape=landscape", ["Wide"]),
        ("shape=portrait", ["Tall"]),
        ("shape=square", ["Square"]),
        ("least=800", ["Square", "Wide"]),
        ("least=801&shape=square", ["Square"]),
    ],
)
def test_shape_and_size(chief: User, query: str, titles: list[str]) -> None:
    for number, (title, width, height) in enumerate([("Wide", 1200, 800), ("Tall", 600, 800), ("Square", 1000, 1020)]):
        image(title=title, width=width, height=height, sha256=f"{number:064}")
    assert find_titles(chief, query) == titles


def test_a_rejected_tag_finds_nothing(chief: User) -> None:
    seal, town = image_with_tags("Sea", title="Seal"), image_with_tags("Sea", title="Town")
    town.taggings.update(state=Tagging.State.REJECTED)
    index.update_entries([town.pk])
    tag = seal.taggings.get().tag_id
    assert find_titles(chief, f"tag={tag}") == find_titles(chief, "q=sea") == ["Seal"]


def test_who_sent_it_what_failed_and_what_is_there_twice(chief: User, editor: User) -> None:
    first, second = image(title="First"), image(title="Second")
    image(title="Third", sha256="9" * 64)
    for key in ("a", "b"):
        Upload.objects.create(file_name="a.jpg", bucket="b", key=key, uploaded_by=editor, image=first)
    now = timezone.now()
    for number in range(2):
        FailedItem.objects.create(
            message_id=str(number),
            image=second,
            kind="x",
            reason="x",
            payload="",
            first_failed_at=now,
            last_failed_at=now,
        )
    assert find_titles(chief, f"by={editor.pk}") == ["First"]
    assert find_titles(chief, "failed=only") == ["Second"]
    assert find_titles(chief, "twice=only") == ["First", "Second"]


def test_questions_narrow_together_and_are_taken_away_one_by_one(chief: User) -> None:
    image(title="Grey seal", alt_text="A seal")
    image(title="Grey town")
    search = Search.parse(QueryDict("q=grey&alt=yes&page=3"))
    assert [match.title for match in search.images(chief)] == ["Grey seal"]
    assert search.query() == "q=grey&alt=yes"
    assert search.without("alt").images(chief).count() == 2
    assert search.without("q").query() == "alt=yes"
    assert not search.without("q").without("alt")


def test_who_may_see_nothing_finds_nothing(db: Any) -> None:
    image()
    assert find_titles(User.objects.create_user("guest", is_staff=True), "") == []


def test_too_many_words_are_said(chief: User) -> None:
    search = Search.parse(QueryDict("q=" + "+".join(f"w{n}" for n in range(40))))
    assert len(search.words) == 12
    assert "first 12 words" in search.problems[0]
