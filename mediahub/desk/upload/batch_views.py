"""What is asked and said of files that are sent together: which are there already, and words for all their images."""

import re
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mediahub.delivery.addresses import build_address
from mediahub.desk.current_user import editor
from mediahub.desk.http import read_json
from mediahub.desk.upload.progress_views import refused
from mediahub.library.collection_tree import list_names
from mediahub.library.models import Image
from mediahub.uploads import upload_batches
from mediahub.uploads.models import Upload, UploadBatch

AT_ONCE = 200
SHA256 = re.compile(r"[0-9a-f]{64}")
NONE = UUID(int=0)


def sha256_of(text: str) -> str:
    """A SHA-256 as a browser says it, in 64 hexadecimal digits; empty for anything else."""
    return text if SHA256.fullmatch(text) else ""


def may_describe(user: User | AnonymousUser) -> bool:
    """That this person may say words of all images of a batch."""
    return user.has_perms(["library.change_image", "library.review_tagging"])


def batch_fields(user: User | AnonymousUser) -> dict[str, Any]:
    """What the form of words for all needs: whether the person gets it, and the collections that may be chosen."""
    may_file = may_describe(user) and user.has_perm("library.add_membership")
    return {"may_describe": may_describe(user), "collections": list_names(user) if may_file else {}}


def batch_config(user: User | AnonymousUser) -> dict[str, Any]:
    """What the upload page's scripts need for a batch that begins with the first file of this load of the page."""
    library = reverse("admin:library_image_changelist")
    return {
        "known": reverse("desk:known"),
        "batch": str(uuid4()),
        # The place of the batch's id in an address.
        "none": str(NONE),
        "batchWords": reverse("desk:batch_words", args=[NONE]) if may_describe(user) else "",
        "library": f"{library}?batch={NONE}" if user.has_perm("library.view_image") else "",
        "review": f"{reverse('desk:review_start')}?batch={NONE}" if user.has_perm("library.review_tagging") else "",
    }


@require_POST
@never_cache
def known(request: HttpRequest) -> JsonResponse:
    """Which files are there already: `{"hashes": [at most 200 of SHA-256]}` gives `{"known": {hash: …}}`.

    Each is `{title, href, picture, upload}`: an image that this person may see, or with the id of its upload a file of
    theirs that came and is no image yet.
    """
    if refusal := refused(request, "uploads.add_upload"):
        return refusal
    hashes = read_json(request).get("hashes")
    if not isinstance(hashes, list) or not all(isinstance(one, str) and SHA256.fullmatch(one) for one in hashes):
        return JsonResponse({"reason": _("This is no list of SHA-256 hashes.")}, status=400)
    if len(hashes) > AT_ONCE:
        return JsonResponse({"reason": _("Ask for at most %(n)d files at once.") % {"n": AT_ONCE}}, status=400)
    images, uploads = upload_batches.find_existing_files(editor(request), hashes)
    going = {sha256: _going(upload) for sha256, upload in uploads.items()}
    return JsonResponse({"known": going | {sha256: _held(image) for sha256, image in images.items()}})


@require_GET
def page(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The images of one batch: the library, narrowed to them."""
    return redirect(f"{reverse('admin:library_image_changelist')}?batch={batch_id}")


@require_http_methods(["GET", "POST"])
@never_cache
def words(request: HttpRequest, batch_id: UUID) -> JsonResponse:
    """What is said of all images of a batch of this person's; POST says it anew.

    `{title, numbered, credit, license, tags: [names], collection: id or null}` keeps words and says them of images that
    are there; `{start}` goes on where the answer's `next` names a place; `{undo: true}` takes them back. A refusal has
    its `reason` in a sentence.
    """
    if refusal := refused(request, "uploads.add_upload"):
        return refusal
    if not may_describe(request.user):
        return JsonResponse({"reason": _("You may not change images. Ask a chief editor for the right.")}, status=403)
    user = editor(request)
    if request.method == "GET":
        return JsonResponse(_told(UploadBatch.objects.filter(pk=batch_id, by=user).first() or UploadBatch(license="")))
    try:
        return JsonResponse(_say(user, batch_id, read_json(request)))
    except upload_batches.NotYourBatch as error:
        return JsonResponse({"reason": str(error)}, status=403)
    except ValidationError as error:
        return JsonResponse({"reason": " ".join(error.messages)}, status=400)


def _say(user: User, batch_id: UUID, asked: dict[str, Any]) -> dict[str, Any]:
    if asked.get("undo") is True:
        undone = upload_batches.undo_metadata(user, batch_id)
        text = ngettext("%(n)d image is as it was.", "%(n)d images are as they were.", undone.change_set.images)
        return {"said": " ".join([text % {"n": undone.change_set.images}, *undone.refused[:5]])}
    if "start" in asked:
        batch, start = upload_batches.get_or_create_batch(user, batch_id), _number(asked, "start")
    else:
        batch, start = upload_batches.save_metadata(user, batch_id, _words(asked)), 1
    done = upload_batches.apply_metadata(user, batch, start)
    return {**_told(batch), "changed": done.act.images, "next": done.next, "refused": done.refused[:5]}


def _words(asked: dict[str, Any]) -> upload_batches.BatchMetadata:
    tags = asked.get("tags", [])
    typed = [asked.get(name, "") for name in ("title", "credit", "license")]
    texts = [*typed, *(tags if isinstance(tags, list) else [None])]
    if not all(isinstance(text, str) for text in texts):
        raise ValidationError(_("These are no words for a batch. Load the page again."))
    title, credit, license, *names = texts
    collection = _number(asked, "collection") or None
    return upload_batches.BatchMetadata(
        title, asked.get("numbered") is not False, credit, license, tuple(names), collection
    )


def _number(asked: dict[str, Any], name: str) -> int:
    value = asked.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else 0


def _told(batch: UploadBatch) -> dict[str, Any]:
    return {
        "title": batch.title,
        "numbered": batch.numbered,
        "credit": batch.credit,
        "license": batch.license,
        "tags": batch.tags,
        "collection": batch.collection_id,
    }


def _held(image: Image) -> dict[str, Any]:
    small = min(image.renditions.all(), key=lambda rendition: rendition.width, default=None)
    href = reverse("admin:library_image_change", args=[image.pk])
    return {"title": image.title, "href": href, "picture": build_address(small.key) if small else "", "upload": None}


def _going(upload: Upload) -> dict[str, Any]:
    href = reverse("desk:arrival", args=[upload.pk])
    return {"title": upload.file_name, "href": href, "picture": "", "upload": str(upload.pk)}
