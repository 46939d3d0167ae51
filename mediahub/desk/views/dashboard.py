"""The dashboard, and the page that shows how the desk works."""

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mediahub.desk import dashboard
from mediahub.desk.figures import PERIODS, Period
from mediahub.desk.people import editor
from mediahub.desk.preferences import key_list, of

USUAL = 30


@require_GET
@never_cache
@permission_required("intake.view_dashboard", raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """All charts, over the days that the address asks for: 7, 30 or 90."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, PERIODS) else USUAL
    context = {
        "title": _("Dashboard"),
        "charts": dashboard.charts(request.user, Period.of(days)),
        "standing": dashboard.standing(),
        "days": days,
        "periods": PERIODS,
    }
    return render(request, "desk/dashboard.html", {**admin.site.each_context(request), **context})


@require_GET
@never_cache
def tour(request: HttpRequest) -> HttpResponse:
    """The day at the desk in a few steps, to read once and to print."""
    held = of(editor(request))
    context = {"title": _("How the desk works"), "key_list": key_list(held), "on": held.shortcuts_on}
    return render(request, "desk/tour.html", {**admin.site.each_context(request), **context})
