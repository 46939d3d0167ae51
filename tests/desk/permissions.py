"""List who may ask what of which view: the table that `test_permissions.py` holds every address to.

Each view of the site has its row, by the name of its address. `needs` names the permissions of which one is enough; two
of them joined by "+" are needed together. Without any it is enough to be signed in to the desk. `record` says what the
address or the form names, and so what "own", "another's", "hidden" and "absent" mean there. What a person may not
reach is answered as if it were not there, with the status `absent`. A form with `changes` writes when it is allowed.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from tests.desk.addresses import Records

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OBJECTS = ("own", "another's", "hidden", "absent")
SAFE = ("GET", "HEAD")
# Nobody may, an administrator no more than others.
NEVER = "nobody"
Form = Callable[[Records], dict[str, Any]]


class Ask(NamedTuple):
    """Hold what may be asked of a view with these methods."""

    methods: tuple[str, ...]
    needs: tuple[str, ...] = ()
    record: str = ""
    absent: int = 404
    form: Form | None = None
    changes: bool = False
    # "desk": others are led to the sign-in. "script": others get 403, after the method. "public": for everybody.
    door: str = "desk"
    json: bool = False
    # How a person without the permissions is told so.
    refused: tuple[int, ...] = (403,)


def read(*needs: str, record: str = "", **more: Any) -> Ask:
    """Return what a page takes that is only read. GET includes HEAD only where Django's decorator says so."""
    return Ask(("GET",), needs, record, **more)


def post(*needs: str, record: str = "", **more: Any) -> Ask:
    """Return what a form is sent to."""
    return Ask(("POST",), needs, record, **more)


def script(ask: Ask) -> Ask:
    """Return the same for an address that scripts ask."""
    return ask._replace(door="script")


def public(*methods: str) -> list[Ask]:
    """Return what everybody may ask."""
    return [Ask(methods, door="public")]


def admin_of(
    label: str, model: str, *, record: str = "", writable: bool, forms: tuple[Ask, ...] = ()
) -> dict[str, Any]:
    """Return the rows of Django's pages of a model; their views treat every method but POST as reading."""
    view, change, add, delete = (f"{label}.{verb}_{model}" for verb in ("view", "change", "add", "delete"))
    others = tuple(method for method in METHODS if method != "POST")
    looks = (view, change)

    def if_writable(*needs: str) -> tuple[str, ...]:
        return needs if writable else (NEVER,)

    return {
        f"{label}_{model}_changelist": [Ask(METHODS, looks), *forms],
        f"{label}_{model}_add": [Ask(METHODS, if_writable(add))],
        f"{label}_{model}_history": [Ask(METHODS, looks, record, 302)],
        f"{label}_{model}_delete": [Ask(METHODS, if_writable(delete), record, 302)],
        f"{label}_{model}_change": [
            Ask(others, looks, record, 302),
            Ask(("POST",), if_writable(change), record, 302),
        ],
    }


def act(verb: str, permission: str, *, changes: bool = False, **more: str) -> Ask:
    """Return one action on images of the library."""

    def build_form(records: Records) -> dict[str, Any]:
        return {"act": verb, "image": str(records.image.pk), **more}

    return Ask(("POST",), (permission,), "image", 302, build_form, changes)


def arrange(verb: str, permission: str, *, changes: bool = False, **more: str) -> Ask:
    """Return one action on a collection."""
    return Ask(("POST",), (permission,), "collection", 404, lambda records: {"act": verb, **more}, changes)


def choose(action: str, permission: str, attribute: str, *, changes: bool = False) -> Ask:
    """Return one action of a list of the admin; one that a person may not take is not among the choices."""

    def build_form(records: Records) -> dict[str, Any]:
        chosen = {"_selected_action": str(getattr(records, attribute).pk)}
        return {"action": action, "note": "x", "index": "0", **chosen}

    kind = {"failed_item": "item", "owner": "person"}.get(attribute, attribute)
    return Ask(("POST",), (permission,), kind, 302, build_form, changes, refused=(200, 302, 403))


