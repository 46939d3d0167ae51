"""The admin site as the editors' desk."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext_lazy as _

from mediahub.desk import language, overview


class DeskSite(AdminSite):
    """Django's admin with the desk's own front page and ways in place of the list of apps."""

    site_header = site_title = "MediaHub"
    index_title = _("Desk")
    site_url = None
    enable_nav_sidebar = False
    index_template = "desk/home.html"

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        ways = overview.ways(request) if context["has_permission"] else []
        rest = [way for way in ways if not way.main]
        here = next((way for way in rest if way.current), None)
        return {**context, "ways": ways, "rest": rest, "here": here}

    def get_urls(self) -> list[URLPattern | URLResolver]:
        # No record has a page of its own on a public site, which this address of Django's would lead to.
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer = super().login(request, extra_context)
        if request.method == "POST" and isinstance(request.user, User):
            language.take_along(request, request.user)
        return answer

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        found = {"counts": overview.counts(request.user), "latest": overview.latest_images(request.user)}
        return super().index(request, {**found, **(extra_context or {})})
