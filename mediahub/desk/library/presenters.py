"""Images in words: their filters, files, labels, and embedded metadata."""

from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import User
from django.db.models import OuterRef, Subquery
from django.db.models.lookups import IsNull
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import Promise, cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mediahub.library import access, collection_tree, figures
from mediahub.library.changes import to_json
from mediahub.library.collection_tree import Node
from mediahub.library.metadata import FIELDS
from mediahub.library.models import Image
from mediahub.library.search import FILTERS, NONE, TAG_FILTERS, Filter, Search
from mediahub.library.search.sorts import RELEVANCE, SORTS
from mediahub.reasons import explain
from mediahub.uploads.access import open_uploads, visible_batches
from mediahub.uploads.models import Upload

LABEL_SENTENCES: dict[str, str | Promise] = {
    "rekognition": gettext_lazy("Suggested by Amazon Rekognition, which can be wrong. Accept what is right."),
    "measured": gettext_lazy("Measured on this machine from light and color. This is not image recognition."),
    "recorded": gettext_lazy("Taken from recorded answers for tests."),
}
# Enough that the tag an editor looks for is among them; the search finds the others.
MAX_TAGS = 60
# More collections are shown by their upper ones, to be opened.
MAX_OPEN_COLLECTIONS = 40
# Nobody types the id of a batch.
LINK_ONLY_FILTERS = ("batch",)


@dataclass(frozen=True)
class EmbeddedField:
    """A word that stands in the file; `differs` says that the image has another."""

    name: str
    title: str
    value: str
    differs: bool
    now: str = ""


def list_embedded_fields(image: Image) -> list[EmbeddedField]:
    """Return the metadata in the file, in the order of the image's own fields, keywords last."""
    embedded_fields = []
    for name in FIELDS:
        value = image.embedded.get(name, "")
        if value:
            title = str(getattr(Image._meta.get_field(name), "verbose_name", name)).capitalize()
            now = to_json(getattr(image, name)) or ""
            embedded_fields.append(EmbeddedField(name, title, value, now != value, now))
    if keywords := image.embedded.get("keywords"):
        embedded_fields.append(EmbeddedField("keywords", _("Keywords"), ", ".join(keywords), differs=False))
    return embedded_fields


def describe_labels(image: Image) -> str:
    """Return how reliable the suggestions on this image are, or why there are none."""
    match image.label_state:
        case Image.LabelState.DONE:
            return str(LABEL_SENTENCES.get(image.label_source, ""))
        case Image.LabelState.NOT_ANALYZABLE:
            return explain(image.label_note) or _("The image is too small to analyze. Add tags yourself.")
        case Image.LabelState.UNAVAILABLE:
            sentence = _("Labels are not available yet. The image itself is complete, and you can add tags yourself.")
            return f"{sentence} {explain(image.label_note)}".strip()
    return _("Labels are turned off. Add tags yourself.")


@dataclass(frozen=True)
class FilterChip:
    """One thing that is set, and the address without it."""

    title: str
    value: str
    address: str


@dataclass(frozen=True)
class FilterField:
    """One field of the form: a choice when it has options, each (value, text, chosen), else an input of this kind.

    What only a link asks for stands in the form as a hidden input once it is set. Of several values, those that are
    set stand as boxes above the choice of one more.
    """

    name: str
    title: str
    kind: str
    value: str
    options: list[tuple[str, str, bool]]


