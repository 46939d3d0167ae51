"""The desk's own pages, under the admin site's address and behind its sign-in."""

from django.contrib import admin
from django.urls import path

from mediahub.desk.views import (
    activity,
    acts,
    arrivals,
    collections,
    filing,
    library,
    preferences,
    publishing,
    review,
    reviewing,
    undo,
    uploads,
    versions,
    vocabulary,
)

app_name = "desk"
view = admin.site.admin_view
urlpatterns = [
    path("upload/", view(uploads.page), name="upload"),
    path("upload/plain/", view(uploads.plain), name="plain"),
    path("upload/<uuid:upload_id>/", view(uploads.arrival), name="arrival"),
    # Programs ask these: they answer 403 in JSON where a page would lead to the sign-in.
    path("upload/sign/", uploads.sign, name="sign"),
    path("upload/status/", arrivals.status, name="status"),
    path("pulse/", arrivals.pulse, name="pulse"),
    path("tags/complete/", vocabulary.complete, name="complete"),
    path("tags/<int:pk>/merge/", view(vocabulary.merge), name="merge_tag"),
    path("tags/<int:pk>/hide/", view(vocabulary.hide), name="hide_label"),
    path("tags/labels/<int:pk>/", view(vocabulary.show), name="show_label"),
    path("activity/", view(activity.page), name="activity"),
    path("activity/export.<slug:kind>", view(activity.export), name="export_activity"),
    path("images/act/", view(library.bulk), name="bulk"),
    path("images/searches/", view(library.save_search), name="save_search"),
    path("images/searches/<int:pk>/", view(library.change_search), name="change_search"),
    path("collections/", view(collections.page), name="collections"),
    path("collections/make/", view(collections.make), name="make_collection"),
    path("collections/complete/", collections.complete, name="complete_collection"),
    path("collections/put/", filing.drop, name="drop"),
    path("collections/<int:pk>/", view(collections.one), name="collection"),
    path("collections/<int:pk>/change/", view(collections.change), name="change_collection"),
    path("images/<uuid:image_id>/collections/", view(filing.of_image), name="file_image"),
    path("undo/<uuid:batch>/", view(undo.undo), name="undo"),
    path("review/", view(reviewing.start), name="review_start"),
    path("review/items/", reviewing.items, name="review_items"),
    path("review/acts/", acts.many, name="review_acts"),
    path("review/tags/", reviewing.tag_names, name="tag_names"),
    path("images/<uuid:image_id>/review/", view(reviewing.page), name="review"),
    path("images/<uuid:image_id>/review/act/", view(acts.one), name="review_act"),
    path("preferences/", view(preferences.page), name="preferences"),
    path("preferences/keys/", view(preferences.keys), name="keys"),
    path("preferences/threshold/", preferences.threshold, name="threshold"),
    path("images/<uuid:image_id>/versions/", view(versions.page), name="versions"),
    path("images/<uuid:image_id>/versions/<int:number>/", view(versions.restore), name="restore_version"),
    path("images/<uuid:image_id>/replace/", view(versions.replace), name="replace"),
    path("images/<uuid:image_id>/flags/", view(publishing.look_at_flags), name="look_at_flags"),
    path("images/<uuid:image_id>/words/", view(review.take_over), name="take_over"),
    path("images/<uuid:image_id>/tags/", view(review.add), name="add_tag"),
    path("images/<uuid:image_id>/tags/<int:tagging_id>/", view(review.decide), name="decide_tag"),
]
