"""Failed items and what can be done about them, retries, and consistency checks."""

import json
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mediahub.desk.admin_pages import ReadOnlyAdmin
from mediahub.desk.failures import presenters as failures_presenters
from mediahub.desk.http import get_editor, render_page
from mediahub.recovery import consistency_checks, dead_letters, retries
from mediahub.recovery.access import readable_payload, visible_examples, visible_failed_items, visible_retry_orders
from mediahub.recovery.models import ConsistencyCheck, FailedItem, RetryOrder
from processing import is_storable

MAX_RETRIES_SHOWN = 5
MAX_ITEMS_SHOWN = 200


@admin.register(FailedItem)
class FailedItemAdmin(ReadOnlyAdmin):
    visible_records = staticmethod(visible_failed_items)
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

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("recovery.retry_faileditem")

    def has_discard_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("recovery.discard_faileditem")

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
            "title": _("Failed items"),
            "groups": dead_letters.group_by_cause(self.get_queryset(request)),
            "orders": visible_retry_orders(request.user)[:MAX_RETRIES_SHOWN],
            "actions_offered": list(self.get_actions(request)),
            "opts": self.opts,
        }
        return render_page(request, "desk/failures/causes.html", context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        item: FailedItem = kwargs["obj"]
        context.update(
            title=item.upload.file_name if item.upload else _("A failed message"),
            decisions=item.decisions.select_related("by"),
            payload=_indent_json(readable_payload(request.user, item)),
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
            number = retries.discard_items(get_editor(request), queryset, request.POST.get("note", ""))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return
        text = ngettext("%(n)d failed item was discarded.", "%(n)d failed items were discarded.", number)
        messages.success(request, text % {"n": number})


def _retry(request: HttpRequest, items: QuerySet[FailedItem], *, labels: bool) -> HttpResponse | None:
    """Start the retry and lead to its progress; None, with an error message, when nothing can be retried."""
    order = retries.order_retry(get_editor(request), items, labels=labels)
    if order is None:
        messages.error(
            request,
            _(
                "Nothing was retried. These items are no longer open, have been tried %(n)d times, or "
                "are messages this version cannot read. Discard them, or contact your administrator."
            )
            % {"n": settings.REDRIVE_MOST},
        )
        return None
    return redirect("admin:recovery_retryorder_change", order.pk)


def _indent_json(payload: str) -> str:
    try:
        text = json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return payload
    # Half of a surrogate pair stands in JSON as its number, and cannot stand on a page.
    return text if is_storable(text) else payload


@admin.register(RetryOrder)
class RetryOrderAdmin(ReadOnlyAdmin):
    visible_records = staticmethod(visible_retry_orders)
    change_form_template = "desk/failures/retry.html"

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        order: RetryOrder = kwargs["obj"]
        visible = visible_failed_items(request.user).filter(retry_order=order)
        states = list(visible.values_list("state", "sent_at"))
        counts = {state: sum(item_state == state for item_state, _ in states) for state in FailedItem.State.values}
        waiting = sum(item_state == FailedItem.State.RETRIED and sent is None for item_state, sent in states)
        total: int = order.shown  # type: ignore[attr-defined]
        context.update(
            title=_("Retry"),
            counts=counts,
            total=total,
            ended=total - counts[FailedItem.State.RETRIED],
            waiting=waiting,
            under_way=counts[FailedItem.State.RETRIED] - waiting,
            items=visible[:MAX_ITEMS_SHOWN],
        )
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(ConsistencyCheck)
class ConsistencyCheckAdmin(ReadOnlyAdmin):
    change_list_template = "desk/failures/checks.html"
    change_form_template = "desk/failures/check.html"
    list_display = ["started_at"]
    list_per_page = 20
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": _("Consistency checks"),
            "duties": failures_presenters.list_failing_duties(request.user),
            "findings": _describe_findings(consistency_checks.count_latest_findings()),
            "drift": consistency_checks.count_drift(),
            "overwritten": consistency_checks.find_overwritten()
            if request.user.has_perm("library.replace_image")
            else [],
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        check: ConsistencyCheck = kwargs["obj"]
        context.update(
            title=_("Consistency check"),
            findings=_describe_findings(check.counts),
            examples=[
                (failures_presenters.FINDINGS[example["kind"]][0], example["what"], example)
                for example in visible_examples(request.user, check)
            ],
        )
        return super().render_change_form(request, context, *args, **kwargs)


def _describe_findings(counts: dict[str, int]) -> list[tuple[int, Any, Any]]:
    return [(n, *failures_presenters.FINDINGS[kind]) for kind, n in counts.items() if n]