class SearchFilters:
    """The filters for one person: what is set, and what could be."""

    def __init__(self, search: Search, user: User) -> None:
        self.search = search
        self._user = user

    @cached_property
    def _tags(self) -> dict[str, str]:
        names = {str(pk): name for pk, name in figures.list_common_tags(self._user, MAX_TAGS)}
        chosen_tags = {pk for name in TAG_FILTERS for pk in self.search.texts.get(name, "").split(",") if pk}
        if others := chosen_tags - names.keys():
            named = access.visible_tags(self._user).filter(pk__in=others).values_list("pk", "name")
            names |= {str(pk): name for pk, name in named}
        return dict(sorted(names.items(), key=lambda item: item[1].casefold()))

    @cached_property
    def tree(self) -> list[Node]:
        """Return the tree of collections that stands beside the images."""
        top = collection_tree.build_tree(self._user)
        nodes = list(collection_tree.flatten(top))
        chosen = next((node.collection.path for node in nodes if node.collection.pk == self.collection_id), "")
        for node in nodes:
            node.open = len(nodes) <= MAX_OPEN_COLLECTIONS or chosen.startswith(node.collection.path)
        return top

    @cached_property
    def _collections(self) -> dict[int, str]:
        return {node.collection.pk: node.name for node in collection_tree.flatten(self.tree)}

    @property
    def collection_id(self) -> int | None:
        """Return the id of the collection that is searched."""
        text = self.search.texts.get("collection", NONE)
        return None if text == NONE else int(text)

    @property
    def collection_names(self) -> list[str]:
        """Return the first names that a field offers before anything is typed."""
        return list(self._collections.values())[:MAX_OPEN_COLLECTIONS]

    @property
    def other_filters(self) -> str:
        """Return the search without its collection, to which a link adds another."""
        query = self.search.without("collection").query()
        return f"{query}&" if query else ""

    @cached_property
    def _people(self) -> dict[str, str]:
        # Looked up for each person: of an “exists” PostgreSQL would make a join with all uploads. The state stands
        # beside the person in an index, so that no row is read for one who has sent none.
        sent = Upload.objects.filter(uploaded_by=OuterRef("pk")).order_by("state").values("state")
        people = User.objects.filter(IsNull(Subquery(sent[:1]), False)).order_by("username")
        if not access.sees_everything(self._user):
            open_to_user = open_uploads(self._user).filter(uploaded_by=OuterRef("pk")).order_by().values("state")
            people = people.filter(IsNull(Subquery(open_to_user[:1]), False))
        return {str(person.pk): person.get_full_name() or person.get_username() for person in people}

    def _options(self, search_filter: Filter) -> dict[str, str] | None:
        match search_filter.name:
            case "tag" | "any_tag" | "no_tag":
                return self._tags
            case "collection":
                return {NONE: _("in no collection"), **{str(pk): name for pk, name in self._collections.items()}}
            case "by":
                return self._people
        return {value: str(text) for value, text in search_filter.choices.items()} if search_filter.choices else None

    @cached_property
    def chips(self) -> list[FilterChip]:
        """Return the filters that are set, in the order of the form."""
        chips = [FilterChip(_("Search"), self.search.q, self._without("q"))] if self.search.words else []
        for search_filter in FILTERS:
            name, text = search_filter.name, self.search.texts.get(search_filter.name, "")
            # The names of all tags and people are asked only where one is set.
            options = (self._options(search_filter) or {}) if text else {}
            for value in filter(None, text.split(",") if search_filter.several else [text]):
                sentence = options.get(value) or self._describe_value(name, value)
                chips.append(FilterChip(str(search_filter.title), sentence, self._without(name, value)))
        return chips

    def _describe_value(self, name: str, text: str) -> str:
        if name == "batch":
            batch = visible_batches(self._user).filter(pk=text).select_related("by").first()
            parts = (
                (str(batch.by or batch.folder), date_format(localtime(batch.made_at), "DATETIME_FORMAT"))
                if batch
                else (text,)
            )
            return ", ".join(filter(None, parts))
        day = parse_date(text) if name.endswith(("_from", "_to")) else None
        return date_format(day, "DATE_FORMAT") if day else text

    def _without(self, name: str, value: str = "") -> str:
        return f"?{self.search.without(name, value).query()}"

    @cached_property
    def fields(self) -> list[FilterField]:
        """Return the fields of the form, with the filters that are set."""
        return [
            self._field(search_filter)
            for search_filter in FILTERS
            if search_filter.name not in LINK_ONLY_FILTERS or search_filter.name in self.search.texts
        ]

    def _field(self, search_filter: Filter) -> FilterField:
        value = self.search.texts.get(search_filter.name, "")
        chosen = value.split(",") if search_filter.several else [value]
        options = [(key, text, key in chosen) for key, text in (self._options(search_filter) or {}).items()]
        kind = (
            "date"
            if search_filter.name.endswith(("_from", "_to"))
            else "hidden"
            if search_filter.name in LINK_ONLY_FILTERS
            else "number"
        )
        return FilterField(
            search_filter.name,
            str(search_filter.title),
            "several" if search_filter.several else "choice" if self._options(search_filter) is not None else kind,
            value,
            options,
        )

    @property
    def states(self) -> list[dict[str, Any]]:
        """Return the states as links that stand on the page itself, because they are used most."""
        shown = []
        chosen = self.search.texts.get("state", "")
        rest = self.search.without("state")
        for value, text in [("", _("all")), *(self._options(FILTERS[0]) or {}).items()]:
            query = replace(rest, texts={**rest.texts, **({"state": value} if value else {})}).query()
            shown.append({"text": text, "address": f"?{query}", "chosen": value == chosen})
        return shown

    @property
    def sorts(self) -> list[dict[str, Any]]:
        """Return the orders as links; the best match is one where there are words."""
        return [
            {
                "text": sort.title,
                "address": f"?{replace(self.search, sort=sort.name).query()}",
                "chosen": sort.name == self.search.sort,
            }
            for sort in SORTS.values()
            if sort.name != RELEVANCE or self.search.looked_for
        ]

    @property
    def sort_title(self) -> str:
        """Return the order that the images have."""
        return str(SORTS[self.search.sort].title)
