"""What all views share: the editor, permissions, pages, messages, and JSON from a script."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.shortcuts import render
from django.urls import reverse
from django.urls.converters import IntConverter
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from mediahub.desk import unsaved_input
from mediahub.history.change_set import ChangeSet
from mediahub.library.parsing import LARGEST, read_number
from processing import is_storable

# No page of the desk sends JSON that is nested deeper.
DEEPEST = 20
# Scripts name the person whose page they run in: another person may have signed in in the same browser since.
PAGE_OWNER_HEADER = "X-Desk-User"
Parameters = ParamSpec("Parameters")
View = Callable[Concatenate[HttpRequest, Parameters], HttpResponseBase]
T = TypeVar("T")


class Unreadable(BadRequest):
    """A request that cannot be read as what it should be, in a sentence for a person."""


def require_permission(*permissions: str, json: bool = False) -> Callable[[View[Parameters]], View[Parameters]]:
    """Return a decorator that answers 403 unless the editor is signed in and has one of the permissions.

    A script gets {"reason": …}, as does everybody with `json`, which is for views that only scripts call. Nothing is
    done in the name of a person to whom the asking page does not belong.
    """

    def decorate(view: View[Parameters]) -> View[Parameters]:
        @wraps(view)
        def check_permission(
            request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs
        ) -> HttpResponseBase:
            reason = _explain_refusal(request, permissions)
            if not reason:
                return view(request, *args, **kwargs)
            if json or unsaved_input.is_for_a_script(request):
                return JsonResponse({"reason": reason}, status=403)
            raise PermissionDenied(reason)

        return check_permission

    return decorate


def _explain_refusal(request: HttpRequest, permissions: tuple[str, ...]) -> str:
    """Return why the request is not allowed; empty when it is."""
    user = request.user
    if user.is_authenticated and request.headers.get(PAGE_OWNER_HEADER, str(user.pk)) != str(user.pk):
        return _("This page belongs to someone who is no longer signed in. Sign in as that person to continue.")
    if user.is_active and user.is_staff and any(user.has_perm(permission) for permission in permissions):
        return ""
    return _("You are not signed in, or you don't have permission. Sign in again, or ask a chief editor.")


def render_page(
    request: HttpRequest, template: str, context: Mapping[str, object], *, status: int = 200
) -> HttpResponse:
    """Return a page of the desk: a template with the header and the navigation that all pages have."""
    return render(request, template, {**admin.site.each_context(request), **context}, status=status)


class JsonObject:
    """A JSON object from a script, whose fields are read by type.

    A field of another type raises Unreadable with the sentence `refusal`, or with one that names the field.
    """

    def __init__(self, values: dict[str, Any], refusal: str = "") -> None:
        self.values = values
        self._refusal = refusal

    def read_text(self, name: str) -> str:
        """Return the text; empty where there is none."""
        return self._read(name, str, "")

    def read_number(self, name: str) -> int:
        """Return the whole number; 0 where there is none."""
        return self._read(name, int, 0)

    def read_flag(self, name: str, *, missing: bool = False) -> bool:
        """Return whether the field is true; `missing` where there is none."""
        return self._read(name, bool, missing)

    def read_uuid(self, name: str) -> UUID | None:
        """Return the UUID; None where there is none."""
        text = self.read_text(name)
        try:
            return UUID(text) if text else None
        except ValueError as error:
            raise self._wrong_type(name) from error

    def read_texts(self, name: str) -> list[str]:
        """Return the list of texts; empty where there is none."""
        return self._read_list(name, str)

    def read_objects(self, name: str) -> list["JsonObject"]:
        """Return the list of objects; empty where there is none."""
        return [JsonObject(values, self._refusal) for values in self._read_list(name, dict)]

    def _read_list(self, name: str, kind: type[T]) -> list[T]:
        values: list[T] = self._read(name, list, [])
        if not all(isinstance(value, kind) for value in values):
            raise self._wrong_type(name)
        return values

    def _read(self, name: str, kind: type[T], missing: T) -> T:
        value = self.values.get(name)
        if value is None:
            return missing
        # To Python, true is a number too.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self._wrong_type(name)
        return value

    def _wrong_type(self, name: str) -> Unreadable:
        sentence = _("“%(name)s” has the wrong type. Reload the page and try again.") % {"name": name}
        return Unreadable(self._refusal or sentence)


def read_json(request: HttpRequest, refusal: str = "") -> JsonObject:
    """Return the JSON object that is the request's body; raises Unreadable."""
    try:
        return JsonObject(parse_json(request.body), refusal)
    except (RawPostDataException, UnreadablePostError) as error:
        raise Unreadable(_("The request arrived incomplete. Try again.")) from error


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


def _not_json() -> str:
    return _("The request is not a valid JSON object. Reload the page and try again.")


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


def get_editor(request: HttpRequest) -> User:
    """Return the signed-in editor; raises PermissionDenied for anybody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def add_undo_message(request: HttpRequest, text: str, change_set: ChangeSet) -> None:
    """Add a message about an action; its extra tags name the action, so that the page shows an undo button."""
    messages.success(request, text, extra_tags=f"undo-{change_set.id}" if change_set.images else "")


def get_return_address(request: HttpRequest) -> str:
    """Return the page of this site that the form names as `next`, else the library."""
    address = request.POST.get("next", "")
    # Without a slash Django takes it for the name of a view.
    if address.startswith("/") and url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure()):
        return address
    return reverse("admin:library_image_changelist")
