"""What the search knows of an image follows every verb, in its transaction; what drifted is found and mended."""

import re
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.http import QueryDict

import mediahub
from mediahub.history.change_set import ChangeSet
from mediahub.history.undo import undo
from mediahub.library import cataloging, duplicates, metadata, tag_decisions, versions, vocabulary
from mediahub.library.editor_actions import EditorAction, TagEdit, perform
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, KnownWord, SearchEntry, Synonym, Tag, Tagging
from mediahub.library.search import Search, index
from mediahub.library.versions import Original
from mediahub.recovery.comparisons import compare_search_entries
from mediahub.recovery.consistency_checks import begin_check
from processing import Label, LabelAnswer, process
from tests.doubles import MemoryStore
from tests.pictures import jpeg, with_xmp
from tests.processing.test_metadata_fields import XMP
from tests.records import image, image_with_tags

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def queue(used_aws: object) -> None:
    """Let changes be told to a worker."""


class Naming:
    """A labeler that sees two things."""

    source = "rekognition"

    def label(self, data: bytes, *, sha256: str) -> LabelAnswer:
        return LabelAnswer((Label("Harbor", 91.0), Label("Crane", 70.0)), self.source, "3", {})


def take_in(new_image: Image, data: bytes, name: str) -> Image:
    result = process(BytesIO(data), new_image.pk, store=MemoryStore(), labeler=Naming())
    with transaction.atomic():
        return cataloging.record_result(new_image.pk, name, result, original=Original(name, "v1"))


def check() -> None:
    """Assert that every entry is as it would be made now, and that the database's own index follows."""
    assert index.find_drifted(list(Image.objects.values_list("pk", flat=True))) == []
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            statement = "INSERT INTO library_searchindex (library_searchindex, rank) VALUES ('integrity-check', 1)"
            cursor.execute(statement)


def found(user: User, q: str) -> set[Any]:
    asked = QueryDict(mutable=True)
    asked["q"] = q
    return set(Search.parse(asked).images(user).values_list("pk", flat=True))


def revert(change_set: ChangeSet, by: User) -> None:
    undo(by, change_set.id, ChangeSet(by))


def test_the_entry_follows_every_verb(chief: User) -> None:
    boat, town = image_with_tags("Sea", "Fog", title="Boat"), image_with_tags("Sea", title="Town")
    steps: list[tuple[str, Callable[[ChangeSet], object]]] = [
        ("a file comes in", lambda _set: take_in(Image(pk=UUID(int=7)), with_xmp(XMP), "e\u0301te\u0301.jpg")),
        ("another file", lambda _set: take_in(Image(pk=UUID(int=7)), jpeg(500, 300), "other_name.jpg")),
        ("a version", lambda act: versions.restore(act, Image.objects.get(pk=UUID(int=7)), 1)),
        ("metadata", lambda act: metadata.edit(act, boat, {"title": Edit("Grey ship"), "credit": Edit("Ada")})),
        ("accept", lambda act: tag_decisions.accept(act, boat.taggings.filter(tag__name="Sea"))),
        ("reject", lambda act: tag_decisions.reject(act, boat.taggings.filter(tag__name="Fog"))),
        ("reopen", lambda act: tag_decisions.leave_open(act, boat.taggings.filter(tag__name="Fog"))),
        ("add", lambda act: tag_decisions.add_tag(act, town, "Open market")),
        ("accept by adding", lambda act: tag_decisions.add_tag(act, town, "sea")),
        (
            "an action of the review",
            lambda act: perform(
                chief,
                EditorAction(
                    town.pk,
                    act.id,
                    tags=(TagEdit(None, "Quay", None, "accepted"),),
                    words={"alt_text": ("", "Houses")},
                ),
            ),
        ),
        ("duplicates", lambda act: duplicates.merge(act, boat, [town], addresses_may_go=True)),
    ]
    for name, step in steps:
        change_set = ChangeSet(chief)
        step(change_set)
        check()
        if name not in ("a file comes in", "another file"):
            revert(change_set, chief)
            check()
            step(ChangeSet(chief)) if name != "an action of the review" else None
            check()
    assert found(chief, "ete harbour") == found(chief, "tag:crane") == {UUID(int=7)}