def build_wish(records: Records) -> dict[str, Any]:
    """Return an action of the review as a form."""
    return {"id": str(UUID(int=7)), "act": json.dumps({"tags": [[None, "Pier", None, "accepted"]]})}


def build_wishes(records: Records) -> dict[str, Any]:
    """Return the same as scripts send it."""
    tags = [[None, "Pier", None, "accepted"]]
    return {"acts": [{"id": str(UUID(int=7)), "image": str(records.image.pk), "tags": tags}]}


REVIEW, VIEW_IMAGE, REPLACE = "library.review_tagging", "library.view_image", "library.replace_image"
PUBLISH, UPLOAD, VIEW_UPLOAD = "library.publish_image", "uploads.add_upload", "uploads.view_upload"
VIEW_COLLECTION, VIEW_JOB, VIEW_CHANGE = "library.view_collection", "jobs.view_job", "history.view_change"
CHANGE_IMAGE, DOWNLOAD = "library.change_image", "library.download_original"
TICKET = {"method": "POST", "name": "a.jpg", "type": "image/jpeg", "size": 900}
BOTH = ("GET", "POST")
# Where a person changes how they sign in.
ACCOUNT_FORMS = (
    *("mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"),
    *("account_reauthenticate", "mfa_reauthenticate"),
)

