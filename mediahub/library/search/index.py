"""Keeping the search entries of images: each verb that changes what an entry says calls `update_entries`."""

import logging
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Prefetch

from mediahub.library.models import Image, IndexQuery, KnownWord, SearchEntry, Tag, Tagging
from mediahub.library.parsing import FIRST_DAY
from mediahub.library.search.folding import BOUNDARY, build_sort_key, join_words
from mediahub.library.search.schema import FILE_MARK, MOST_WORDS

log = logging.getLogger(__name__)

# The fields of an image that its entry is made of.
FIELDS = frozenset(
    {
        *("title", "alt_text", "caption", "credit", "copyright", "license", "file_name"),
        *("creators", "extended_description", "taken_at", "created_at"),
    }
)
ROWS = 500
COLUMNS = (*MOST_WORDS, "title_key", "file_key", "taken_key", "created_key")
UNDATED = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
# Shorter words are not corrected, and numbers are no words.
SHORTEST_KNOWN = 3
# Of all texts that an image ever had.
MOST_FORGOTTEN = 20_000


def update_entries(image_ids: Iterable[UUID]) -> int:
    """Make the search entries of these images anew, in the caller's transaction; return how many were not right.

    Locks the images: of two who change one image at once, the second reads what the first has written.
    """
    number = 0
    ids = sorted(set(image_ids))
    with transaction.atomic(savepoint=False):
        for first in range(0, len(ids), ROWS):
            images = load_images(ids[first : first + ROWS], lock=True)
            entries = {entry.image_id: entry for entry in SearchEntry.objects.filter(image__in=images)}
            fresh = [build_entry(image) for image in images]
            changed = [entry for entry in fresh if not is_same(entry, entries.get(entry.image_id))]
            write_entries(changed)
            number += len(changed)
    return number


def update_tag(tag: Tag) -> None:
    """Make the entries of all images anew that have this tag, also of those where it was rejected.

    Whoever accepts it again at the same moment holds the lock of the image.
    """
    update_entries(tag.taggings.order_by().values_list("image", flat=True))


def load_images(ids: Collection[UUID], *, lock: bool = False) -> list[Image]:
    """Return these images with all that their entries are made of."""
    standing = Tagging.objects.exclude(state=Tagging.State.REJECTED).order_by("pk").select_related("tag")
    images = Image.objects.filter(pk__in=ids).order_by("pk").only(*FIELDS)
    images = images.prefetch_related(Prefetch("taggings", standing.prefetch_related("tag__synonyms")))
    return list(images.select_for_update() if lock else images)


def build_entry(image: Image) -> SearchEntry:
    """Return the entry of an image that `load_images` returned."""
    texts = (image.alt_text, image.caption, image.extended_description, image.copyright, image.license)
    words: dict[str, list[str]] = {
        "title": [image.title],
        "tags": [
            word
            for tagging in image.taggings.all()
            for word in (tagging.tag.name, *(synonym.word for synonym in tagging.tag.synonyms.all()))
        ],
        "credit": [image.credit, *map(str, image.creators)],
        "file": [image.file_name],
        "text": [text for text in texts if text],
    }
    fields = {name: join_words(words[name], most, is_file_name=name == "file") for name, most in MOST_WORDS.items()}
    return SearchEntry(
        image_id=image.pk,
        title_key=build_sort_key(image.title),
        file_key=build_sort_key(image.file_name),
        taken_key=image.taken_at or UNDATED,
        created_key=image.created_at,
        **fields,
    )


def is_same(entry: SearchEntry, other: SearchEntry | None) -> bool:
    """Return whether two entries say the same."""
    return other is not None and all(getattr(entry, name) == getattr(other, name) for name in COLUMNS)


def write_entries(entries: list[SearchEntry]) -> None:
    """Write entries in place of those that the images have, and let the search know their words after the commit."""
    if not entries:
        return
    SearchEntry.objects.bulk_create(
        entries, update_conflicts=True, unique_fields=["image"], update_fields=list(COLUMNS)
    )
    words = {word for entry in entries for word in _list_words(entry)}
    transaction.on_commit(partial(_note_words, words))


def _list_words(entry: SearchEntry) -> set[str]:
    words = {word for name in MOST_WORDS for word in str(getattr(entry, name)).split(" ")}
    return {word for word in words if len(word) >= SHORTEST_KNOWN and word != BOUNDARY and not word.isdigit()}


def forget_words(texts: list[str]) -> int:
    """Delete the known words of these texts that stand in no entry any more; return how many.

    A word is known also where an entry only had it once: so give all texts that an erased image ever had.
    """
    joined = [join_words(texts, MOST_FORGOTTEN, is_file_name=is_file_name) for is_file_name in (False, True)]
    words = {word for line in joined for word in line.split(" ")}
    unused = [
        word
        for word in KnownWord.objects.filter(word__in=words).values_list("word", flat=True)
        # On PostgreSQL words of file names have a mark.
        if not SearchEntry.objects.filter(
            title__matches=IndexQuery(f"'{word}' | '{FILE_MARK}{word}'", f'"{word}"')
        ).exists()
    ]
    KnownWord.objects.filter(word__in=unused).delete()
    return len(unused)


def _note_words(words: set[str]) -> None:
    """Add words to the known ones, each in its own transaction: in one, two of them could wait for each other."""
    try:
        known = set(KnownWord.objects.filter(word__in=words).values_list("word", flat=True))
        rows = [KnownWord(word=word, reversed=word[::-1]) for word in sorted(words - known)]
        KnownWord.objects.bulk_create(rows, ignore_conflicts=True)
    except DatabaseError as error:
        # They only help to correct what was typed; the next change of the image notes them again.
        log.warning("the words of an image were not noted for corrections: %s", error)


def rebuild_entries(after: UUID | None = None) -> Iterator[tuple[UUID, int]]:
    """Make all entries anew, in the order of the images' ids; yield each part's last id, and how many were not right.

    Each part is a transaction of its own: what was interrupted goes on behind the last part.
    """
    while True:
        rest = Image.objects.filter(pk__gt=after) if after else Image.objects.all()
        ids = list(rest.order_by("pk").values_list("pk", flat=True)[:ROWS])
        if not ids:
            return
        after = ids[-1]
        yield after, update_entries(ids)


def find_drifted(ids: Collection[UUID]) -> list[Any]:
    """Return the ids of those of the images whose entry is not what it should be."""
    entries = {entry.image_id: entry for entry in SearchEntry.objects.filter(image__in=ids)}
    images = load_images(ids)
    return [image.pk for image in images if not is_same(build_entry(image), entries.get(image.pk))]
