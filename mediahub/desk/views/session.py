"""Who is signed in, for pages that stay open for hours: their scripts ask before they send what was typed."""

from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET


@require_GET
@never_cache
def state(request: HttpRequest) -> JsonResponse:
    """Return {"user": the id of the signed-in person, or null, "token": the CSRF token that forms need now}."""
    user = request.user
    may_enter = user.is_active and user.is_staff
    return JsonResponse({"user": user.pk if may_enter else None, "token": get_token(request)})
