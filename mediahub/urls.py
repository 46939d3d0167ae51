"""The front door for browsers: everything editors use lives in the admin site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from mediahub.desk.views import invitation, public

handler400 = "mediahub.desk.http.bad_request"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/invited/<uidb64>/<token>/", invitation.Invitation.as_view(), name="password_reset_confirm"),
    path("admin/invited/done/", invitation.Accepted.as_view(), name="password_reset_complete"),
    path("public/<path:path>", public.show, name="public"),
    path("admin/", include("mediahub.desk.urls")),
    path("admin/", admin.site.urls),
]
