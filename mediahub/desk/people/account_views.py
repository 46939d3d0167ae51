"""Ending one's own sessions, and removing the second factors of a person who lost them."""

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from mediahub.desk.http import get_editor, render_page, require_permission
from mediahub.desk.people import lost_factors, sessions, sign_in_changes
from mediahub.desk.security_headers import CLEAR_SITE_DATA
from mediahub.history.models import Action


@require_POST
@never_cache
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End the session that the form names by its mark, or all of them, this one included."""
    user = get_editor(request)
    mark = request.POST.get("session", "")
    if mark:
        ended = sessions.end_session(user, mark)
        if ended:
            sign_in_changes.record_change(user, user, Action.SESSIONS_ENDED)
            messages.success(request, _("The session was ended."))
        else:
            messages.warning(request, _("This session has already ended."))
        return redirect("mfa_index")
    sessions.end_all(user)
    sign_in_changes.record_change(user, user, Action.SESSIONS_ENDED)
    request.session.flush()
    response = redirect("admin:login")
    response["Clear-Site-Data"] = CLEAR_SITE_DATA
    return response


@require_http_methods(["GET", "POST"])
@never_cache
@require_permission("auth.change_user")
def remove_factors(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then remove the second factors of a person who lost them, and end the person's sessions."""
    person, user = get_object_or_404(User, pk=pk), get_editor(request)
    problem = ""
    if person.is_superuser and not user.is_superuser:
        problem = _("Only an administrator can do this for an administrator.")
    elif person.pk == user.pk:
        problem = _("Change your own second factors on the page “Sign-in and sessions”.")
    if request.method == "POST" and not problem:
        lost_factors.remove_factors(user, person)
        sentence = _("The second factors of %(name)s were removed, and all their sessions ended.")
        messages.success(request, sentence % {"name": person.username})
        return redirect("admin:auth_user_change", person.pk)
    context = {
        "title": _("Remove the second factors of %(name)s") % {"name": person.username},
        "person": person,
        "factors": Authenticator.objects.filter(user=person).order_by("created_at"),
        "problem": problem,
    }
    return render_page(request, "desk/people/remove_factors.html", context, status=400 if problem else 200)
