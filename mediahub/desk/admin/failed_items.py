"""What failed, why, and the two things an editor can do about it."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mediahub.desk.admin.page import PageAdmin
from mediahub.desk.people import editor
from mediahub.intake import dead_letters
from mediahub.intake.models import FailedItem
from processing import ProcessingError


@admin.register(FailedItem)
class FailedItemAdmin(PageAdmin):
    change_list_template = "desk/failed_items.html"
    change_form_template = "desk/failed_item.html"
    list_display = ["reason"]
    list_filter = ["state", "kind", "step"]
    list_select_related = ["upload", "image", "handled_by"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["reason", "upload__file_name", "message_id"]
    search_help_text = gettext_lazy("Reason or file name")
    actions = ["retry", "discard"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: FailedItem | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FailedItem | None = None) -> bool:
        return False

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("intake.retry_faileditem")

    def has_discard_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("intake.discard_faileditem")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FailedItem]:
        return super().get_queryset(request).prefetch_related("image__renditions")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "upload__id__exact" or super().lookup_allowed(lookup, value, request)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        item: FailedItem = kwargs["obj"]
        context.update(
            title=item.upload.file_name if item.upload else _("A message that failed"),
            payload=_pretty(item.payload),
        )
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(description=gettext_lazy("Retry"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[FailedItem]) -> None:
        try:
            done = dead_letters.retry(editor(request), queryset)
        except ProcessingError as error:
            messages.error(request, _("The retry stopped. %(reason)s") % {"reason": error})
            return
        text = ngettext("%(n)d failed item is being retried.", "%(n)d failed items are being retried.", done)
        messages.success(request, text % {"n": done})

    @admin.action(description=gettext_lazy("Discard"), permissions=["discard"])
    def discard(self, request: HttpRequest, queryset: QuerySet[FailedItem]) -> None:
        done = dead_letters.discard(editor(request), queryset, request.POST.get("note", ""))
        text = ngettext("%(n)d failed item was discarded.", "%(n)d failed items were discarded.", done)
        messages.success(request, text % {"n": done})


def _pretty(payload: str) -> str:
    try:
        return json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return payload
