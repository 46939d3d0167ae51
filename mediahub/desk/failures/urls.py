"""What an operator does about files; failed items and checks have pages of the admin."""

from django.contrib import admin
from django.urls import path

from mediahub.desk.failures import views

view = admin.site.admin_view
urlpatterns = [
    path("originals/put-back/", view(views.put_back_originals), name="put_back"),
]
