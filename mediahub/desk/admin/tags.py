"""The vocabulary."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from mediahub.desk.admin.page import PageAdmin
from mediahub.library import vocabulary
from mediahub.library.models import Tag, Tagging


@admin.register(Tag)
class TagAdmin(PageAdmin):
    list_display = ["name", "accepted", "suggested"]
    search_fields = ["name"]
    list_per_page = 100
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        held = {
            state: Count("taggings", filter=Q(taggings__state=state))
            for state in (Tagging.State.ACCEPTED, Tagging.State.SUGGESTED)
        }
        tags: QuerySet[Tag] = super().get_queryset(request)
        return tags.annotate(**{f"{state}_count": count for state, count in held.items()})

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        vocabulary.keep(obj)

    @admin.display(description=gettext_lazy("accepted on images"), ordering="accepted_count")
    def accepted(self, tag: Tag) -> int:
        return int(tag.accepted_count)  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("suggested on images"), ordering="suggested_count")
    def suggested(self, tag: Tag) -> int:
        return int(tag.suggested_count)  # type: ignore[attr-defined]
