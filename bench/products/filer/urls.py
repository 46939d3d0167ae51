"""The addresses of django-filer's installation guide."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("filer/", include("filer.urls"))]
