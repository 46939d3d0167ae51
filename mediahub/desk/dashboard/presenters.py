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
from mediahub.desk.dashboard.queries import Period
from mediahub.library.models import Image
from mediahub.reasons import explain
from mediahub.recovery.access import visible_failed_items
from mediahub.uploads.access import open_uploads

OUTCOMES: dict[str, tuple[str | Promise, str]] = {
    "ready": (gettext_lazy("became images"), "good"),
    "rejected": (gettext_lazy("rejected"), "wait"),
    "failed": (gettext_lazy("failed"), "bad"),
    "open": (gettext_lazy("on the way, or never sent"), "quiet"),
}
WORDED, BLIND = 0, 1


def charts(user: User | AnonymousUser, period: Period) -> list[Chart]:
    """All charts of the dashboard, in the order in which they stand."""
    came = dashboard_queries.arrivals(open_uploads(user), period)
    return [
        _uploads(period, came),
        _times(period, came),
        _failures(user, period),
        _queue(period),
        _storage(user),
        _money(),
        _coverage(user),
    ]


def standing() -> list[tuple[str, str]]:
    """(what, how much) of what waits at this moment, as the clock found it."""
    found = dashboard_queries.queue(Period.of(1))
    if found.last is None:
        return []
    return [
        (_("Messages waiting"), count(found.last.waiting)),
        (_("Oldest file on its way"), _long(found.age)),
        (_("Dead letters"), count(found.last.dead_letters)),
        (_("Looked at"), date_format(timezone.localtime(found.last.at), "SHORT_DATETIME_FORMAT")),
    ]


def count(value: Value) -> str:
    """A number as the language writes it."""
    return "–" if value is None else number_format(value, decimal_pos=None, use_l10n=True, force_grouping=True)


def dollars(value: Value) -> str:
    """US dollars; what is less than a cent is said to be so."""
    amount = Decimal(str(value or 0))
    if 0 < amount < Decimal("0.01"):
        return _("less than $0.01")
    return f"${number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)}"


def _seconds(value: Value) -> str:
    return "–" if value is None else _("%(n)s s") % {"n": number_format(value, decimal_pos=2, use_l10n=True)}


def _long(value: Value) -> str:
    """A time that may be days, in the largest unit of which two have passed."""
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


def _days(period: Period) -> list[str]:
    return [date_format(timezone.localtime(start), "MONTH_DAY_FORMAT") for start in period.starts]


def _uploads(period: Period, came: dashboard_queries.Arrivals) -> Chart:
    series = [Series(str(words), tone, came.outcomes[name]) for name, (words, tone) in OUTCOMES.items()]
    about = _("By the day on which they began, and what became of them.")
    if period.step > 1:
        about = _("By the week in which they began, and what became of them.")
    return Chart("uploads", _("Uploads"), about, _days(period), series, count)


def _times(period: Period, came: dashboard_queries.Arrivals) -> Chart:
    series = [Series(_("95 of 100 within"), "quiet", came.most), Series(_("half of them within"), "busy", came.half)]
    about = _("What decoding, renditions, labels and storing take for one file.")
    return Chart("times", _("Processing time"), about, _days(period), series, _seconds, over=True)


def _failures(user: User | AnonymousUser, period: Period) -> Chart:
    causes, rest = dashboard_queries.failures(visible_failed_items(user), period)
    shown = [*causes, *([rest] if rest else [])]
    page = reverse("admin:recovery_faileditem_changelist")
    labels = [explain(cause.sample) if cause.sample else _("All other causes") for cause in shown]
    links = [f"{page}?fingerprint__exact={cause.fingerprint}" if cause.fingerprint else page for cause in shown]
    series = [
        Series(_("open"), "bad", [cause.open for cause in shown]),
        Series(_("dealt with"), "good", [cause.failed - cause.open for cause in shown]),
    ]
    about = _("By cause, the most frequent first; by the day on which each failed last.")
    return Chart("failures", _("Failures"), about, labels, series, count, form="rows", links=links)


def _queue(period: Period) -> Chart:
    found = dashboard_queries.queue(period)
    series = [Series(_("messages, at most"), "busy", found.waiting)]
    about = _("The most that waited at once, as the clock looked once a minute.")
    return Chart("queue", _("The queue"), about, _days(period), series, count)


def _storage(user: User | AnonymousUser) -> Chart:
    found = dashboard_queries.storage(user)
    labels = [_("Originals"), _("Renditions"), _("Public copies"), _("Earlier versions")]
    held = Series(_("size"), "busy", [found.originals, found.renditions, found.public, found.earlier])
    about = _(
        "As the records know them: what lies in the buckets besides, like versions that S3 keeps, is not counted."
    )
    return Chart("storage", _("Storage"), about, labels, [held], _size, form="rows")


def _size(value: Value) -> str:
    return str(filesizeformat(int(value or 0)))


def _money() -> Chart:
    found = dashboard_queries.month()
    listed = costs.prices()["date"]
    labels = list(found.bill)
    series = [
        Series(_("stands"), "quiet", [found.bill[name][0] for name in labels]),
        Series(_("for the images"), "busy", [found.bill[name][1] for name in labels]),
    ]
    about = _(
        "Images this month: %(images)s; asked for labels: %(labels)s. "
        "An estimate by the list prices of %(date)s; no free tier is counted."
    ) % {"images": count(found.images), "labels": count(found.labelled), "date": listed}
    total = dollars(sum(standing + images for standing, images in found.bill.values()))
    title = _("Costs this month: about %(total)s") % {"total": total}
    return Chart("costs", title, about, labels, series, dollars, form="rows")


def _coverage(user: User | AnonymousUser) -> Chart:
    found = dashboard_queries.coverage(user)
    states = dict(Image.State.choices)
    page = reverse("admin:library_image_changelist")
    worded, blind = sum(share[WORDED] for share in found.values()), sum(share[BLIND] for share in found.values())
    share = round(100 * worded / (worded + blind)) if worded + blind else 100
    series = [
        Series(_("with alt text"), "good", [found[state][WORDED] for state in found]),
        Series(_("without"), "bad", [found[state][BLIND] for state in found]),
    ]
    return Chart(
        "alt-text",
        _("Alt text: %(share)s %%") % {"share": share},
        _("Who cannot see a picture reads its alt text. Each row leads to the images that lack it."),
        [str(states[state]) for state in found],
        series,
        count,
        form="rows",
        links=[f"{page}?state={state}&alt=no" for state in found],
    )
