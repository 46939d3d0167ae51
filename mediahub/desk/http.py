"""The gate that every request passes, the reader of JSON, and the answer to what cannot be read."""

import codecs
import json
import math
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.request import RawPostDataException, UnreadablePostError
from django.template.loader import render_to_string
from django.urls.converters import IntConverter
from django.utils import translation
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _

from mediahub.desk import unsaved_input
from mediahub.library.parsing import LARGEST, read_number
from processing import is_storable

# No page of the desk sends JSON that is nested deeper.
DEEPEST = 20
FORM = "application/x-www-form-urlencoded"
Answer = Callable[[HttpRequest], HttpResponse]


class Unreadable(BadRequest):
    """A request that cannot be read as what it should be, in a sentence for a person."""


class Gate:
    """Middleware: let no text in that no database can hold, so that no view has to ask."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if broken := _broken_cookies(request):
            sentence = _("A cookie of this site was damaged, and was removed. Load the page again.")
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


def read_json(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object that is the request's body; raises Unreadable."""
    try:
        return parse_json(request.body)
    except (RawPostDataException, UnreadablePostError) as error:
        raise Unreadable(_("The request did not arrive whole. Try again.")) from error


def parse_json(text: str | bytes) -> dict[str, Any]:
    """Return the object that a JSON text is; raises Unreadable for any other, and for values that nothing can hold."""
    try:
        value = json.loads(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(_not_json()) from error
    if not isinstance(value, dict) or not all(map(_is_plain, _values(value))):
        raise Unreadable(_not_json())
    return value


class IdConverter(IntConverter):
    """The part of an address that is the id of a record: no more than a database can count to."""

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = read_number(value)
        if number is None:
            raise ValueError(value)
        return number


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
        raise Unreadable(_("The form did not arrive whole. Go back and send it again.")) from error


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
    own = (
        settings.SESSION_COOKIE_NAME,
        settings.CSRF_COOKIE_NAME,
        settings.LANGUAGE_COOKIE_NAME,
        CookieStorage.cookie_name,
    )
    return [name for name in own if not is_storable(request.COOKIES.get(name, ""))]


def _sentence(exception: Exception | None) -> str:
    match exception:
        case Unreadable():
            return str(exception)
        case RequestDataTooBig() | TooManyFieldsSent() | TooManyFilesSent():
            return _("The request is too large. Choose fewer images or type less, and go on in parts.")
        case None:
            return _("The address or the form holds characters that are no text. Remove them and try again.")
    return _("This request cannot be read. Go back, load the page again and try once more.")


def _not_json() -> str:
    return _("The request is not a JSON object that the desk can read. Reload the page and try again.")


def _values(value: Any) -> Iterator[Any]:
    """Yield all texts and numbers of a JSON value; raises Unreadable where it is nested too deep."""
    waiting = [(value, 1)]
    while waiting:
        part, depth = waiting.pop()
        if depth > DEEPEST:
            raise Unreadable(_not_json())
        match part:
            case dict():
                yield from part
                waiting += [(below, depth + 1) for below in part.values()]
            case list():
                waiting += [(below, depth + 1) for below in part]
            case _:
                yield part


def _is_plain(value: Any) -> bool:
    """Return whether a text or a number of JSON can be kept in a database."""
    match value:
        case str():
            return is_storable(value)
        case float():
            return math.isfinite(value)
        case int():
            return abs(value) <= LARGEST
    return True