def test_the_entries_follow_the_vocabulary(chief: User) -> None:
    boat, town = image_with_tags("Sea", title="Boat"), image_with_tags("Sea", "Ocean", title="Town")
    tag_decisions.reject(ChangeSet(chief), town.taggings.filter(tag__name="Sea"))
    sea = Tag.objects.get(name="Sea")
    sea.name = "Meer"
    vocabulary.save_tag(sea)
    check()
    assert (found(chief, "meer"), found(chief, "sea")) == ({boat.pk}, set())
    vocabulary.set_synonyms(chief, sea, ["Sea", "Mare"])
    check()
    assert found(chief, "mare") == {boat.pk}
    # What is accepted again has the words that came meanwhile.
    tag_decisions.accept(ChangeSet(chief), town.taggings.filter(tag=sea))
    check()
    assert found(chief, "tag:mare") == {boat.pk, town.pk}
    vocabulary.merge_tags(ChangeSet(chief), Tag.objects.get(name="Ocean"), sea)
    check()
    assert found(chief, "ocean") == {boat.pk, town.pk}
    vocabulary.hide_label(ChangeSet(chief), sea)
    check()
    assert found(chief, "ocean") == {town.pk}


def test_an_entry_goes_with_its_image_and_is_kept_when_all_is_rolled_back(chief: User) -> None:
    boat = image(title="Boat")
    with transaction.atomic():
        metadata.edit(ChangeSet(chief), boat, {"title": Edit("Ship")})
        assert found(chief, "ship") == {boat.pk}
        transaction.set_rollback(True)
    check()
    assert (found(chief, "boat"), found(chief, "ship")) == ({boat.pk}, set())
    assert not KnownWord.objects.filter(word="ship").exists()
    Image.objects.all().delete()
    assert not SearchEntry.objects.exists()
    check()


def test_what_drifted_is_found_by_the_check_and_rebuilt_by_the_command(chief: User) -> None:
    boats = [image(title=f"Boat {n}") for n in range(3)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE library_image SET title = 'Ship' WHERE title = 'Boat 1'")
    SearchEntry.objects.filter(image=boats[2]).delete()
    run = begin_check(full=True, repair=True, by_hand=True, grace_seconds=0)
    findings, cursor_after = compare_search_entries(run, {})
    assert {(finding.kind, finding.what) for finding in findings} == {
        ("unindexed", str(boats[1].pk)),
        ("unindexed", str(boats[2].pk)),
    }
    assert cursor_after is None
    findings[0].mend()
    output = StringIO()
    call_command("rebuild_search", stdout=output, stderr=StringIO())
    assert output.getvalue() == "1 search entries corrected.\n"
    check()
    assert found(chief, "ship") == {boats[1].pk}


def test_every_module_that_writes_what_is_searched_keeps_the_entries() -> None:
    """Rows that entries are made of are written in these modules only, and each of them calls the index."""
    writes = re.compile(
        r"(?:Tagging|Synonym)\.objects\b[^\n]*(?:create|update)|\btaggings?\.(?:update|delete|save)\(|"
        r"synonyms\.(?:update|all\(\)\.delete)|\btag\.(?:save|delete)\(|"
        r"setattr\(image\b|image\.(?:file_name|creators) = "
    )
    root = Path(mediahub.__file__).parent
    sources = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.py")}
    writers = {name for name, text in sources.items() if writes.search(text) and "/search/" not in name}
    assert {"library/cataloging.py", "library/tag_decisions.py", "library/vocabulary.py"} <= writers
    assert [name for name in writers if not re.search(r"index\.update_(?:entries|tag)\(", sources[name])] == []
    assert Tagging.objects.count() == Synonym.objects.count() == 0
