"""Limit what a browser stores, such as files that wait to be sent, to the person it is of and to a few days.

Signing out clears it. A session that ends by itself does not, so that uploads go on when the same person is back.
"""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from mediahub.desk.security_headers import CLEAR_SITE_DATA

# Holds whose data the browser keeps, and since when: "7.1764201600".
COOKIE = "stored-for"
COOKIE_SECONDS = 365 * 24 * 3600
# A weekend, after which people go on with what they typed on Friday.
KEPT_SECONDS = 3 * 24 * 3600
# How old the moment may be before it is written again.
REFRESH_SECONDS = 3600


class StoredDataMiddleware:
    """Middleware: have the browser forget a person's data when another person signs in, or nobody does for days."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        # Answers to scripts clear nothing: a page that is open asks who is signed in, and the next page comes soon.
        if response.get("Content-Type", "").startswith("text/html"):
            _follow_person(request, response)
        return response


def _follow_person(request: HttpRequest, response: HttpResponse) -> None:
    owner, age = _read_cookie(request.COOKIES.get(COOKIE, ""))
    # A request that was refused early has no person yet.
    user: User | AnonymousUser = getattr(request, "user", AnonymousUser())
    if not user.is_authenticated:
        if owner and age > KEPT_SECONDS and request.path == reverse("admin:login"):
            response["Clear-Site-Data"] = CLEAR_SITE_DATA
            response.delete_cookie(COOKIE)
        return
    if owner and owner != user.pk:
        response["Clear-Site-Data"] = CLEAR_SITE_DATA
    if owner != user.pk or age > REFRESH_SECONDS:
        value = f"{user.pk}.{int(time.time())}"
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(COOKIE, value, COOKIE_SECONDS, secure=secure, httponly=True, samesite="Lax")


def _read_cookie(value: str) -> tuple[int, float]:
    """Return whose data the browser keeps and for how many seconds; 0 for nobody's. Anybody may have written it."""
    owner, _, moment = value.partition(".")
    if not (owner.isascii() and owner.isdigit() and moment.isascii() and moment.isdigit() and len(value) < 32):
        return 0, 0
    return int(owner), time.time() - int(moment)