VIEWS: dict[str, list[Ask]] = {
    # For everybody.
    "": public(*METHODS),
    "csp_report": public("POST"),
    "security_txt": public("GET", "HEAD"),
    "public": public("GET", "HEAD"),
    "password_reset_confirm": public(*METHODS),
    "password_reset_complete": public("GET", "HEAD", "OPTIONS"),
    "login": public("GET", "HEAD", "POST", "PUT", "OPTIONS"),
    "session": public("GET"),
    "account_login": public("GET", "HEAD", "POST", "PUT", "OPTIONS"),
    # Without the first step of a sign-in they lead back to it.
    "mfa_authenticate": public(*METHODS),
    "mfa_login_webauthn": public("GET", "HEAD", "POST", "PUT", "OPTIONS"),
    # For everybody who is signed in.
    "mfa_index": [Ask(("GET", "HEAD", "OPTIONS"))],
    # allauth's pages lead elsewhere before they look at the method.
    **{name: [Ask(METHODS)] for name in ACCOUNT_FORMS},
    "mfa_reauthenticate_webauthn": [Ask(("GET", "HEAD", "POST", "PUT", "OPTIONS"))],
    # Nobody here has an app, nor codes.
    "mfa_deactivate_totp": [Ask(METHODS, record="factor")],
    "mfa_view_recovery_codes": [Ask(("GET", "HEAD"), record="factor"), Ask(("OPTIONS",))],
    # The password is asked for first.
    "mfa_remove_webauthn": [Ask(METHODS, record="passkey", absent=302)],
    "end_sessions": [post(form=lambda records: {"session": "0" * 32})],
    "index": [Ask(METHODS)],
    "logout": [Ask(("POST", "OPTIONS"))],
    "autocomplete": [Ask(SAFE, (NEVER,)), Ask(("OPTIONS",))],
    "app_list": [Ask(METHODS, (VIEW_IMAGE, "library.view_tag"))],
    "password_change": [Ask(("GET", "HEAD", "POST", "PUT", "OPTIONS"))],
    "password_change_done": [Ask(("GET", "HEAD", "OPTIONS"))],
    "jsi18n": [Ask(("GET", "HEAD", "OPTIONS"))],
    "tour": [read()],
    "preferences": [Ask(BOTH)],
    "keys": [read()],
    "batch": [read()],
    # Uploads.
    "upload": [read(UPLOAD)],
    "plain": [read(UPLOAD)],
    "arrival": [read(UPLOAD, VIEW_UPLOAD, record="upload")],
    "sign": [
        script(post(UPLOAD, json=True, form=lambda records: TICKET, changes=True)),
        script(
            post(
                REPLACE,
                record="image",
                json=True,
                form=lambda records: {**TICKET, "image": str(records.image.pk)},
                changes=True,
            )
        ),
    ],
    "identify": [script(post(UPLOAD, REPLACE))],
    "known": [script(post(UPLOAD, json=True, form=lambda records: {"hashes": ["0" * 64]}))],
    "batch_words": [
        script(read(f"{UPLOAD}+{REVIEW}")),
        script(
            post(
                f"{UPLOAD}+{REVIEW}",
                record="batch",
                absent=403,
                json=True,
                form=lambda records: {"title": "A"},
                changes=True,
            )
        ),
    ],
    "status": [script(read(UPLOAD, VIEW_UPLOAD))],
    # The review.
    "review_start": [read(REVIEW)],
    "review_items": [script(read(REVIEW, record="image", form=lambda records: {"_of": str(records.image.pk)}))],
    "review_acts": [script(post(REVIEW, record="image", absent=200, json=True, form=build_wishes, changes=True))],
    "tag_names": [script(read(REVIEW))],
    "review": [read(REVIEW, record="image")],
    "review_act": [post(REVIEW, record="image", absent=302, form=build_wish, changes=True)],
    "threshold": [script(post(REVIEW, form=lambda records: {"threshold": "70"}, changes=True))],
    # The library.
    "pulse": [script(read(VIEW_IMAGE))],
    "count_images": [script(read(VIEW_IMAGE))],
    "search_menus": [read(VIEW_IMAGE)],
    "bulk": [
        act("publish", PUBLISH, changes=True),
        act("archive", PUBLISH, changes=True),
        act("reopen", PUBLISH),
        act("add_tag", REVIEW, tag="Pier", changes=True),
        act("reject_tag", REVIEW, tag="Pier"),
        act("put_in", "library.add_membership", collection="News", changes=True),
        act("take_out", "library.delete_membership", collection="News"),
        act("set_credit", CHANGE_IMAGE, credit="Ada", changes=True),
        act("set_copyright", CHANGE_IMAGE, copyright="Ada", changes=True),
        act("set_license", CHANGE_IMAGE, license="None", changes=True),
        act("set_license_url", CHANGE_IMAGE, license_url="https://example.org/", changes=True),
        act("ask_reprocess", "jobs.reprocess_images"),
        act("reprocess", "jobs.reprocess_images", changes=True),
        act("ask_purge", "library.purge_image"),
        act("download", DOWNLOAD, changes=True),
    ],
    "purge": [
        post("library.purge_image", record="image", absent=302, form=lambda records: {"image": str(records.image.pk)})
    ],
    "purges": [read("library.purge_image")],
    "save_search": [post(VIEW_IMAGE, form=lambda records: {"name": "Mine"})],
    "change_search": [
        post(VIEW_IMAGE, record="search", absent=302, form=lambda records: {"forget": "1"}, changes=True)
    ],
    "complete": [script(read("library.view_tag"))],
    "merge_tag": [post("library.delete_tag", record="tag", form=lambda records: {"into": "Pier"}, changes=True)],
    "hide_label": [post("library.change_tag", record="tag", changes=True)],
    "show_label": [post("library.change_tag", record="rule", changes=True)],
    "download": [post(DOWNLOAD, record="image")],
    "download_version": [post(DOWNLOAD, record="image")],
    "rendition": [Ask(SAFE, (VIEW_IMAGE,), "image")],
    "versions": [read(VIEW_IMAGE, record="image")],
    "restore_version": [post(REPLACE, record="image")],
    "replace": [read(REPLACE, record="image")],
    "crop": [
        read(REVIEW, record="image"),
        post(REVIEW, record="image", form=lambda records: {"x": "10", "y": "20"}, changes=True),
    ],
    "look_at_flags": [post(REVIEW, record="image")],
    "take_over": [post(CHANGE_IMAGE, record="image", form=lambda records: {"field": "title"})],
    "add_tag": [post(REVIEW, record="image", form=lambda records: {"name": "Pier"}, changes=True)],
    "decide_tag": [post(REVIEW, record="image", form=lambda records: {"verdict": "accept"}, changes=True)],
    # Collections.
    "collections": [read(VIEW_COLLECTION)],
    "make_collection": [post("library.add_collection", form=lambda records: {"name": "New"}, changes=True)],
    "complete_collection": [script(read(VIEW_IMAGE))],
    "drop": [
        script(
            post(
                "library.add_membership",
                record="collection",
                form=lambda records: {"collection": str(records.collection.pk), "image": str(records.image.pk)},
            )
        )
    ],
    "collection": [read(VIEW_COLLECTION, record="collection")],
    "change_collection": [
        arrange("rename", "library.change_collection", name="Other", was_name="x"),
        arrange("move", "library.change_collection"),
        arrange("restrict", "library.restrict_collection"),
        arrange("delete", "library.delete_collection", changes=True),
    ],
    "file_image": [
        post("library.add_membership", record="image", form=lambda records: {"collection": "News"}, changes=True),
        post("library.delete_membership", record="image", form=lambda records: {"out": str(records.collection.pk)}),
    ],
    "duplicates": [read(VIEW_IMAGE)],
    "duplicates_of": [read(VIEW_IMAGE, record="image")],
    "decide_duplicates": [
        post(
            f"{PUBLISH}+{REVIEW}+{CHANGE_IMAGE}",
            record="image",
            absent=302,
            form=lambda records: {"image": str(records.image.pk), "keep": str(records.image.pk)},
        )
    ],
    # Jobs, history, figures.
    "jobs": [read(VIEW_JOB)],
    "job": [read(VIEW_JOB, record="job")],
    "steer_job": [post(VIEW_JOB, record="job", form=lambda records: {"verb": "cancel"}, changes=True)],
    "job_part": [read(VIEW_JOB, record="job")],
    "activity": [read(VIEW_CHANGE)],
    "export_activity": [read(VIEW_CHANGE)],
    "undo": [post(record="act", absent=302)],
    "dashboard": [read("recovery.view_dashboard")],
    "put_back": [post(f"{REPLACE}+recovery.view_consistencycheck")],
    # People.
    "remove_factors": [Ask(BOTH, ("auth.change_user",), "person")],
    "remove_person": [
        Ask(BOTH, ("auth.delete_user",), "person"),
    ],
    **admin_of(
        "recovery",
        "faileditem",
        record="item",
        writable=False,
        forms=(
            choose("retry", "recovery.retry_faileditem", "failed_item"),
            choose("retry_without_labels", "recovery.retry_faileditem", "failed_item"),
            choose("discard", "recovery.discard_faileditem", "failed_item", changes=True),
        ),
    ),
    **admin_of("recovery", "retryorder", record="order", writable=False),
    **admin_of("recovery", "consistencycheck", record="check", writable=False),
    **admin_of("library", "image", record="image", writable=True),
    "library_image_add": [Ask(METHODS, (NEVER,))],
    "library_image_delete": [Ask(METHODS, (NEVER,), "image", 302)],
    **admin_of(
        "library",
        "tag",
        record="tag",
        writable=True,
        forms=(choose("delete_selected", "library.delete_tag", "tag"),),
    ),
    **admin_of("auth", "group", record="group", writable=True),
    **admin_of("auth", "user", record="person", writable=True),
    "auth_user_password_change": [Ask(METHODS, ("auth.change_user",), "person", 404)],
    **admin_of(
        "uploads",
        "upload",
        record="upload",
        writable=False,
        forms=(choose("allow_more_pixels", "uploads.allow_more_pixels", "upload"),),
    ),
}
