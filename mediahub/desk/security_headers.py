"""Headers that narrow what a page may do in the browser, and what stays there."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Pages of the desk use none of these, so no script on them may. Source: "Permissions Policy", W3C.
DENIED_FEATURES = (
    *("accelerometer", "bluetooth", "camera", "display-capture", "geolocation", "gyroscope", "hid", "idle-detection"),
    *("local-fonts", "magnetometer", "microphone", "midi", "payment", "screen-wake-lock", "serial", "usb"),
)
# The sign-in asks the browser for passkeys.
OWN_FEATURES = ("publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS_POLICY = ", ".join(
    [*(f"{feature}=()" for feature in DENIED_FEATURES), *(f"{feature}=(self)" for feature in OWN_FEATURES)]
)
# Files that wait in Uppy's store, drafts, and pictures in the cache: the next person at this browser gets none of them.
# Cookies stay, since the language is one of them; the session's own ends with the session.
CLEAR_SITE_DATA = '"cache", "storage"'


class PermissionsPolicyMiddleware:
    """Middleware: forbid every page the devices and sensors that no page uses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response
