"""The original of one image, as it was sent: the file in use, or an earlier one."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from mediahub.delivery import addresses
from mediahub.desk.activity.undo_views import back
from mediahub.desk.current_user import editor
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action
from mediahub.library import access
from processing import ProcessingError


@require_POST
@never_cache
@permission_required("library.download_original", raise_exception=True)
def original(request: HttpRequest, image_id: UUID, number: int | None = None) -> HttpResponse:
    """Note who takes the file along, and lead to it by a link that is good for moments."""
    image = get_object_or_404(access.visible_images(request.user), pk=image_id)
    which = {"current": True} if number is None else {"number": number}
    version = image.versions.filter(**which).first()
    if version is None or not version.version_id:
        said = _("Nobody knows where the original of %(title)s lies. Ask an operator to compare bucket and records.")
        messages.error(request, said % {"title": image.title})
        return redirect(back(request))
    name = version.facts.get("file_name") or image.file_name
    try:
        address = addresses.sign_original_link(version.key, version.version_id, name)
    except ProcessingError as error:
        messages.error(request, error.message)
        return redirect(back(request))
    ChangeSet(editor(request)).record(image, Action.DOWNLOADED)
    return redirect(address)
