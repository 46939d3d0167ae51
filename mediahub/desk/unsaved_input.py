"""What somebody typed into a form that the desk could not take: kept on a page, and sent when that person says so.

A session that ended, or a token that a sign-in in another tab renewed, must cost nobody their words. They travel in
signed form from page to page, and nothing is ever sent again without a click on a page that shows what and where to.
"""

import re
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from mediahub.library import field_edits
from mediahub.library.models import Image

FIELD_NAME = "typed"
SALT = "mediahub.desk.unsaved_input"
# A person who signs in again does so on the same day.
MAX_AGE_SECONDS = 24 * 3600
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
# These are typed anew, and show on no page; nor does a token help anybody.
SECRET_FIELDS = re.compile(r"pass|secret|token|csrf|credential|^code$", re.IGNORECASE)
# What a form carries besides what was typed.
CARRIED_FIELDS = re.compile(r"^(initial-|theirs-|was_|seen$|next$|stay$|id$|_)")


@dataclass(frozen=True)
class UnsavedForm:
    """A form as it was sent: to which address of this site, from which page, its fields, and those that are lost."""

    path: str
    page: str
    fields: list[list[str]]
    lost: list[str]

    def sign(self) -> str:
        """Return it as a text that only this site can have made."""
        return signing.dumps(asdict(self), salt=SALT, compress=True)

    @property
    def is_whole(self) -> bool:
        """Return whether the form can be sent again as it was."""
        return not self.lost

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Return what the person typed or chose, as (label of the field, value)."""
        return [(_label(name), value) for name, value in self.fields if not CARRIED_FIELDS.match(name)]

    @property
    def carried(self) -> list[list[str]]:
        """Return the other fields that are sent."""
        return [field for field in self.fields if CARRIED_FIELDS.match(field[0])]


def read_unsaved_form(request: HttpRequest) -> UnsavedForm | None:
    """Return what a form of the desk has sent; None for what is no form, or cannot be read."""
    if request.method != "POST" or request.content_type not in FORM_TYPES:
        return None
    try:
        data, files = request.POST, request.FILES
    except (RequestDataTooBig, SuspiciousOperation, UnreadablePostError):
        return None
    fields = [[name, value] for name, values in data.lists() for value in values if not SECRET_FIELDS.search(name)]
    typed = [field for field in fields if field[0] != FIELD_NAME]
    passwords = [name for name in data if SECRET_FIELDS.search(name) and name != "csrfmiddlewaretoken"]
    return UnsavedForm(request.get_full_path(), _get_sending_page(request), typed, [*passwords, *files])


def unsign(text: str) -> UnsavedForm | None:
    """Return what `sign` has made a text of; None for any other text, or one of yesterday."""
    try:
        return UnsavedForm(**signing.loads(text, salt=SALT, max_age=MAX_AGE_SECONDS))
    except (signing.BadSignature, TypeError):
        return None


def is_from_this_site(request: HttpRequest) -> bool:
    """Return whether this site's own page sent the request, as far as the browser says."""
    site = request.headers.get("Sec-Fetch-Site", "")
    if site in ("same-origin", "same-site", "cross-site"):
        return site == "same-origin"
    sender = request.headers.get("Origin") or request.headers.get("Referer") or ""
    if not sender:
        # A browser of these days names the origin of each POST.
        return True
    try:
        parts = urlsplit(sender)
    except ValueError:
        # What is no address is none of ours.
        return False
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin in {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}


def is_for_a_script(request: HttpRequest) -> bool:
    """Return whether a script asks, which reads JSON, and no person who would see a page."""
    accepts = request.headers.get("Accept", "")
    asks = request.content_type == "application/json" or ("json" in accepts and "html" not in accepts)
    return asks or request.headers.get("Sec-Fetch-Dest") == "empty"


def _get_sending_page(request: HttpRequest) -> str:
    """Return the page of this site that sent the form, without its host; else the desk's first page."""
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, {request.get_host()}, request.is_secure()):
        parts = urlsplit(referer)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if url_has_allowed_host_and_scheme(path, None) and path.startswith("/"):
            return path
    return reverse("admin:index")


def _label(name: str) -> str:
    if any(column.name == name for column in Image._meta.concrete_fields):
        return field_edits.get_label(name).capitalize()
    return name.replace("_", " ").strip().capitalize()
