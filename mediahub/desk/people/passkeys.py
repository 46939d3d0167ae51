"""To which host passkeys belong, and where a browser takes none."""

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _


def get_passkey_host() -> str:
    """Return the host that passkeys belong to: the site's; a browser takes names only, so this machine is localhost."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    try:
        return "localhost" if ipaddress.ip_address(host).is_loopback else host
    except ValueError:
        return host


def explain_missing_passkeys(request: HttpRequest) -> str:
    """Return why a browser would refuse a passkey at the address that was opened; empty where it takes one."""
    host, port = request.get_host().partition(":")[::2]
    expected = get_passkey_host()
    if host == expected and (request.is_secure() or host == "localhost"):
        return ""
    is_here = expected == "localhost"
    address = f"http://localhost:{port}" if is_here and port else settings.SITE_URL
    return _("Passkeys do not work at this address. Open %(address)s to use them.") % {"address": address}
