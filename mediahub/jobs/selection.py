"""Which images a job is about."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import QueryDict

from mediahub.jobs.models import Job
from mediahub.library import label_suggestions, rendition_recipes
from mediahub.library.models import Image
from mediahub.library.search import FILTERS, Search

Stage = Job.Stage
# Whoever runs a command sees everything.
OPERATOR = User(username="operator", is_superuser=True, is_active=True)


@dataclass(frozen=True)
class Selection:
    """Which images: by ids, by state, taken in since a moment (ISO 8601), by a search; all when nothing is said.

    `where` is a search as people type it, or the query of a page of the library. `stale` narrows to images whose
    renditions would be made otherwise now.
    """

    ids: tuple[str, ...] = ()
    state: str = ""
    since: str = ""
    where: str = ""
    stale: bool = False

    @classmethod
    def decode(cls, stored: dict[str, Any]) -> "Selection":
        """Return the selection that a job keeps."""
        return cls(**{**stored, "ids": tuple(stored["ids"])})

    def encode(self) -> dict[str, Any]:
        """Return the selection as a job keeps it."""
        return {**asdict(self), "ids": sorted(self.ids)}

    @property
    def may_change(self) -> bool:
        """Whether the work itself changes which images these are, so that a job has to note them first."""
        return bool(self.where or self.stale)

    def images(self, stage: str = Stage.RENDITIONS) -> QuerySet[Image]:
        """Return the images that there is something to do for in this stage, in the order of their ids."""
        condition = Q()
        if self.ids:
            condition &= Q(pk__in=self.ids)
        if self.state:
            condition &= Q(state=self.state)
        if self.since:
            condition &= Q(created_at__gte=datetime.fromisoformat(self.since))
        if self.stale:
            condition &= rendition_recipes.match_stale()
        if stage == Stage.LABELS:
            condition &= label_suggestions.match_stored_answers()
        images = parse_search(self.where).images(OPERATOR) if self.where else Image.objects.all()
        return images.filter(condition).order_by("pk")


def parse_search(text: str) -> Search:
    """Return the search of a text: the query of an address such as "state=published&q=boat", or words as typed."""
    names = {filter_.name for filter_ in FILTERS} | {"q", "sort", "exact"}
    text = text.removeprefix("?")
    if "=" in text and text.split("=", 1)[0] in names:
        return Search.parse(QueryDict(text))
    typed = QueryDict(mutable=True)
    typed["q"] = text
    return Search.parse(typed)
