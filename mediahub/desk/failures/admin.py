"""What failed, why, and the two things an editor can do about it."""

import json
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mediahub.desk.admin_pages import PageAdmin
from mediahub.desk.current_user import editor
from mediahub.recovery import dead_letters, retries
from mediahub.recovery.access import readable_payload, visible_failed_items, visible_retry_orders
from mediahub.recovery.models import FailedItem
from processing import is_storable

ORDERS = 5


@admin.register(FailedItem)
class FailedItemAdmin(PageAdmin):
    change_list_template = "desk/failures/failed_items.html"
    change_form_template = "desk/failures/failed_item.html"
    list_display = ["reason"]
    list_filter = ["state", "kind", "step"]
    list_select_related = ["handled_by"]
    # By these other pages lead to the list.
    linked = ("upload__id__exact", "fingerprint__exact")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["reason", "upload__file_name", "message_id"]
    search_help_text = gettext_lazy("Reason or file name")
    actions = ["retry", "retry_without_labels", "discard"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: FailedItem | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FailedItem | None = None) -> bool:
        return False

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("recovery.retry_faileditem")

    def has_discard_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("recovery.discard_faileditem")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FailedItem]:
        return visible_failed_items(request.user)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # The list opens on causes; any filter, and each cause, leads to the items themselves.
        if request.method == "GET" and not request.GET:
            return self._causes(request)
        group = request.GET.get("fingerprint__exact")
        sample = self.get_queryset(request).filter(fingerprint=group).order_by("-pk").first() if group else None
        return super().changelist_view(request, {"sample": sample, **(extra_context or {})})

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> HttpResponse | None:
        response = super().response_action(request, queryset, *args)
        back = getattr(response, "url", None) == request.get_full_path()
        # A cause that was dealt with has no items left to go back to.
        return redirect("admin:recovery_faileditem_changelist") if back and request.POST.get("cause") else response

    def _causes(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Failed items"),
            "groups": dead_letters.group_by_cause(self.get_queryset(request)),
            "orders": visible_retry_orders(request.user)[:ORDERS],
            "actions_offered": list(self.get_actions(request)),
            "opts": self.opts,
        }
        return TemplateResponse(request, "desk/failures/causes.html", context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        item: FailedItem = kwargs["obj"]
        context.update(
            title=item.upload.file_name if item.upload else _("A message that failed"),
            decisions=item.decisions.select_related("by"),
            payload=_pretty(readable_payload(request.user, item)),
        )
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(description=gettext_lazy("Retry"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[FailedItem]) -> HttpResponse | None:
        return _retry(request, queryset, labels=True)

    @admin.action(description=gettext_lazy("Retry without labels"), permissions=["retry"])
    def retry_without_labels(self, request: HttpRequest, queryset: QuerySet[FailedItem]) -> HttpResponse | None:
        return _retry(request, queryset, labels=False)

    @admin.action(description=gettext_lazy("Discard"), permissions=["discard"])
    def discard(self, request: HttpRequest, queryset: QuerySet[FailedItem]) -> None:
        try:
            done = retries.discard_items(editor(request), queryset, request.POST.get("note", ""))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return
        text = ngettext("%(n)d failed item was discarded.", "%(n)d failed items were discarded.", done)
        messages.success(request, text % {"n": done})


def _retry(request: HttpRequest, items: QuerySet[FailedItem], *, labels: bool) -> HttpResponse | None:
    """Order the retry and show how far it is; None, with a reason, when none of the items can be retried."""
    order = retries.order_retry(editor(request), items, labels=labels)
    if order is None:
        messages.error(
            request,
            _(
                "Nothing was retried: these are no longer open, were tried %(n)d times, or are messages that this "
                "version cannot read. Discard them, or ask an operator."
            )
            % {"n": settings.REDRIVE_MOST},
        )
        return None
    return redirect("admin:recovery_retryorder_change", order.pk)


def _pretty(payload: str) -> str:
    try:
        text = json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return payload
    # Half of a surrogate pair stands in JSON as its number, and cannot stand on a page.
    return text if is_storable(text) else payload
