"""List what each kind of process may do with each table of PostgreSQL; `migrate` grants it to their users.

The user who owns the tables is for migrations alone. A table that is in no list is the web's: whoever adds one decides
whether workers, which decode files of strangers, need it. SQLite has no users, and a database without these users is
left as it is.
"""

from collections.abc import Iterable, Iterator, Mapping

from django.db.backends.base.base import BaseDatabaseWrapper

# deploy/database/aurora.py creates them.
WEB, WORKER, BULK = "mediahub_web", "mediahub_worker", "mediahub_bulk"
READ, ADD, CHANGE, REMOVE = "SELECT", "INSERT", "UPDATE", "DELETE"
Rights = Mapping[str, Iterable[str]]

# The web reads these and writes all others: workers write them, or migrations.
READ_BY_WEB = ("django_migrations", "recovery_duty", "recovery_queuehour")
ALL = (READ, ADD, CHANGE, REMOVE)
# Workers read who may do what, and write what is known of images and files. They delete an image where a restored
# database still has one that was erased for good.
WORKER_RIGHTS: Rights = {
    "auth_group": (READ,),
    "auth_group_permissions": (READ,),
    "auth_permission": (READ,),
    "auth_user_groups": (READ,),
    "auth_user_user_permissions": (READ,),
    "delivery_publicfile": ALL,
    "django_admin_log": (READ, REMOVE),
    "django_content_type": (READ,),
    "django_migrations": (READ,),
    "history_change": ALL,
    "jobs_chunk": ALL,
    "jobs_job": ALL,
    "library_audience": (READ, ADD),
    "library_audience_gates": (READ, ADD),
    "library_collection": (READ, CHANGE),
    "library_collection_groups": (READ,),
    "library_collectionfigures": ALL,
    "library_figureround": ALL,
    "library_fingerprintpart": ALL,
    "library_image": ALL,
    "library_imagefigures": ALL,
    "library_knownword": ALL,
    "library_labelrule": (READ,),
    "library_membership": ALL,
    "library_purge": (READ, ADD, CHANGE),
    "library_purgedupload": (READ, ADD),
    "library_rendition": ALL,
    "library_searchentry": ALL,
    "library_similarpair": ALL,
    "library_synonym": (READ,),
    "library_tag": ALL,
    "library_tagfigures": ALL,
    "library_tagging": ALL,
    "library_version": ALL,
    "recovery_consistencycheck": ALL,
    "recovery_decision": (READ, REMOVE),
    "recovery_duty": (READ, ADD, CHANGE),
    "recovery_faileditem": ALL,
    "recovery_queuehour": ALL,
    "recovery_retryorder": (READ, CHANGE),
    "uploads_arrivalfigures": ALL,
    "uploads_upload": ALL,
    "uploads_uploadbatch": (READ, ADD, CHANGE, REMOVE),
}
# Workers on Fargate do chunks of jobs: neither the clock's duties, nor uploads, nor what erases an image.
BULK_RIGHTS: Rights = {
    "auth_group": (READ,),
    "auth_group_permissions": (READ,),
    "auth_permission": (READ,),
    "auth_user_groups": (READ,),
    "auth_user_user_permissions": (READ,),
    "delivery_publicfile": ALL,
    "django_content_type": (READ,),
    "history_change": (READ, ADD),
    "jobs_chunk": (READ, CHANGE),
    "jobs_job": (READ, CHANGE),
    "library_audience": (READ,),
    "library_audience_gates": (READ,),
    "library_collection": (READ,),
    "library_collection_groups": (READ,),
    "library_fingerprintpart": ALL,
    "library_image": (READ, CHANGE),
    "library_knownword": (READ, ADD),
    "library_labelrule": (READ,),
    "library_membership": (READ,),
    "library_purge": (READ,),
    "library_purgedupload": (READ,),
    "library_rendition": ALL,
    "library_searchentry": ALL,
    "library_similarpair": ALL,
    "library_synonym": (READ,),
    "library_tag": (READ, ADD),
    "library_tagging": ALL,
    "library_version": (READ, ADD, CHANGE),
    "uploads_upload": (READ, CHANGE),
}
# Tables of ours that hold what nobody but the web may see: who did what in the admin, what a person typed or saved.
# What begins so is the desk's.
OF_THE_WEB = ("desk_", "library_savedsearch")
# Instead of auth_user, workers read a view of its name in a schema of their own, which PostgreSQL searches first. It
# has these columns empty, so that code that loads a person works in every process.
PEOPLE = "auth_user"
HIDDEN_COLUMNS = ("password", "email", "last_login")


def grant_rights(connection: BaseDatabaseWrapper) -> None:
    """Give each user exactly the listed rights, whatever was granted before."""
    if not _has_users(connection):
        return
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for statement in (
            *_grant_web(),
            *_grant_workers(WORKER, WORKER_RIGHTS, tables),
            *_grant_workers(BULK, BULK_RIGHTS, tables),
        ):
            cursor.execute(statement)
        columns = [column.name for column in connection.introspection.get_table_description(cursor, PEOPLE)]
        for user in (WORKER, BULK):
            cursor.execute(_describe_view(user, columns))
            cursor.execute(f"GRANT SELECT ON {user}.{PEOPLE} TO {user}")


def drop_views(connection: BaseDatabaseWrapper) -> None:
    """Drop the workers' views of the table of people, which PostgreSQL would not let a migration change under them."""
    if _has_users(connection):
        with connection.cursor() as cursor:
            for user in (WORKER, BULK):
                cursor.execute(f"DROP VIEW IF EXISTS {user}.{PEOPLE}")


def _has_users(connection: BaseDatabaseWrapper) -> bool:
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname IN (%s, %s, %s)", [WEB, WORKER, BULK])
        return bool(cursor.fetchone()[0] == 3)


def _grant_web() -> Iterator[str]:
    yield f"GRANT {READ}, {ADD}, {CHANGE}, {REMOVE} ON ALL TABLES IN SCHEMA public TO {WEB}"
    yield f"REVOKE {ADD}, {CHANGE}, {REMOVE} ON {', '.join(READ_BY_WEB)} FROM {WEB}"


def _grant_workers(user: str, rights: Rights, tables: set[str]) -> Iterator[str]:
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {user}"
    for table in sorted(tables & rights.keys()):
        yield f"GRANT {', '.join(rights[table])} ON {table} TO {user}"
    yield f"CREATE SCHEMA IF NOT EXISTS {user}"
    yield f"GRANT USAGE ON SCHEMA {user} TO {user}"
    yield f"DROP VIEW IF EXISTS {user}.{PEOPLE}"


def _describe_view(user: str, columns: Iterable[str]) -> str:
    shown = ", ".join(_show_column(column) for column in columns)
    return f"CREATE VIEW {user}.{PEOPLE} AS SELECT {shown} FROM public.{PEOPLE}"  # noqa: S608 - names of this module


def _show_column(column: str) -> str:
    if column not in HIDDEN_COLUMNS:
        return column
    return f"NULL::timestamptz AS {column}" if column == "last_login" else f"''::varchar AS {column}"
