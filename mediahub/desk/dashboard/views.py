"""The dashboard, and the page that shows how the desk works."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mediahub.desk.dashboard import presenters as dashboard_presenters
from mediahub.desk.dashboard.queries import PERIODS, Period, read_queue_figures
from mediahub.desk.http import get_editor, render_page, require_permission
from mediahub.desk.people.preferences import get_preference, list_keys

DEFAULT_DAYS = 30


@require_GET
@never_cache
@require_permission("recovery.view_dashboard")
def show_dashboard(request: HttpRequest) -> HttpResponse:
    """Show all charts, over the days that the address asks for: 7, 30 or 90."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, PERIODS) else DEFAULT_DAYS
    period = Period.of_last_days(days)
    queue = read_queue_figures(period)
    context = {
        "title": _("Dashboard"),
        "charts": dashboard_presenters.build_charts(request.user, period, queue),
        "standing": dashboard_presenters.describe_queue(queue),
        "days": days,
        "periods": PERIODS,
    }
    return render_page(request, "desk/dashboard/dashboard.html", context)


@require_GET
@never_cache
def show_tour(request: HttpRequest) -> HttpResponse:
    """Show a day at the desk in a few steps, to read once and to print."""
    preference = get_preference(get_editor(request))
    context = {"title": _("How MediaHub works"), "key_list": list_keys(preference), "on": preference.shortcuts_on}
    return render_page(request, "desk/dashboard/tour.html", context)
