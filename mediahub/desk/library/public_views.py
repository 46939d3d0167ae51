"""The public's addresses where no CDN stands before the renditions: a short way to a signed one."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from mediahub.delivery import public
from mediahub.delivery.addresses import build_address

# As long as a browser keeps a permanent address.
SECONDS = 60


@require_safe
def show(request: HttpRequest, path: str) -> HttpResponse:
    """Lead to a public file; 404 for what is not, or no longer, public."""
    key = f"public/{path}"
    if not public.is_public_file(key):
        raise Http404
    answer = redirect(build_address(key))
    patch_cache_control(answer, public=True, max_age=SECONDS)
    # A picture may stand in anyone's page.
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
