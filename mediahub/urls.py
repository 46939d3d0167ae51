"""The front door for browsers: everything editors use lives in the admin site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from mediahub.desk.library import public_views
from mediahub.desk.people import invitation_views

handler400 = "mediahub.desk.request_gate.bad_request"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/invited/<uidb64>/<token>/", invitation_views.Invitation.as_view(), name="password_reset_confirm"),
    path("admin/invited/done/", invitation_views.Accepted.as_view(), name="password_reset_complete"),
    path("public/<path:path>", public_views.show, name="public"),
    path("admin/", include("mediahub.desk.urls")),
    path("admin/", admin.site.urls),
]
