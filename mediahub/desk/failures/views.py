"""Putting originals back on top of files that overwrote them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from mediahub.desk.http import require_permission
from mediahub.recovery import consistency_checks
from mediahub.uploads import originals
from processing import ProcessingError


@require_POST
@require_permission("library.replace_image")
@require_permission("recovery.view_consistencycheck")
def put_back_originals(request: HttpRequest) -> HttpResponse:
    """Put back each original that the newest comparison found under a later version."""
    number = 0
    for upload in consistency_checks.find_overwritten():
        try:
            number += originals.restore_first_version(upload)
        except ProcessingError as error:
            messages.error(request, error.message)
            break
    text = ngettext(
        "%(n)d original was restored as the latest version.",
        "%(n)d originals were restored as the latest versions.",
        number,
    )
    messages.success(request, text % {"n": number})
    return redirect("admin:recovery_consistencycheck_changelist")
