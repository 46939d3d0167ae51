"""What the search knows of each image, and the words that it can propose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from mediahub.library.models.images import Image


@dataclass(frozen=True)
class IndexQuery:
    """A question to the index of words, in the language of each database: a tsquery, and an FTS5 query."""

    postgresql: str
    sqlite: str

    def without(self, others: Sequence["IndexQuery"]) -> "IndexQuery":
        """Return the question for what this one finds and none of the others does."""
        if not others:
            return self
        return IndexQuery(
            f"({self.postgresql}) & !({' | '.join(other.postgresql for other in others)})",
            f"({self.sqlite}) NOT ({' OR '.join(f'({other.sqlite})' for other in others)})",
        )


class WordsField(models.TextField):  # type: ignore[type-arg]
    """Words of an image as `search.folding` makes them; the database's index of words covers all such fields of a row.

    On PostgreSQL that is the column `vector`, on SQLite the table `library_searchindex`. Both are made by the
    database from these fields. `__matches` and `__lacks` ask the index of the whole row, whichever of the fields
    they are said of.
    """


@WordsField.register_lookup
class Matches(models.Lookup):
    """Whether the row's words answer an IndexQuery."""

    lookup_name = "matches"
    prepare_rhs = False
    # The condition in the language of each database.
    postgresql = "{alias}.vector @@ %s::tsquery"
    sqlite = "{alias}.id IN (SELECT rowid FROM library_searchindex WHERE library_searchindex MATCH %s)"

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[str]]:
        """Return the condition on the column of the same row."""
        alias = compiler.quote_name_unless_alias(self.lhs.alias)
        return self.postgresql.format(alias=alias), [self.rhs.postgresql]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[str]]:
        """Return the condition on the id that the row has in the index."""
        alias = compiler.quote_name_unless_alias(self.lhs.alias)
        return self.sqlite.format(alias=alias), [self.rhs.sqlite]


@WordsField.register_lookup
class Lacks(Matches):
    """Whether the row's words do not answer an IndexQuery; as a negated condition, Django would ask a second table."""

    lookup_name = "lacks"
    postgresql = "NOT ({alias}.vector @@ %s::tsquery)"
    sqlite = "{alias}.id NOT IN (SELECT rowid FROM library_searchindex WHERE library_searchindex MATCH %s)"


@WordsField.register_lookup
class MatchesMany(Matches):
    """Whether the row's words answer an IndexQuery that very many rows answer.

    By the sign, SQLite walks the rows in the order of the page and looks each up, and does not sort all matches.
    """

    lookup_name = "matches_many"
    sqlite = f"+{Matches.sqlite}"


class SearchEntry(models.Model):
    """The words of an image, folded, and what it is sorted by; kept in the transaction that changes the image.

    A row of its own, because each change of an image writes the image's row, and would write the index of words anew.
    """

    id = models.BigAutoField(primary_key=True)
    image = models.OneToOneField(Image, models.CASCADE, related_name="search_entry")
    title = WordsField()
    # Those that no editor rejected, with their synonyms.
    tags = WordsField()
    # The credit, and the creators that the file names.
    credit = WordsField()
    file = WordsField()
    # Alt text, caption, description, copyright notice and license.
    text = WordsField()
    title_key = models.CharField(max_length=200)
    file_key = models.CharField(max_length=200)
    # An image without a date comes last.
    taken_key = models.DateTimeField()
    # When the image was created: what the words find is sorted here, and images are read for one page only.
    created_key = models.DateTimeField()

    class Meta:
        verbose_name = _("search entry")
        verbose_name_plural = _("search entries")
        default_permissions = ()
        indexes = [
            models.Index(fields=["title_key", "image"], name="search_by_title"),
            models.Index(fields=["file_key", "image"], name="search_by_file"),
            models.Index(fields=["-taken_key", "image"], name="search_by_date_taken"),
            models.Index(fields=["-created_key", "image"], name="search_by_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.image_id}"


class KnownWord(models.Model):
    """A word that stands in some image's entry, or did; `reversed` finds those that end alike."""

    word = models.CharField(max_length=60, unique=True)
    reversed = models.CharField(max_length=60, db_index=True)

    class Meta:
        verbose_name = _("known word")
        verbose_name_plural = _("known words")
        default_permissions = ()

    def __str__(self) -> str:
        return self.word
