"""Background jobs."""

from django.contrib import admin
from django.urls import path

from mediahub.desk.jobs import views

view = admin.site.admin_view
urlpatterns = [
    path("jobs/", view(views.list_jobs), name="jobs"),
    path("jobs/<uuid:job_id>/", view(views.show_job), name="job"),
    path("jobs/<uuid:job_id>/steer/", view(views.steer_job), name="steer_job"),
    path("jobs/<uuid:job_id>/parts/<id:pk>/", view(views.download_part), name="job_part"),
]
