"""The figures that the clock keeps of a large library say what pages count of a small one, to each person."""

from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.utils import timezone

from mediahub import rounds
from mediahub.desk.dashboard import queries
from mediahub.desk.dashboard.queries import Period
from mediahub.history.change_set import ChangeSet
from mediahub.library import collection_tree, collections, figures, memberships, vocabulary
from mediahub.library.models import Collection, CollectionFigures, FigureRound, ImageFigures, Tag, TagFigures, Version
from mediahub.uploads import arrival_figures
from mediahub.uploads.models import ArrivalFigures, Upload
from tests.records import image, tagging

pytestmark = pytest.mark.django_db
# Whatever has a record is large.
ANY = 0


@pytest.fixture
def library(editor: User) -> None:
    """Provide open and hidden images in each state, with tags, collections, earlier files and uploads."""
    legal = collections.create(ChangeSet(None), "Contracts", groups=[Group.objects.create(name="Law")])
    news = collections.create(ChangeSet(None), "News")
    for n, state in enumerate(("in_review", "published", "archived", "published", "in_review", "published")):
        new_image = image(f"Image {n}", state=state, alt_text="A quay" if n % 2 else "", bytes=100 + n)
        tagging(new_image, "Sea", ("accepted", "suggested", "rejected")[n % 3])
        tagging(new_image, "Secret" if n in (0, 3) else "Fog")
        memberships.add_images(ChangeSet(None), [new_image], legal if n in (0, 3) else news)
        Version.objects.create(image=new_image, number=1, key="k", facts={"bytes": 7}, rendition_bytes=5, current=False)
        values = {"file_name": "a.jpg", "bucket": "b", "key": str(n), "uploaded_by": editor, "image": new_image}
        Upload.objects.create(state="ready", work_ms=1200 + n, issued_at=timezone.now(), **values)
    Upload.objects.create(file_name="b.jpg", bucket="b", key="r", state="rejected", uploaded_by=editor)
    Tag.objects.create(name="Unused")


def read_all(user: User) -> dict[str, Any]:
    """Return what the pages show of figures to a person."""
    period = Period.of_last_days(7)
    arrivals = queries.count_arrivals(user, period)
    return {
        "images": sorted(figures.count_images(user), key=lambda row: str(row["state"])),
        "tags": figures.list_common_tags(user, 10),
        "names": vocabulary.list_common_names(user, 10),
        "tree": [(node.name, node.count) for node in collection_tree.build_tree(user)],
        "storage": queries.measure_storage(user),
        "month": queries.estimate_month(),
        "alt texts": queries.count_alt_texts(user),
        "outcomes": arrivals.outcomes,
        "times": [time and round(time, 1) for time in arrivals.half],
    }


def keep() -> int:
    return figures.keep_figures(ANY) + arrival_figures.keep_figures(ANY)


@pytest.mark.usefixtures("library")
def test_what_the_clock_keeps_is_what_pages_count(editor: User, chief: User) -> None:
    counted = {user.username: read_all(user) for user in (editor, chief)}
    assert keep() > figures.PARTS
    assert ImageFigures.objects.exists()
    assert TagFigures.objects.exists()
    assert CollectionFigures.objects.exists()
    assert ArrivalFigures.objects.exists()
    for user in (editor, chief):
        assert read_all(user) == counted[user.username]
    assert counted["editor"] != counted["chief"]


@pytest.mark.usefixtures("library")
def test_pages_of_a_large_library_count_nothing(editor: User, django_assert_num_queries: Callable[..., Any]) -> None:
    keep()
    assert editor.has_perm("library.view_image")
    with django_assert_num_queries(1) as asked:
        figures.count_images(editor)
    assert 'FROM "library_image"' not in asked.captured_queries[0]["sql"]
    with django_assert_num_queries(1) as asked:
        collection_tree.build_tree(editor)
    assert "COUNT(" not in asked.captured_queries[0]["sql"]


@pytest.mark.usefixtures("library")
def test_a_tag_on_hidden_images_alone_is_not_named_by_figures(editor: User) -> None:
    keep()
    assert "Secret" not in dict(figures.list_common_tags(editor, 10)).values()
    # Since the round, the last open image with this tag was hidden: its name is hidden with it.
    fog = Tag.objects.get(name="Fog")
    legal = Collection.objects.get(name="Contracts")
    news = Collection.objects.get(name="News")
    collections.move(ChangeSet(None), news, legal)
    assert fog.name not in dict(figures.list_common_tags(editor, 10)).values()


@pytest.mark.usefixtures("library")
def test_a_small_library_counts_itself(editor: User) -> None:
    keep()
    assert figures.is_kept(figures.IMAGES)
    assert figures.keep_figures() == arrival_figures.keep_figures() == 0
    assert not FigureRound.objects.exists()
    assert figures.count_images(editor)


@pytest.mark.usefixtures("library")
def test_a_round_goes_on_where_the_clock_left_off(monkeypatch: pytest.MonkeyPatch, editor: User) -> None:
    counted = read_all(editor)
    left = chain(repeat(False, 100), repeat(True))
    monkeypatch.setattr(rounds, "is_over", lambda: next(left))
    assert keep() == 100
    assert FigureRound.objects.get(kind=figures.IMAGES).after == 100
    # Half of a library is no figure.
    assert not figures.is_kept(figures.IMAGES)
    assert read_all(editor) == counted
    monkeypatch.undo()
    keep()
    assert read_all(editor) == counted
    assert figures.is_kept(figures.IMAGES)
    assert keep() == 0, "the next round is not due"


def test_a_probe_reads_no_more_than_it_must(db: None) -> None:
    def grow() -> Iterator[tuple[type[Model], int, bool]]:
        yield Tag, 0, False
        Tag.objects.create(name="Sea")
        yield Tag, 0, True
        yield Tag, 1, False

    for model, number, expected in grow():
        assert figures.exceeds(model, number) is expected
