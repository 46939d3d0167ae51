"""Where researchers report a vulnerability: security.txt, as RFC 9116 wants it."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from mediahub.site_address import build_site_url

# "It is recommended that the value of this field be less than a year into the future" (section 2.5.5). A site that
# nobody runs any more answers nothing, so the date moves on with each day.
VALID_FOR = timedelta(days=180)


@require_safe
def show_security_txt(request: HttpRequest) -> HttpResponse:
    """Return whom to tell of a vulnerability; 404 where the operator named nobody."""
    if not settings.SECURITY_CONTACTS:
        raise Http404
    expires = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + VALID_FOR
    lines = [f"Contact: {contact}" for contact in settings.SECURITY_CONTACTS]
    lines += [f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}", f"Canonical: {build_site_url('security_txt')}"]
    lines.append(f"Preferred-Languages: {', '.join(code for code, _name in settings.LANGUAGES)}")
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
