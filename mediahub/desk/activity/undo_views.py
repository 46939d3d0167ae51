"""Taking back one act, whatever page it was done on."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from mediahub.desk.current_user import editor
from mediahub.history import undo as history_undo
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change

# A page of sentences is read by nobody.
MOST_REFUSALS = 5


@require_POST
def undo(request: HttpRequest, batch: UUID) -> HttpResponse:
    """Take back one act of this editor's own, or anybody's for who may publish, and lead back to where it was asked."""
    user = editor(request)
    acts = Change.objects.filter(change_set=batch)
    if not user.has_perm("library.publish_image"):
        acts = acts.filter(by=user)
    if not acts.exists():
        messages.error(request, _("There is nothing of yours to take back here."))
        return redirect(back(request))
    undone = history_undo.undo(user, batch)
    for sentence in undone.refused[:MOST_REFUSALS]:
        messages.warning(request, sentence)
    if undone.change_set.images:
        text = ngettext("%(n)d image is as it was.", "%(n)d images are as they were.", undone.change_set.images)
        say(request, text % {"n": undone.change_set.images}, undone.change_set)
    elif undone.reverted:
        messages.success(request, _("The collections are as they were."), extra_tags=f"undo-{undone.change_set.id}")
    return redirect(back(request))


def say(request: HttpRequest, text: str, act: ChangeSet) -> None:
    """A message about an act; its extra tags name the batch, beside which the page puts a button that takes it back."""
    messages.success(request, text, extra_tags=f"undo-{act.id}" if act.images else "")


def back(request: HttpRequest) -> str:
    """The page of this site that a form names as `next`, else the library."""
    wanted = request.POST.get("next", "")
    # Without a slash Django takes it for the name of a view.
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return reverse("admin:library_image_changelist")
