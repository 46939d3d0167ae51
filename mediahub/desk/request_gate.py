"""The gate that every request passes, and the answer to a request that cannot be read."""

import codecs
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.request import UnreadablePostError
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _

from mediahub.desk import unsaved_input
from mediahub.desk.http import Unreadable
from processing import is_storable

FORM = "application/x-www-form-urlencoded"
Answer = Callable[[HttpRequest], HttpResponse]


class Gate:
    """Middleware: let no text in that no database can hold, so that no view has to ask."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if broken := _broken_cookies(request):
            sentence = _("A damaged cookie of this site was removed. Reload the page.")
            response = bad_request(request, Unreadable(sentence))
            for name in broken:
                response.delete_cookie(name)
            return response
        if not all(map(is_storable, _texts(request))) or not _is_utf8(request):
            return bad_request(request)
        return self._get_response(request)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400 with a sentence: as a page to a person, as {"reason": …} to a program."""
    with translation.override(translation.get_language_from_request(request)):
        reason = _sentence(exception)
        if unsaved_input.is_for_a_script(request):
            return JsonResponse({"reason": reason}, status=400)
        return HttpResponse(render_to_string("desk/bad_request.html", {"reason": reason}), status=400)


class Utf8Request(WSGIRequest):
    """A request whose address is UTF-8, whatever encoding its headers name.

    Django decodes the address by the codec that a header names, before the first middleware, and fails where there is
    no such codec for texts.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (LookupError, ValueError):
            self.content_type, self.content_params = "", {}


class Application(WSGIHandler):
    """Django's own, with requests that are read as UTF-8."""

    request_class = Utf8Request


def _texts(request: HttpRequest) -> Iterator[str]:
    """Yield all texts of the address and of the form."""
    yield request.path
    for fields in (request.GET, _form(request)):
        for name, values in fields.lists():
            yield name
            yield from map(str, values)


def _form(request: HttpRequest) -> QueryDict:
    try:
        return request.POST
    except (LookupError, ValueError, UnreadablePostError) as error:
        raise Unreadable(_("The form arrived incomplete. Go back and send it again.")) from error


def _is_utf8(request: HttpRequest) -> bool:
    try:
        if codecs.lookup((request.content_params or {}).get("charset", "utf-8")).name not in ("utf-8", "ascii"):
            return False
        unquote_to_bytes(request.META.get("QUERY_STRING", "").encode("latin-1")).decode()
        if request.method == "POST" and request.content_type == FORM:
            unquote_to_bytes(request.body).decode()
    except (LookupError, ValueError):
        return False
    return True


def _broken_cookies(request: HttpRequest) -> list[str]:
    """Return the names of those of the site's own cookies that hold no text; others may hold what they like."""
    names = (
        settings.SESSION_COOKIE_NAME,
        settings.CSRF_COOKIE_NAME,
        settings.LANGUAGE_COOKIE_NAME,
        CookieStorage.cookie_name,
    )
    return [name for name in names if not is_storable(request.COOKIES.get(name, ""))]


def _sentence(exception: Exception | None) -> str:
    match exception:
        case Unreadable():
            return str(exception)
        case RequestDataTooBig() | TooManyFieldsSent() | TooManyFilesSent():
            return _("The request is too large. Select fewer images or enter less text, and work in smaller groups.")
        case None:
            return _("The address or the form contains invalid characters. Remove them and try again.")
    return _("This request cannot be read. Go back, reload the page, and try again.")
