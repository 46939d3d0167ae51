"""Who is signed in, for pages that stay open for hours: their scripts ask before they send what was typed.

And what becomes of a form whose session or token has ended meanwhile.
"""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import resolve, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mediahub.desk import unsaved_input
from mediahub.desk.http import render_page
from mediahub.desk.people.passkeys import explain_missing_passkeys
from mediahub.desk.people.sign_in_forms import SignInForm
from mediahub.desk.unsaved_input import UnsavedForm

# Who opens these need not be signed in.
PUBLIC_FORMS = ("password_reset_confirm",)
# The steps of the sign-in, by the names of their addresses: each begins anew.
SIGN_IN_FORMS = ("login", "account_login", "mfa_authenticate", "mfa_login_webauthn")


@require_GET
@never_cache
def show_session(request: HttpRequest) -> JsonResponse:
    """Return {"user": the id of the signed-in person, or null, "token": the CSRF token that forms need now, or ""}."""
    user = request.user
    if not (user.is_active and user.is_staff):
        # A token would come with a cookie. Where a sign-in in another tab overtakes this answer, that cookie would take
        # the place of the new one.
        return JsonResponse({"user": None, "token": ""})
    return JsonResponse({"user": user.pk, "token": get_token(request)})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is not good: keep what was typed where this site's own page sent it."""
    if unsaved_input.is_for_a_script(request):
        sentence = _("Nothing was changed, because you signed in again after opening this page. Reload it.")
        return JsonResponse({"reason": sentence, "code": "csrf"}, status=403)
    form = unsaved_input.read_unsaved_form(request) if unsaved_input.is_from_this_site(request) else None
    name = resolve(request.path_info).url_name
    if form is None:
        says = _("Nothing was changed, because the request came from another site or could not be read.")
        return _render_uncached(request, {"title": _("Request refused"), "says": says})
    if name in SIGN_IN_FORMS:
        return ask_to_sign_in(request, unsaved_input.unsign(request.POST.get(unsaved_input.FIELD_NAME, "")))
    if name not in PUBLIC_FORMS and not admin.site.has_permission(request):
        return ask_to_sign_in(request, form)
    says = _("You signed in again after opening this page, so MediaHub could not accept what you sent from it.")
    return offer_to_send_again(request, form, says, status=403)


def ask_to_sign_in(request: HttpRequest, form: UnsavedForm | None) -> HttpResponse:
    """Return the sign-in that brings along what was typed."""
    context = {
        "title": _("Sign in to MediaHub"),
        "app_path": reverse("admin:login"),
        "form": SignInForm(request=request),
        "next": form.page if form else reverse("admin:index"),
        **build_sign_in_context(request, form),
    }
    return _render_uncached(request, context, template="admin/login.html")


def build_sign_in_context(request: HttpRequest, form: UnsavedForm | None) -> dict[str, Any]:
    """Return what the sign-in's template needs to keep what was typed, and to offer other ways in."""
    return {
        "typed": form.sign() if form else "",
        "typed_form": form,
        "no_passkeys": explain_missing_passkeys(request),
        "organization": settings.OIDC_ISSUER and (settings.OIDC_NAME or _("your organization")),
    }


def offer_to_send_again(request: HttpRequest, form: UnsavedForm, says: str, status: int = 200) -> HttpResponse:
    """Return the page that shows what was typed, and sends it when the person says so."""
    return _render_uncached(request, {"title": _("Not sent yet"), "says": says, "form": form}, status)


def _render_uncached(
    request: HttpRequest, context: dict[str, Any], status: int = 403, template: str = "desk/people/send_again.html"
) -> HttpResponse:
    response = render_page(request, template, context, status=status)
    add_never_cache_headers(response)
    return response
