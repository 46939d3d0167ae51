"""Whether the upload bucket still has the very file that an image in use is made of, and putting it back on top."""

from datetime import datetime

from django.db import transaction

from mediahub.aws import clients
from mediahub.history.models import Action, Change
from mediahub.library.models import Image, Version
from mediahub.library.versions import VersionChange
from mediahub.uploads.models import Upload

# These put an earlier version in place on purpose, also one whose file was deleted before.
PUT_BACK = (Action.RESTORED, Action.UNDONE)


def find_deleted_original(image: Image) -> Version | None:
    """Return the version that an image in use is made of if its file was deleted and nobody has put it back since.

    A file that another version lies over is still there; one that was erased, or lies below a delete marker, is not.
    Raise Unavailable or Misconfigured when the bucket cannot be asked.
    """
    current = image.versions.filter(current=True).first()
    if image.deleted_at or current is None:
        return None
    listed = clients.get_upload_store().list_versions(current.key)
    # A bucket without versions names none.
    files = (version for version in listed if not version.removed)
    file = next((file for file in files if current.version_id in ("", file.version_id)), None)
    if file is None:
        return current
    # S3 tells moments in whole seconds: of two in one second the marker counts as the later one.
    over = [] if file.latest else [version for version in listed if version.last_modified >= file.last_modified]
    markers = [version for version in over if version.removed]
    if any(not was_put_back(image, since=marker.last_modified) for marker in markers):
        return current
    return None


def restore_first_version(upload: Upload) -> bool:
    """Write the file that a ticket brought first over what was put there later, and have the records name the copy.

    Else the bucket would forget it, as a version that is not the current one, after its time. Returns False when
    somebody went on with the upload meanwhile. Raises Unavailable or Misconfigured.
    """
    version_id = clients.get_upload_store().restore_version(upload.key, upload.version_id)
    with transaction.atomic():
        if not Upload.objects.filter(upload.match_unchanged(), pk=upload.pk).update(version_id=version_id):
            return False
        Version.objects.filter(key=upload.key, version_id=upload.version_id).update(version_id=version_id)
    return True


def was_put_back(image: Image, *, since: datetime) -> bool:
    """Return whether an editor put a version of the image in place after this moment."""
    put_back = Change.objects.filter(image=image, action__in=PUT_BACK, kind=VersionChange.kind)
    return put_back.filter(at__gte=since).exists()
