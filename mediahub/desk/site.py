"""The admin site as the editors' desk."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mediahub.desk import overview, unsaved_input
from mediahub.desk.http import get_editor
from mediahub.desk.people import sessions, sign_in_changes
from mediahub.desk.people.session_views import ask_to_sign_in
from mediahub.desk.security_headers import CLEAR_SITE_DATA
from mediahub.history.models import Action


class DeskSite(AdminSite):
    """Django's admin with the desk's own front page and ways in place of the list of apps."""

    site_header = site_title = "MediaHub"
    index_title = gettext_lazy("Desk")
    site_url = None
    enable_nav_sidebar = False
    index_template = "desk/dashboard/home.html"

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        entries = overview.list_navigation(request) if context["has_permission"] else []
        more = [entry for entry in entries if not entry.main]
        current = next((entry for entry in more if entry.current), None)
        return {**context, "navigation": entries, "more_navigation": more, "current_entry": current}

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Return Django's view for people who are signed in; what others send by a form is kept while they sign in."""
        inner: Callable[..., HttpResponse] = super().admin_view(view, cacheable)

        def keep_typed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != "POST" or request.user.is_authenticated or request.path == reverse("admin:logout"):
                return inner(request, *args, **kwargs)
            if unsaved_input.is_for_a_script(request):
                sentence = _("You are signed out. Sign in and send it again.")
                return JsonResponse({"reason": sentence, "code": "signed_out"}, status=403)
            form = unsaved_input.read_unsaved_form(request)
            return ask_to_sign_in(request, form) if form else inner(request, *args, **kwargs)

        return update_wrapper(keep_typed, inner)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        # No record has a page of its own on a public site, which this address of Django's would lead to.
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the only sign-in there is: with limits, second factors and passkeys."""
        # With the page, not with every cold start: allauth brings much along.
        from mediahub.desk.people import sign_in_views

        response: HttpResponse = sign_in_views.SignInView.as_view()(request)
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        answer = super().password_change(request, extra_context)
        if request.method == "POST" and answer.status_code == 302:
            user = get_editor(request)
            sessions.end_others(user, request.session.session_key or "")
            sign_in_changes.record_change(user, user, Action.PASSWORD_CHANGED)
        return answer

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        answer = super().logout(request, extra_context)
        answer["Clear-Site-Data"] = CLEAR_SITE_DATA
        return answer

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        figures = {"counts": overview.count_records(request.user), "latest": overview.list_latest_images(request.user)}
        return super().index(request, {**figures, **(extra_context or {})})
