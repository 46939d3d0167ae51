"""The public addresses of files where no CDN stands in front: a redirect to a signed address."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from mediahub.delivery import public
from mediahub.delivery.addresses import build_address

# As long as a browser keeps a permanent address.
CACHE_SECONDS = 60


@require_safe
def show_public_file(request: HttpRequest, path: str) -> HttpResponse:
    """Redirect to a public file; 404 for a file that is not, or no longer, public."""
    key = f"public/{path}"
    if not public.is_public_file(key):
        raise Http404
    answer = redirect(build_address(key))
    patch_cache_control(answer, public=True, max_age=CACHE_SECONDS)
    # A picture may stand in anyone's page.
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
