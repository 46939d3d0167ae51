"""The library: images as a grid, and one image with its words, tags and renditions."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import Count, Q, QuerySet
from django.forms import DateInput, ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from mediahub.delivery.embed import build_embed_code
from mediahub.desk import overview
from mediahub.desk import presenters as desk_presenters
from mediahub.desk.activity import presenters as activity_presenters
from mediahub.desk.admin_pages import EditAdmin
from mediahub.desk.collections import membership_views
from mediahub.desk.current_user import editor
from mediahub.desk.forms import EditModelForm
from mediahub.desk.library import views as library_views
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, duplicates, field_edits, metadata, publishing
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image

COMPLETIONS = 200


if TYPE_CHECKING:
    from django.contrib.auth.models import User

    ImageForm = ModelForm[Image]
else:
    ImageForm = ModelForm


class WordsForm(EditModelForm, ImageForm):
    """The words of an image; those of a published one stay complete."""

    def last_change(self, name: str) -> "tuple[User | None, datetime | None]":
        found = field_edits.build_conflict(self.instance, name, None)
        return found.by, found.at

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name, value in found.items():
            setattr(self.instance, name, value)
        publishing.check_metadata(self.instance)
        return found


@admin.register(Image)
class ImageAdmin(EditAdmin):
    change_form_template = "desk/library/image.html"
    form = WordsForm
    fields = metadata.FIELDS

    def get_form(self, request: HttpRequest, obj: Image | None = None, change: bool = False, **kwargs: Any) -> Any:
        words_of_editor = {
            "alt_text": AdminTextareaWidget(attrs={"rows": 3}),
            "caption": AdminTextareaWidget(attrs={"rows": 3}),
            "rights_until": DateInput({"type": "date"}, "%Y-%m-%d"),
        }
        says = {"alt_text": _("What someone who cannot see the picture should know.")}
        return super().get_form(request, obj, change, widgets=words_of_editor, help_texts=says, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Image | None = None) -> bool:
        # Nothing that was uploaded is lost: an image that is not wanted is archived.
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        return access.visible_images(request.user).defer("label_raw").prefetch_related("renditions")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return library_views.page(request)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        image: Image = kwargs["obj"]
        context.update(
            title=image.title,
            taggings=image.taggings.select_related("tag", "reviewed_by"),
            completions=access.visible_tags(request.user)
            .exclude(taggings__image=image)
            .values_list("name", flat=True)[:COMPLETIONS],
            labels_say=desk_presenters.labels(image),
            may_review=request.user.has_perm("library.review_tagging"),
            may_publish=request.user.has_perm("library.publish_image"),
            upload=image.uploads.select_related("uploaded_by").first(),
            embedded=desk_presenters.embedded(image),
            collections=membership_views.shown(editor(request), image),
            change_sets=activity_presenters.present_image_changes(image, request.user),
            rules=publishing.check_rules(image),
            is_unchecked=publishing.is_unchecked(image),
            embed=build_embed_code(image),
            going_out=image.mirrored_revision < image.revision,
            **image.versions.aggregate(versions_kept=Count("pk"), file_waits=Count("pk", filter=Q(waiting=True))),
            may_replace=request.user.has_perm("library.replace_image"),
            duplicates=duplicates.count_similar(request.user, image),
            failed_items=overview.failed(request.user).filter(image=image),
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Image, form: Any, change: bool) -> None:
        # The form has compared them under the image's lock already.
        metadata.edit(ChangeSet(editor(request)), obj, {name: Edit(value) for name, value in form.cleaned_data.items()})
