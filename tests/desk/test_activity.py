"""Who did what: told act by act, narrowed, taken back, and taken along as a file that is harmless."""

import csv
import json
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.library import metadata, publishing, tag_decisions
from mediahub.library.field_edits import Edit
from mediahub.library.models import Tagging
from tests.records import image, tagging

PAGE = reverse("desk:activity")


def body(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


@pytest.fixture
def acts(editor: User, chief: User) -> None:
    """Have an editor tag two images at once, then a chief editor archive one."""
    boats, town = image("Boats"), image("=Town()")
    for tagged_image in (boats, town):
        tagging(tagged_image, "Fog")
    tag_decisions.accept(ChangeSet(editor), Tagging.objects.select_related("tag", "image").order_by("pk"))
    publishing.archive(ChangeSet(chief), [town])


@pytest.mark.usefixtures("acts")
def test_one_act_on_many_images_is_one_line_that_unfolds(signed_in: Client) -> None:
    acts = signed_in.get(PAGE).context["change_sets"]
    assert [(str(act["first"].by), act["number"]) for act in acts] == [("chief", 1), ("editor", 2)]
    page = signed_in.get(PAGE).content.decode()
    assert "2 images" in page
    assert "<del>suggested</del>" in page
    assert "<ins>accepted</ins>" in page


@pytest.mark.usefixtures("acts")
def test_filters_narrow_what_is_told(signed_in: Client, editor: User) -> None:
    def count_changes(**asked: str) -> int:
        return len(signed_in.get(PAGE, asked).context["change_sets"])

    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert count_changes(by=str(editor.pk)) == count_changes(action="tagged") == 1
    assert count_changes(**{"from": tomorrow}) == count_changes(by="none") == 0
    assert count_changes(to=tomorrow, by="x", action="y") == 2
    assert count_changes(**{"from": "2026-02-30"}) == 2


@pytest.mark.usefixtures("acts")
def test_the_table_has_every_line_and_no_formula(signed_in: Client) -> None:
    rows = list(csv.DictReader(StringIO(body(signed_in.get(f"{PAGE}export.csv")))))
    assert [(row["who"], row["title"]) for row in rows] == [
        ("chief", "'=Town()"),
        ("editor", "'=Town()"),
        ("editor", "Boats"),
    ]
    assert rows[2]["changes"] == "Tag “Fog”: suggested → accepted"
    lines = body(signed_in.get(f"{PAGE}export.jsonl?action=state_changed")).splitlines()
    assert [json.loads(line)["title"] for line in lines] == ["=Town()"]
    assert signed_in.get(f"{PAGE}export.exe").status_code == 404


@pytest.mark.usefixtures("acts")
def test_only_who_may_sees_it(nobody: Client) -> None:
    assert nobody.get(PAGE).status_code == 403
    assert nobody.get(f"{PAGE}export.csv").status_code == 403


@pytest.mark.usefixtures("acts")
def test_an_image_tells_its_own_story(signed_in: Client) -> None:
    town = Change.objects.filter(action="state_changed").get().image_id
    page = signed_in.get(reverse("admin:library_image_change", args=[town]))
    assert [act["first"].action for act in page.context["change_sets"]] == ["state_changed", "tagged"]


def test_a_page_costs_the_same_for_many_acts_and_goes_on(signed_in: Client, editor: User, queries: Any) -> None:
    new_image = image()
    for number in range(2):
        tag_decisions.add_tag(ChangeSet(editor), new_image, f"Tag {number}")
    few = queries(PAGE)
    for number in range(60):
        tag_decisions.add_tag(ChangeSet(editor), new_image, f"Word {number}")
    assert queries(PAGE) == few
    first = signed_in.get(PAGE).context
    rest = signed_in.get(f"{PAGE}?before={first['more']}").context["change_sets"]
    assert (len(first["change_sets"]), len(rest)) == (50, 12)


@pytest.mark.parametrize(
    "title",
    [
        "20240602 181530",
        "2024-06-02",
        "2024-W22-7",
        "2024-06-02T18:15:30",
        "0001-01-01T00:00:00+02:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_a_title_that_looks_like_a_date_is_told_as_it_was_typed(signed_in: Client, editor: User, title: str) -> None:
    new_image = image(title)
    metadata.edit(ChangeSet(editor), new_image, {"title": Edit("Quay"), "rights_until": Edit(date(2031, 5, 4))})
    metadata.edit(ChangeSet(editor), new_image, {"title": Edit(title)})
    pages = [reverse("admin:library_image_change", args=[new_image.pk]), PAGE]
    for page in pages:
        text = signed_in.get(page).content.decode()
        assert f"<del>{title}</del>" in text
        assert f"<ins>{title}</ins>" in text
        assert "4 May 2031" in text or "May 4, 2031" in text
    for kind in ("csv", "jsonl"):
        assert f"Title: {title} → Quay" in body(signed_in.get(f"{PAGE}export.{kind}"))
