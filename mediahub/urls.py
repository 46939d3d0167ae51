"""The front door for browsers: everything editors use lives in the admin site."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    # Where an invited person chooses a password; admin's own templates show it.
    path("admin/invited/<uidb64>/<token>/", auth.PasswordResetConfirmView.as_view(), name="password_reset_confirm"),
    path("admin/invited/done/", auth.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
    path("admin/", include("mediahub.desk.urls")),
    path("admin/", admin.site.urls),
]
