"""How far a retry is, and what the comparisons of buckets, records and mirror found."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from mediahub.desk import presenters as desk_presenters
from mediahub.desk.admin_pages import PageAdmin
from mediahub.desk.failures import duty_presenters
from mediahub.recovery import consistency_checks
from mediahub.recovery.access import visible_examples, visible_failed_items, visible_retry_orders
from mediahub.recovery.models import ConsistencyCheck, FailedItem, RetryOrder

SHOWN = 200


class Watched(PageAdmin):
    """Records that only verbs write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(RetryOrder)
class RetryOrderAdmin(Watched):
    change_form_template = "desk/failures/retry.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[RetryOrder]:
        return visible_retry_orders(request.user)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        order: RetryOrder = kwargs["obj"]
        visible = visible_failed_items(request.user).filter(retry_order=order)
        states = list(visible.values_list("state", "sent_at"))
        counts = {state: sum(found == state for found, _ in states) for state in FailedItem.State.values}
        waiting = sum(found == FailedItem.State.RETRIED and sent is None for found, sent in states)
        total: int = order.shown  # type: ignore[attr-defined]
        context.update(
            title=_("Retry"),
            counts=counts,
            total=total,
            ended=total - counts[FailedItem.State.RETRIED],
            waiting=waiting,
            under_way=counts[FailedItem.State.RETRIED] - waiting,
            items=visible[:SHOWN],
        )
        return super().render_change_form(request, context, *args, **kwargs)


@admin.register(ConsistencyCheck)
class ConsistencyCheckAdmin(Watched):
    change_list_template = "desk/failures/checks.html"
    change_form_template = "desk/failures/check.html"
    list_display = ["started_at"]
    list_per_page = 20
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        found = {
            "title": _("Checks"),
            "duties": duty_presenters.failing(request.user),
            "findings": _in_words(consistency_checks.count_latest_findings()),
            "drift": consistency_checks.count_drift(),
            "overwritten": consistency_checks.find_overwritten()
            if request.user.has_perm("library.replace_image")
            else [],
        }
        return super().changelist_view(request, {**found, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        check: ConsistencyCheck = kwargs["obj"]
        context.update(
            title=_("Check"),
            findings=_in_words(check.counts),
            examples=[
                (desk_presenters.FINDINGS[example["kind"]][0], example["what"], example)
                for example in visible_examples(request.user, check)
            ],
        )
        return super().render_change_form(request, context, *args, **kwargs)


def _in_words(counts: dict[str, int]) -> list[tuple[int, Any, Any]]:
    return [(n, *desk_presenters.FINDINGS[kind]) for kind, n in counts.items() if n]
