"""The dashboard and the tour."""

from django.contrib import admin
from django.urls import path

from mediahub.desk.dashboard import views

view = admin.site.admin_view
urlpatterns = [
    path("dashboard/", view(views.show_dashboard), name="dashboard"),
    path("tour/", view(views.show_tour), name="tour"),
]
