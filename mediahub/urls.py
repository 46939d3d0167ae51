"""The front door for browsers: everything editors use lives in the admin site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from mediahub.desk.csp_reports import count_report
from mediahub.desk.library import public_views
from mediahub.desk.people import views as people_views
from mediahub.desk.security_txt import show_security_txt

handler400 = "mediahub.desk.request_gate.bad_request"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/invited/<uidb64>/<token>/", people_views.InvitationView.as_view(), name="password_reset_confirm"),
    path("admin/invited/done/", people_views.InvitationAcceptedView.as_view(), name="password_reset_complete"),
    path("csp-report/", count_report, name="csp_report"),
    path(".well-known/security.txt", show_security_txt, name="security_txt"),
    path("public/<path:path>", public_views.show_public_file, name="public"),
    path("admin/", include("mediahub.desk.urls")),
    path("admin/", include("mediahub.desk.people.sign_in_urls")),
    path("admin/", admin.site.urls),
]
