"""How many questions a page asks the database: few, and as many in a large library as in a small one."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mediahub.history.change_set import ChangeSet
from mediahub.library import collections, figures, memberships
from mediahub.library.models import SimilarPair, Tag
from mediahub.uploads import arrival_figures
from mediahub.uploads.models import Upload
from tests.records import image, tagging

pytestmark = pytest.mark.django_db
MOST = 12
FIRST = UUID(int=7)
GRID = "/admin/library/image/"
PAGES = [
    *("/admin/", GRID, f"{GRID}?state=in_review", f"{GRID}?q=harbour", f"{GRID}?tag=1", f"{GRID}?sort=title"),
    *("/admin/images/count/?q=harbour", "/admin/pulse/", f"{GRID}{FIRST}/change/", f"/admin/images/{FIRST}/versions/"),
    *(f"/admin/images/{FIRST}/review/", f"/admin/images/{FIRST}/review/?q=harbour", "/admin/collections/"),
    *(f"/admin/review/items/?_after={FIRST}", "/admin/collections/complete/?q=news", "/admin/duplicates/"),
    *("/admin/recovery/faileditem/", "/admin/uploads/upload/", "/admin/library/tag/", "/admin/tags/complete/?q=s"),
    *("/admin/jobs/", "/admin/activity/", "/admin/dashboard/?days=30", "/admin/dashboard/?days=90"),
]


@pytest.fixture
def grow(editor: User) -> Callable[[int], None]:
    """Return what adds images with all that a page may show of them, a part of them hidden."""
    legal = collections.create(ChangeSet(None), "Contracts", groups=[Group.objects.create(name="Law")])
    news = collections.create(ChangeSet(None), "News")

    def add(number: int) -> None:
        added = []
        for _ in range(number):
            n = Upload.objects.count()
            values = {} if n else {"pk": FIRST}
            new_image = image(f"Harbour {n}", state=("in_review", "published")[n % 2], **values)
            tagging(new_image, "Sea")
            tagging(new_image, f"Place {n % 9}")
            issued = {"state": "ready", "work_ms": 900, "issued_at": timezone.now()}
            Upload.objects.create(file_name="a", bucket="b", key=str(n), uploaded_by=editor, image=new_image, **issued)
            memberships.add_images(ChangeSet(editor), [new_image], legal if n % 3 == 1 else news)
            added.append(new_image)
        SimilarPair.objects.bulk_create(
            SimilarPair(first=first, second=second, distance=2) for first, second in pairwise(added)
        )

    return add


def count_questions(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as questions:
        response = client.get(path)
    assert response.status_code in (200, 403), path
    # A page of the admin begins a transaction, which asks nothing.
    asked = [
        entry["sql"] for entry in questions.captured_queries if not entry["sql"].startswith(("BEGIN", "SAVEPOINT"))
    ]
    return len([sql for sql in asked if not sql.startswith("RELEASE")])


def count_all(client: Client) -> dict[str, Any]:
    tag = Tag.objects.get(name="Sea").pk
    return {path: count_questions(client, path.replace("tag=1", f"tag={tag}")) for path in PAGES}


@pytest.mark.parametrize("by_clock", [False, True])
def test_pages_ask_as_much_for_many_as_for_few(
    signed_in: Client, chief_client: Client, grow: Callable[[int], None], *, by_clock: bool
) -> None:
    grow(7)
    if by_clock:
        figures.keep_figures(0)
        arrival_figures.keep_figures(0)
    few = [count_all(client) for client in (signed_in, chief_client)]
    grow(60)
    many = [count_all(client) for client in (signed_in, chief_client)]
    assert few == many
    if by_clock:
        asked = {path: number for counts in many for path, number in counts.items() if number > MOST}
        assert asked == {}
