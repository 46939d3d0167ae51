"""The library: images as a grid, and one image with its words, tags and renditions."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.forms import DateInput, ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mediahub.delivery.embed import embed
from mediahub.desk import words
from mediahub.desk.admin.page import PageAdmin
from mediahub.desk.people import editor
from mediahub.desk.views.arrivals import newest
from mediahub.desk.views.publishing import tell
from mediahub.intake.models import FailedItem
from mediahub.library import access, publishing, review
from mediahub.library.activity import Act
from mediahub.library.models import Image, Tag, Tagging

# Enough that the tag an editor looks for is among them; the search finds the others.
MOST_TAGS = 30
COMPLETIONS = 200


class AltTextFilter(admin.SimpleListFilter):
    title = gettext_lazy("alt text")
    parameter_name = "alt"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("has alt text")), ("no", _("lacks alt text"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Image]) -> QuerySet[Image]:
        match self.value():
            case "yes":
                return queryset.exclude(alt_text="")
            case "no":
                return queryset.filter(alt_text="")
        return queryset


class TagFilter(admin.SimpleListFilter):
    title = gettext_lazy("tag")
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        held = Count("taggings", filter=~Q(taggings__state=Tagging.State.REJECTED))
        common = Tag.objects.annotate(held=held).filter(held__gt=0).order_by("-held", "name")[:MOST_TAGS]
        return [(str(tag.pk), tag.name) for tag in common]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Image]) -> QuerySet[Image]:
        value = self.value()
        return queryset.filter(_tagged(Q(tag_id=value))) if value and value.isdecimal() else queryset


class OriginalFilter(admin.SimpleListFilter):
    """Images whose original was deleted are out of use: they stand in the list for who asks for them."""

    title = gettext_lazy("original")
    parameter_name = "original"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("deleted", _("deleted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Image]) -> QuerySet[Image]:
        return queryset.filter(deleted_at__isnull=self.value() != "deleted")


def _tagged(tag: Q) -> Exists:
    """That an image has such a tag, and no editor has rejected it."""
    return Exists(Tagging.objects.filter(tag, image=OuterRef("pk")).exclude(state=Tagging.State.REJECTED))


if TYPE_CHECKING:
    ImageForm = ModelForm[Image]
else:
    ImageForm = ModelForm


class WordsForm(ImageForm):
    """The words of an image; those of a published one stay complete."""

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name, value in found.items():
            setattr(self.instance, name, value)
        publishing.check_words(self.instance)
        return found


@admin.register(Image)
class ImageAdmin(PageAdmin):
    change_list_template = "desk/images.html"
    change_form_template = "desk/image.html"
    list_display = ["title"]
    list_filter = ["state", "label_state", AltTextFilter, TagFilter, OriginalFilter]
    list_per_page = 60
    show_full_result_count = False
    search_fields = ["title", "file_name", "alt_text"]
    search_help_text = gettext_lazy("Title, file name, alt text or tag")
    form = WordsForm
    fields = review.WORDS
    actions = ["publish", "archive"]

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

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("library.publish_image")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        return access.visible(request.user).defer("label_raw").prefetch_related("renditions")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Image], search_term: str
    ) -> tuple[QuerySet[Image], bool]:
        for word in search_term.split():
            own = Q()
            for field in self.search_fields:
                own |= Q(**{f"{field}__icontains": word})
            queryset = queryset.filter(own | Q(_tagged(Q(tag__name__icontains=word))))
        return queryset, False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"newest": newest(), **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        image: Image = kwargs["obj"]
        context.update(
            title=image.title,
            taggings=image.taggings.select_related("tag", "reviewed_by"),
            completions=Tag.objects.exclude(taggings__image=image).values_list("name", flat=True)[:COMPLETIONS],
            labels_say=words.labels(image),
            may_review=request.user.has_perm("library.review_tagging"),
            may_publish=self.has_publish_permission(request),
            upload=image.uploads.select_related("uploaded_by").first(),
            rules=publishing.rules(image),
            embed=embed(image),
            going_out=image.mirrored_revision < image.revision,
            versions_kept=image.versions.count(),
            may_replace=request.user.has_perm("library.replace_image"),
            failed_items=image.failed_items.filter(state=FailedItem.State.OPEN),
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Image, form: Any, change: bool) -> None:
        review.describe(Act(editor(request)), obj)

    @admin.action(description=gettext_lazy("Publish"), permissions=["publish"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        tell(request, publishing.publish(Act(editor(request)), queryset))

    @admin.action(description=gettext_lazy("Archive"), permissions=["publish"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        done = review.archive(Act(editor(request)), queryset)
        text = ngettext("%(n)d image is archived now.", "%(n)d images are archived now.", done) % {"n": done}
        messages.success(request, text)
