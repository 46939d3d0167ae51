"""In which language an editor works: what they chose, else what their browser asks for, else the site's own."""

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from mediahub.desk.models import Preference

KEY = "language"


class LanguageMiddleware(LocaleMiddleware):
    """Django's, with the language that the session brings along before all others."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        chosen = request.session.get(KEY, "")
        if chosen in dict(settings.LANGUAGES):
            translation.activate(chosen)
            request.LANGUAGE_CODE = translation.get_language()


def remember_language(request: HttpRequest, user: User) -> None:
    """Set the session's language, from the next page on, to the user's choice; empty follows the browser.

    It lies in the session, so that no page asks the database for it.
    """
    request.session[KEY] = Preference.objects.filter(user=user).values_list("language", flat=True).first() or ""
