"""The page that asks before a person is removed for good."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mediahub.desk.http import get_editor, render_page, require_permission
from mediahub.desk.people import departures
from mediahub.library.models import SavedSearch
from mediahub.library.parsing import read_number


@require_http_methods(["GET", "POST"])
@never_cache
@require_permission("auth.delete_user")
def remove_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what becomes of a person who leaves, and do it when their user name is typed."""
    person, user = get_object_or_404(User, pk=pk), get_editor(request)
    heirs, problem = departures.list_heirs(person), ""
    name = person.username
    if request.method == "POST":
        heir = heirs.filter(pk=read_number(request.POST.get("heir", "")) or 0).first()
        if request.POST.get("name", "").strip() != name:
            problem = _("Enter the user name %(name)s to confirm.") % {"name": name}
        elif person.is_superuser and not user.is_superuser:
            problem = _("Only an administrator can remove an administrator.")
        else:
            try:
                pseudonym = departures.remove_person(user, person, heir)
            except ValidationError as error:
                problem = " ".join(error.messages)
            else:
                sentence = _("%(name)s was removed. The history calls them “%(pseudonym)s”.")
                messages.success(request, sentence % {"name": name, "pseudonym": pseudonym})
                return redirect("admin:auth_user_changelist")
    context = {
        "title": _("Remove %(name)s for good") % {"name": name},
        "person": person,
        "heirs": heirs,
        "shared": SavedSearch.objects.filter(owner=person, shared=True).count(),
        "problem": problem,
    }
    return render_page(request, "desk/people/remove_person.html", context, status=400 if problem else 200)
