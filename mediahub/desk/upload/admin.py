"""The journeys of files, to look at."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy, ngettext

from mediahub.desk.admin_pages import ReadOnlyAdmin
from mediahub.desk.http import get_editor
from mediahub.desk.upload import presenters as upload_presenters
from mediahub.recovery import retries
from mediahub.recovery.access import visible_failed_items
from mediahub.uploads import folder_batches
from mediahub.uploads.access import visible_batches, visible_uploads
from mediahub.uploads.ingest import TOO_MANY_PIXELS
from mediahub.uploads.models import Upload

# Older folders are behind the link to all files from the bucket.
MAX_FOLDERS = 5
PAGE = "p"


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    visible_records = staticmethod(visible_uploads)
    change_list_template = "desk/upload/uploads.html"
    change_form_template = "desk/upload/detail.html"
    list_display = ["file_name"]
    list_filter = ["state", "source", "method"]
    linked = ("batch__id__exact",)
    list_select_related = ["uploaded_by"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["file_name", "key", "reason"]
    search_help_text = gettext_lazy("File name, key or reason")
    actions = ["allow_more_pixels"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        uploads = super().get_queryset(request)
        return uploads.filter(source=Upload.Source.BROWSER) if _shows_folders(request) else uploads

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = dict(extra_context or {})
        if _shows_folders(request) and request.GET.get(PAGE, "1") in ("", "1"):
            newest = folder_batches.list_folder_batches(request.user, MAX_FOLDERS)
            context["folders"] = [upload_presenters.describe_folder(each) for each in newest]
        elif batch_id := request.GET.get(self.linked[0]):
            context["folder"] = _find_folder_name(request, batch_id)
        return super().changelist_view(request, context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        upload: Upload = kwargs["obj"]
        context.update(
            title=upload.file_name,
            story=upload_presenters.list_events(upload),
            failed_items=visible_failed_items(request.user).filter(upload=upload),
            decisions=upload.decisions.select_related("by"),
            may_allow=upload.code == TOO_MANY_PIXELS and self.has_allow_permission(request),
            may_retry=request.user.has_perm("recovery.retry_faileditem"),
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def has_allow_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("uploads.allow_more_pixels")

    @admin.action(description=gettext_lazy("Allow once"), permissions=["allow"])
    def allow_more_pixels(self, request: HttpRequest, queryset: QuerySet[Upload]) -> None:
        number = sum(retries.allow_more_pixels(get_editor(request), upload) for upload in queryset)
        text = ngettext("Retrying %(n)d image.", "Retrying %(n)d images.", number)
        messages.success(request, text % {"n": number})


def _shows_folders(request: HttpRequest) -> bool:
    """Return whether the list is asked for as a whole; files from the bucket are then told by their folders."""
    is_list = request.resolver_match is not None and request.resolver_match.url_name == "uploads_upload_changelist"
    return is_list and request.method == "GET" and set(request.GET) <= {PAGE}


def _find_folder_name(request: HttpRequest, batch_id: str) -> str:
    """Return the name of the folder that the list is narrowed to; empty for another batch, or for none."""
    try:
        batch = visible_batches(request.user).exclude(folder="").filter(pk=UUID(batch_id)).first()
    except ValueError:
        return ""
    return upload_presenters.describe_folder_name(batch) if batch else ""
