"""The journeys of files, to look at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from mediahub.desk import words
from mediahub.desk.admin.page import PageAdmin
from mediahub.intake.models import Upload


@admin.register(Upload)
class UploadAdmin(PageAdmin):
    change_list_template = "desk/uploads.html"
    change_form_template = "desk/upload_detail.html"
    list_display = ["file_name"]
    list_filter = ["state", "source", "method"]
    list_select_related = ["uploaded_by", "image"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["file_name", "key", "reason"]
    search_help_text = gettext_lazy("File name, key or reason")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Upload | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Upload | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        return super().get_queryset(request).prefetch_related("image__renditions")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        upload: Upload = kwargs["obj"]
        context.update(
            title=upload.file_name,
            story=words.story(upload),
            failed_items=upload.failed_items.all(),
        )
        return super().render_change_form(request, context, *args, **kwargs)
