"""The tone of each state."""

from mediahub.jobs.models import Job
from mediahub.library.models import Image, Tagging
from mediahub.recovery.models import FailedItem
from mediahub.uploads.models import Upload

TONES: dict[str, str] = {
    Image.State.IN_REVIEW: "wait",
    Image.State.PUBLISHED: "good",
    Image.State.ARCHIVED: "quiet",
    Upload.State.ISSUED: "quiet",
    Upload.State.WORKING: "busy",
    Upload.State.READY: "good",
    Upload.State.FAILED: "bad",
    Upload.State.DELETED: "quiet",
    Upload.State.EXPIRED: "quiet",
    FailedItem.State.OPEN: "bad",
    FailedItem.State.RETRIED: "busy",
    FailedItem.State.RESOLVED: "good",
    FailedItem.State.DISCARDED: "quiet",
    Job.State.WAITING: "quiet",
    Job.State.RUNNING: "busy",
    Job.State.PAUSED: "wait",
    Job.State.CANCELLED: "quiet",
    Job.State.DONE: "good",
    Job.State.PARTLY: "bad",
    Tagging.State.SUGGESTED: "wait",
    Tagging.State.ACCEPTED: "good",
    Tagging.State.REJECTED: "quiet",
}
