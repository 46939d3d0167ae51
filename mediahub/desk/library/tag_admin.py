"""The vocabulary."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db.models import Count, Q, QuerySet
from django.forms import CharField, ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mediahub.desk.admin_pages import EditAdmin
from mediahub.desk.forms import EditModelForm
from mediahub.library import access, vocabulary
from mediahub.library.models import Tag, Tagging

if TYPE_CHECKING:
    TagModelForm = ModelForm[Tag]
else:
    TagModelForm = ModelForm


class TagForm(EditModelForm, TagModelForm):
    """A tag with its synonyms, one a line; what several people add and take off at once is put together."""

    together = ("synonyms",)
    user: Any = None

    synonyms = CharField(
        label=gettext_lazy("Synonyms"),
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 4}),
        help_text=gettext_lazy("Other words for it, one a line. Whoever types or searches one of them means this tag."),
    )

    class Meta:
        model = Tag
        fields = ["name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["synonyms"] = "\n".join(one.word for one in self.instance.synonyms.all())

    def clean_name(self) -> str:
        return vocabulary.clean_name(self.cleaned_data["name"])

    def clean_synonyms(self) -> str:
        if self.fields["synonyms"].widget.value_omitted_from_data(self.data, self.files, "synonyms"):
            return str(self.initial.get("synonyms", ""))
        shown = self.data.get(self["synonyms"].html_initial_name, self.initial.get("synonyms", ""))
        now, seen, wanted = map(_lines, (self.initial.get("synonyms", ""), shown, self.cleaned_data["synonyms"]))
        words = {key: word for key, word in now.items() if key in wanted or key not in seen}
        words |= {key: word for key, word in wanted.items() if key not in seen}
        tag = Tag(pk=self.instance.pk, name=self.cleaned_data.get("name", self.instance.name))
        vocabulary.check_synonyms(self.user, tag, words.values())
        return "\n".join(words.values())


def _lines(text: str) -> dict[str, str]:
    """The words of a text with one a line, each by what makes it the same as another."""
    words = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return {word.casefold(): word for word in words}


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
        held = {
            state: Count("taggings", filter=Q(taggings__state=state) & access.on_open_images(request.user))
            for state in (Tagging.State.ACCEPTED, Tagging.State.SUGGESTED)
        }
        tags: QuerySet[Tag] = super().get_queryset(request)
        return tags.annotate(**{f"{state}_count": count for state, count in held.items()})

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
                on_images=access.visible_taggings(request.user).filter(tag=tag).count(),
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
