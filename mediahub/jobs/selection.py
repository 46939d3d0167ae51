"""Which images a job is about."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from mediahub.library.models import Image


@dataclass(frozen=True)
class Selection:
    """Which images: by ids, by state, taken in since a moment (ISO 8601); all when nothing is said."""

    ids: tuple[str, ...] = ()
    state: str = ""
    since: str = ""

    def images(self) -> QuerySet[Image]:
        """Return the images, in the order of their ids."""
        condition = Q()
        if self.ids:
            condition &= Q(pk__in=self.ids)
        if self.state:
            condition &= Q(state=self.state)
        if self.since:
            condition &= Q(created_at__gte=datetime.fromisoformat(self.since))
        return Image.objects.filter(condition).order_by("pk")
