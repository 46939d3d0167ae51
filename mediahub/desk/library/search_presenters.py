"""The search of the library as its page shows it: chips of what is set, and the form that sets more."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from mediahub.library import access, collection_tree
from mediahub.library.collection_tree import Node
from mediahub.library.models import Tagging
from mediahub.library.search import FILTERS, NONE, Filter, Search
from mediahub.uploads.access import open_uploads, visible_batches

# Enough that the tag an editor looks for is among them; the search finds the others.
MOST_TAGS = 60
# More collections are shown by their upper ones, to be opened.
FEW_PLACES = 40
# Nobody types the id of a batch.
BY_LINK = ("batch",)


@dataclass(frozen=True)
class Chip:
    """One thing that is set, and the address without it."""

    title: str
    value: str
    address: str


@dataclass(frozen=True)
class Field:
    """One field of the form: a choice when it has options, each (value, text, chosen), else an input of this kind.

    What only a link asks for stands in the form as a hidden input once it is set.
    """

    name: str
    title: str
    kind: str
    value: str
    options: list[tuple[str, str, bool]]


class Drawer:
    """The filters for one person: what is set, and what could be."""

    def __init__(self, search: Search, user: User) -> None:
        self.search = search
        self._user = user

    @cached_property
    def _tags(self) -> dict[str, str]:
        shown = access.visible_taggings(self._user).exclude(state=Tagging.State.REJECTED)
        held = shown.order_by().values("tag").annotate(n=Count("tag"))
        common = held.order_by("-n", "tag").values("tag")[:MOST_TAGS]
        wanted = self.search.texts.get("tag")
        tags = access.visible_tags(self._user).filter(Q(pk__in=common) | Q(pk=wanted))
        named = tags.values_list("pk", "name")
        found = {str(pk): name for pk, name in named}
        return dict(sorted(found.items(), key=lambda item: item[1].casefold()))

    @cached_property
    def places(self) -> list[Node]:
        """The tree of collections that stands beside the images."""
        top = collection_tree.build_tree(self._user)
        nodes = list(collection_tree.flatten(top))
        chosen = next((node.collection.path for node in nodes if node.collection.pk == self.place), "")
        for node in nodes:
            node.open = len(nodes) <= FEW_PLACES or chosen.startswith(node.collection.path)
        return top

    @cached_property
    def _collections(self) -> dict[int, str]:
        return {node.collection.pk: node.name for node in collection_tree.flatten(self.places)}

    @property
    def place(self) -> int | None:
        """The collection that is asked for."""
        text = self.search.texts.get("collection", NONE)
        return None if text == NONE else int(text)

    @property
    def place_names(self) -> list[str]:
        """The first of the names that a field offers before anything is typed."""
        return list(self._collections.values())[:FEW_PLACES]

    @property
    def elsewhere(self) -> str:
        """The search without its collection, to which a link adds another."""
        query = self.search.without("collection").query()
        return f"{query}&" if query else ""

    @cached_property
    def _people(self) -> dict[str, str]:
        sent = open_uploads(self._user).filter(uploaded_by=OuterRef("pk"))
        people = User.objects.filter(Exists(sent)).order_by("username")
        return {str(person.pk): person.get_full_name() or person.get_username() for person in people}

    def _options(self, one: Filter) -> dict[str, str] | None:
        match one.name:
            case "tag":
                return self._tags
            case "collection":
                return {NONE: _("in no collection"), **{str(pk): name for pk, name in self._collections.items()}}
            case "by":
                return self._people
        return {value: str(text) for value, text in one.choices.items()} if one.choices else None

    @cached_property
    def chips(self) -> list[Chip]:
        """What is set, in the order of the form."""
        found = [Chip(_("Words"), self.search.q, self._without("q"))] if self.search.words else []
        for one in FILTERS:
            if one.name in self.search.texts:
                text = self.search.texts[one.name]
                said = (self._options(one) or {}).get(text) or self._said(one.name, text)
                found.append(Chip(str(one.title), said, self._without(one.name)))
        return found

    def _said(self, name: str, text: str) -> str:
        if name == "batch":
            batch = visible_batches(self._user).filter(pk=text).select_related("by").first()
            told = (str(batch.by or ""), date_format(localtime(batch.made_at), "DATETIME_FORMAT")) if batch else (text,)
            return ", ".join(filter(None, told))
        day = parse_date(text) if name.endswith(("_from", "_to")) else None
        return date_format(day, "DATE_FORMAT") if day else text

    def _without(self, name: str) -> str:
        return f"?{self.search.without(name).query()}"

    @cached_property
    def fields(self) -> list[Field]:
        """The fields of the form, with what is set."""
        return [self._field(one) for one in FILTERS if one.name not in BY_LINK or one.name in self.search.texts]

    def _field(self, one: Filter) -> Field:
        value = self.search.texts.get(one.name, "")
        options = [(key, text, key == value) for key, text in (self._options(one) or {}).items()]
        kind = "date" if one.name.endswith(("_from", "_to")) else "hidden" if one.name in BY_LINK else "number"
        return Field(one.name, str(one.title), "choice" if self._options(one) is not None else kind, value, options)

    @property
    def states(self) -> list[dict[str, Any]]:
        """The states as links that stand on the page itself, because they are asked for most."""
        shown = []
        chosen = self.search.texts.get("state", "")
        rest = self.search.without("state")
        for value, text in [("", _("all")), *(self._options(FILTERS[0]) or {}).items()]:
            query = Search(rest.words, {**rest.texts, **({"state": value} if value else {})}).query()
            shown.append({"text": text, "address": f"?{query}", "chosen": value == chosen})
        return shown
