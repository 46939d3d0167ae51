"""Addresses of the site in what leaves it: zip files, invitations, and whatever else no browser has asked for."""

from django.conf import settings
from django.urls import get_script_prefix, reverse


def build_site_url(view: str, **arguments: object) -> str:
    """Return the whole address of a view; as SITE_URL does, it has the stage that API Gateway's own host wants."""
    # Within a request `reverse` puts the stage before the path as well.
    path = reverse(view, kwargs=arguments).removeprefix(get_script_prefix())
    return f"{settings.SITE_URL}/{path}"
