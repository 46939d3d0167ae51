"""Reports of browsers that a page tried what its policy forbids: counted, and nothing of them is read or stored."""

import time
from collections import deque

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from mediahub.aws import metrics

# "Content Security Policy Level 3", 5.3, and "Reporting API", 3.2.
CONTENT_TYPES = ("application/csp-report", "application/reports+json")
# Anybody may send reports, so that each process counts so many of them in a minute and no more.
MAX_PER_MINUTE = 60
MINUTE = 60
_counted_at: deque[float] = deque(maxlen=MAX_PER_MINUTE)


@csrf_exempt
@require_POST
def count_report(request: HttpRequest) -> HttpResponse:
    """Count one report; 429 with Retry-After where this process counted enough of them in the last minute.

    A browser sends it without a token, and also from the page on which people sign in.
    """
    if request.content_type not in CONTENT_TYPES:
        return HttpResponse(status=415)
    now = time.monotonic()
    if len(_counted_at) == MAX_PER_MINUTE and now - _counted_at[0] < MINUTE:
        return HttpResponse(status=429, headers={"Retry-After": str(MINUTE)})
    _counted_at.append(now)
    metrics.report_counts({"policy_violations": 1})
    return HttpResponse(status=204)
