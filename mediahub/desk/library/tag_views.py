"""Merging tags, hiding labels, and completing the names of tags."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from mediahub.desk.http import get_editor, get_return_address, require_permission
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, vocabulary


@require_GET
@require_permission("library.view_tag", json=True)
def complete_tag(request: HttpRequest) -> JsonResponse:
    """Return at most 20 names of tags that match `?q=`, as {"names": [...]}."""
    return JsonResponse(
        {"names": vocabulary.complete_name(access.visible_tags(request.user), request.GET.get("q", ""))}
    )


@require_POST
@require_permission("library.delete_tag")
def merge_tag(request: HttpRequest, pk: int) -> HttpResponse:
    """Merge this tag into the one that the form names."""
    tags = access.visible_tags(request.user)
    tag = get_object_or_404(tags, pk=pk)
    into = vocabulary.find_tag(" ".join(request.POST.get("into", "").split()))
    if into is None or not tags.filter(pk=into.pk).exists():
        messages.error(request, _("There is no tag with that name. Choose an existing tag."))
        return redirect("admin:library_tag_change", pk)
    try:
        number = vocabulary.merge_tags(ChangeSet(get_editor(request)), tag, into)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("admin:library_tag_change", pk)
    text = ngettext(
        "“%(tag)s” was merged into “%(into)s” on %(n)d image.",
        "“%(tag)s” was merged into “%(into)s” on %(n)d images.",
        number,
    )
    messages.success(request, text % {"tag": tag.name, "into": into.name, "n": number})
    return redirect("admin:library_tag_change", into.pk)


@require_POST
@require_permission("library.change_tag")
def hide_label(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop suggesting this tag."""
    tag = get_object_or_404(access.visible_tags(request.user), pk=pk)
    number = vocabulary.hide_label(ChangeSet(get_editor(request)), tag)
    text = ngettext(
        "“%(tag)s” is no longer suggested; it was on %(n)d image.",
        "“%(tag)s” is no longer suggested; it was on %(n)d images.",
        number,
    )
    messages.success(request, text % {"tag": tag.name, "n": number})
    return redirect(get_return_address(request))


@require_POST
@require_permission("library.change_tag")
def show_label(request: HttpRequest, pk: int) -> HttpResponse:
    """Suggest a hidden or mapped label again as it is."""
    rule = get_object_or_404(access.visible_rules(request.user), pk=pk)
    vocabulary.unhide_label(rule)
    messages.success(request, _("“%(label)s” is suggested again.") % {"label": rule.label})
    return redirect(get_return_address(request))
