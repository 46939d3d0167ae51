"""An editor's session and preferences."""

from django.contrib import admin
from django.urls import path

from mediahub.desk.people import account_views, departure_views, session_views, views

view = admin.site.admin_view
# Scripts ask those without `view`: they answer 403 in JSON where a page would lead to the sign-in.
urlpatterns = [
    path("session/", session_views.show_session, name="session"),
    path("people/<id:pk>/remove/", view(departure_views.remove_person), name="remove_person"),
    path("people/<id:pk>/factors/", view(account_views.remove_factors), name="remove_factors"),
    path("account/sessions/end/", view(account_views.end_sessions), name="end_sessions"),
    path("preferences/", view(views.edit_preferences), name="preferences"),
    path("preferences/keys/", view(views.show_keys), name="keys"),
    path("preferences/threshold/", views.set_threshold, name="threshold"),
]
