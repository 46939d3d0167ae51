"""The dashboard: its figures as charts, in words."""

from decimal import Decimal

from django.contrib.auth.models import AnonymousUser, User
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mediahub import costs
from mediahub.desk.dashboard import queries as dashboard_queries
from mediahub.desk.dashboard.charts import Chart, Series, Value
from mediahub.desk.dashboard.queries import Period, QueueFigures
from mediahub.library.models import Image
from mediahub.reasons import explain
from mediahub.recovery.access import visible_failed_items

OUTCOMES: dict[str, tuple[str | Promise, str]] = {
    "ready": (gettext_lazy("processed"), "good"),
    "rejected": (gettext_lazy("rejected"), "wait"),
    "failed": (gettext_lazy("failed"), "bad"),
    "open": (gettext_lazy("in progress or never sent"), "quiet"),
}
WITH_ALT_TEXT, WITHOUT_ALT_TEXT = 0, 1


def build_charts(user: User | AnonymousUser, period: Period, queue: QueueFigures) -> list[Chart]:
    """Return all charts of the dashboard, in their order on the page."""
    came = dashboard_queries.count_arrivals(user, period)
    return [
        _build_uploads_chart(period, came),
        _build_times_chart(period, came),
        _build_failures_chart(user, period),
        _build_queue_chart(period, queue),
        _build_storage_chart(user),
        _build_costs_chart(),
        _build_alt_text_chart(user),
    ]


def describe_queue(figures: QueueFigures) -> list[tuple[str, str]]:
    """Return (name, amount) of what waits now, as the clock saw it last."""
    if figures.last is None:
        return []
    return [
        (_("Messages waiting"), format_count(figures.last.waiting)),
        (_("Oldest file in progress"), _format_duration(figures.age)),
        (_("Dead letters"), format_count(figures.last.dead_letters)),
        (_("Last checked"), date_format(timezone.localtime(figures.last.at), "SHORT_DATETIME_FORMAT")),
    ]


def format_count(value: Value) -> str:
    """Return a number as the language writes it."""
    return "–" if value is None else number_format(value, decimal_pos=None, use_l10n=True, force_grouping=True)


def format_dollars(value: Value) -> str:
    """Return an amount in US dollars; “less than a cent” in words."""
    amount = Decimal(str(value or 0))
    if 0 < amount < Decimal("0.01"):
        return _("less than $0.01")
    return f"${number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)}"


def _format_seconds(value: Value) -> str:
    return "–" if value is None else _("%(n)s s") % {"n": number_format(value, decimal_pos=2, use_l10n=True)}


def _format_duration(value: Value) -> str:
    """Return a time that may be days, in the largest unit of which two have passed."""
    if value is None:
        return "–"
    seconds = int(value)
    if seconds >= 2 * 86400:
        return ngettext("%(n)d day", "%(n)d days", seconds // 86400) % {"n": seconds // 86400}
    if seconds >= 2 * 3600:
        return ngettext("%(n)d hour", "%(n)d hours", seconds // 3600) % {"n": seconds // 3600}
    if seconds >= 2 * 60:
        return ngettext("%(n)d minute", "%(n)d minutes", seconds // 60) % {"n": seconds // 60}
    return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}


def _list_days(period: Period) -> list[str]:
    return [date_format(timezone.localtime(start), "MONTH_DAY_FORMAT") for start in period.starts]


def _build_uploads_chart(period: Period, came: dashboard_queries.Arrivals) -> Chart:
    series = [Series(str(words), tone, came.outcomes[name]) for name, (words, tone) in OUTCOMES.items()]
    about = _("By start day and outcome.")
    if period.step > 1:
        about = _("By start week and outcome.")
    return Chart("uploads", _("Uploads"), about, _list_days(period), series, format_count)


def _build_times_chart(period: Period, came: dashboard_queries.Arrivals) -> Chart:
    series = [Series(_("95th percentile"), "quiet", came.most), Series(_("median"), "busy", came.half)]
    about = _("Time to decode, render, label, and store one file.")
    return Chart("times", _("Processing time"), about, _list_days(period), series, _format_seconds, over=True)


def _build_failures_chart(user: User | AnonymousUser, period: Period) -> Chart:
    causes, rest = dashboard_queries.count_failures(visible_failed_items(user), period)
    shown = [*causes, *([rest] if rest else [])]
    page = reverse("admin:recovery_faileditem_changelist")
    labels = [explain(cause.sample) if cause.sample else _("All other causes") for cause in shown]
    links = [f"{page}?fingerprint__exact={cause.fingerprint}" if cause.fingerprint else page for cause in shown]
    series = [
        Series(_("open"), "bad", [cause.open for cause in shown]),
        Series(_("resolved"), "good", [cause.failed - cause.open for cause in shown]),
    ]
    about = _("By cause, most frequent first; counted on the day of the last failure.")
    return Chart("failures", _("Failures"), about, labels, series, format_count, form="rows", links=links)


def _build_queue_chart(period: Period, figures: QueueFigures) -> Chart:
    series = [Series(_("most messages waiting"), "busy", figures.waiting)]
    about = _("Most messages waiting at the same time, checked once a minute.")
    return Chart("queue", _("Queue"), about, _list_days(period), series, format_count)


def _build_storage_chart(user: User | AnonymousUser) -> Chart:
    storage = dashboard_queries.measure_storage(user)
    labels = [_("Originals"), _("Renditions"), _("Public copies"), _("Earlier versions")]
    series = Series(_("size"), "busy", [storage.originals, storage.renditions, storage.public, storage.earlier])
    about = _(
        "Counted from the records. Other objects in the buckets, such as old versions kept by S3, are not included."
    )
    return Chart("storage", _("Storage"), about, labels, [series], _format_size, form="rows")


def _format_size(value: Value) -> str:
    return str(filesizeformat(int(value or 0)))


def _build_costs_chart() -> Chart:
    month = dashboard_queries.estimate_month()
    listed = costs.prices()["date"]
    labels = list(month.bill)
    series = [
        Series(_("fixed"), "quiet", [month.bill[name][0] for name in labels]),
        Series(_("per image"), "busy", [month.bill[name][1] for name in labels]),
    ]
    about = _(
        "Images this month: %(images)s; sent for labeling: %(labels)s. Estimated from the list "
        "prices of %(date)s; the free tier is not included."
    ) % {"images": format_count(month.images), "labels": format_count(month.labelled), "date": listed}
    total = format_dollars(sum(standing + images for standing, images in month.bill.values()))
    title = _("Costs this month: about %(total)s") % {"total": total}
    return Chart("costs", title, about, labels, series, format_dollars, form="rows")


def _build_alt_text_chart(user: User | AnonymousUser) -> Chart:
    shares = dashboard_queries.count_alt_texts(user)
    states = dict(Image.State.choices)
    page = reverse("admin:library_image_changelist")
    described, lacking = (
        sum(share[WITH_ALT_TEXT] for share in shares.values()),
        sum(share[WITHOUT_ALT_TEXT] for share in shares.values()),
    )
    share = round(100 * described / (described + lacking)) if described + lacking else 100
    series = [
        Series(_("with alt text"), "good", [shares[state][WITH_ALT_TEXT] for state in shares]),
        Series(_("without alt text"), "bad", [shares[state][WITHOUT_ALT_TEXT] for state in shares]),
    ]
    return Chart(
        "alt-text",
        _("Alt text: %(share)s %%") % {"share": share},
        _("Screen readers read alt text aloud. Each row links to the images without it."),
        [str(states[state]) for state in shares],
        series,
        format_count,
        form="rows",
        links=[f"{page}?state={state}&alt=no" for state in shares],
    )
