"""The activity and undo."""

from django.contrib import admin
from django.urls import path

from mediahub.desk.activity import views

view = admin.site.admin_view
urlpatterns = [
    path("activity/", view(views.show_activity), name="activity"),
    path("activity/export.<slug:kind>", view(views.export_activity), name="export_activity"),
    path("undo/<uuid:batch>/", view(views.undo_change_set), name="undo"),
]
