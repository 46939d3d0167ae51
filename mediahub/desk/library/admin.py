"""The admin pages of images and tags."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import DateInput
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mediahub.delivery.embed import build_embed_code
from mediahub.desk import overview
from mediahub.desk.activity import presenters as activity_presenters
from mediahub.desk.admin_pages import EditAdmin
from mediahub.desk.http import get_editor
from mediahub.desk.library import presenters as library_presenters
from mediahub.desk.library import views as library_views
from mediahub.desk.library.forms import MetadataForm, TagForm
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, collection_tree, duplicates, figures, metadata, publishing, vocabulary
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, Tag, Tagging, Version


@admin.register(Image)
class ImageAdmin(EditAdmin):
    visible_records = staticmethod(access.visible_images)
    # Nothing that was uploaded is lost: an image that is not wanted is archived.
    closed = frozenset({"add", "delete"})
    change_form_template = "desk/library/image.html"
    form = MetadataForm
    fields = metadata.FIELDS

    def get_form(self, request: HttpRequest, obj: Image | None = None, change: bool = False, **kwargs: Any) -> Any:
        words_of_editor = {
            "alt_text": AdminTextareaWidget(attrs={"rows": 3}),
            "caption": AdminTextareaWidget(attrs={"rows": 3}),
            "rights_until": DateInput({"type": "date"}, "%Y-%m-%d"),
        }
        says = {"alt_text": _("Describe the image for people who cannot see it.")}
        return super().get_form(request, obj, change, widgets=words_of_editor, help_texts=says, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        images: QuerySet[Image] = super().get_queryset(request).defer("label_raw").prefetch_related("renditions")
        waits = Version.objects.filter(image=OuterRef("pk"), waiting=True)
        return images.annotate(versions_kept=_count_versions(), file_waits=Exists(waits))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return library_views.show_images(request)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        image: Image = kwargs["obj"]
        nodes = collection_tree.list_nodes(request.user, image)
        context.update(
            title=image.title,
            taggings=image.taggings.select_related("tag", "reviewed_by"),
            labels_say=library_presenters.describe_labels(image),
            may_review=request.user.has_perm("library.review_tagging"),
            may_publish=request.user.has_perm("library.publish_image"),
            upload=image.uploads.select_related("uploaded_by").first(),
            embedded=library_presenters.list_embedded_fields(image),
            collections=[(node.collection.pk, node.name) for node in nodes if node.has_image],
            change_sets=activity_presenters.present_image_changes(
                image, request.user, {node.collection.pk for node in nodes}
            ),
            rules=publishing.check_rules(image),
            is_unchecked=publishing.is_unchecked(image),
            embed=build_embed_code(image),
            going_out=image.mirrored_revision < image.revision,
            versions_kept=image.versions_kept,  # type: ignore[attr-defined]
            file_waits=image.file_waits,  # type: ignore[attr-defined]
            may_replace=request.user.has_perm("library.replace_image"),
            duplicates=duplicates.count_similar(request.user, image),
            failed_items=overview.list_open_failed_items(request.user).filter(image=image),
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Image, form: Any, change: bool) -> None:
        # The form has compared them under the image's lock already.
        metadata.edit(
            ChangeSet(get_editor(request)), obj, {name: Edit(value) for name, value in form.cleaned_data.items()}
        )


def _count_versions() -> Coalesce:
    """Return the number of an image's versions as an expression."""
    versions = Version.objects.filter(image=OuterRef("pk")).order_by().values("image")
    return Coalesce(Subquery(versions.annotate(n=Count("pk")).values("n")), 0)


@admin.register(Tag)
class TagAdmin(EditAdmin):
    visible_records = staticmethod(access.visible_tags)
    form = TagForm
    change_form_template = "desk/library/tag.html"
    change_list_template = "desk/library/tags.html"
    list_display = ["name", "accepted", "suggested"]
    search_fields = ["name", "synonyms__word"]
    list_per_page = 100
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        counts: dict[str, Any] = {
            state: figures.sum_for_tag(request.user, state)
            if figures.is_kept(figures.TAGS)
            else Count("taggings", filter=Q(taggings__state=state) & access.on_open_images(request.user))
            for state in (Tagging.State.ACCEPTED, Tagging.State.SUGGESTED)
        }
        tags: QuerySet[Tag] = super().get_queryset(request)
        return tags.annotate(**{f"{state}_count": count for state, count in counts.items()})

    def get_form(self, request: HttpRequest, obj: Tag | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.user = request.user
        return form

    def get_fields(self, request: HttpRequest, obj: Tag | None = None) -> Any:
        # Who may only look gets no form; Django then asks the record itself for each field.
        if obj and not self.has_change_permission(request, obj):
            return ["name", "other_words", "accepted", "suggested", "images"]
        return super().get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        vocabulary.save_tag(obj)
        # The form has checked them already.
        vocabulary.set_synonyms(request.user, obj, form.cleaned_data["synonyms"].splitlines())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        rules = access.visible_rules(request.user).select_related("tag")
        return super().changelist_view(request, {"rules": rules, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        tag: Tag | None = kwargs["obj"]
        if tag:
            context.update(
                on_images=tag.accepted_count + tag.suggested_count  # type: ignore[attr-defined]
                if figures.is_kept(figures.TAGS)
                else access.visible_taggings(request.user).filter(tag=tag).count(),
                labels=access.visible_rules(request.user).filter(tag=tag),
            )
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=gettext_lazy("Synonyms"))
    def other_words(self, tag: Tag) -> str:
        return ", ".join(synonym.word for synonym in tag.synonyms.all())

    @admin.display(description=gettext_lazy("Images"))
    def images(self, tag: Tag) -> str:
        address = f"{reverse('admin:library_image_changelist')}?tag={tag.pk}"
        return format_html('<a href="{}">{}</a>', address, _("Images with this tag"))

    @admin.display(description=gettext_lazy("accepted on images"), ordering="accepted_count")
    def accepted(self, tag: Tag) -> int:
        return int(tag.accepted_count)  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("suggested on images"), ordering="suggested_count")
    def suggested(self, tag: Tag) -> int:
        return int(tag.suggested_count)  # type: ignore[attr-defined]
