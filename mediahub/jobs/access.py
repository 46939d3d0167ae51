"""Which jobs a person may see, and what of them."""

from django.db.models import Q, QuerySet

from mediahub.jobs import runner
from mediahub.jobs.models import Chunk, Job
from mediahub.library import access
from mediahub.library.access import Person
from mediahub.library.models import Image


def visible_jobs(user: Person) -> QuerySet[Job]:
    """Return the jobs this person may see: a download is its maker's and the chief editors'.

    A job tells how many images it is about, also of those that are closed to the person, and nothing else of them.
    """
    if not user.has_perm("jobs.view_job"):
        return Job.objects.none()
    if user.has_perm("jobs.change_job"):
        return Job.objects.all()
    return Job.objects.filter(~Q(kind=Job.Kind.ZIP) | Q(by=user.pk))


def visible_failures(user: Person, job: Job) -> tuple[list[runner.Failure], int]:
    """Return the failures on images that are open to this person, and how many others there are.

    The name of the file stands in the reason too.
    """
    failures = runner.list_failures(job)
    if access.sees_everything(user):
        return failures, 0
    ids = {failure.image for failure in failures}
    unclosed = {str(pk) for pk in access.open_images(user).filter(pk__in=ids).values_list("pk", flat=True)}
    shown = [failure for failure in failures if failure.image in unclosed]
    return shown, len(failures) - len(shown)


def may_fetch(user: Person, chunk: Chunk) -> bool:
    """Return whether all images in the zip file of this chunk are open to the person now."""
    failed = {entry["image"] for entry in chunk.failures}
    ids = [pk for pk in chunk.only if pk not in failed]
    return not Image.objects.filter(access.match_closed(user), pk__in=ids).exists()
