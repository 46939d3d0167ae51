"""Why something failed, in the editor's language.

A worker knows no language: it writes an English sentence, which is searched for and grouped as it is. When it is shown,
it is recognised by the pattern it was made from and said anew, with the same names and numbers. What is not recognised
is shown as it was written.
"""

import re
from functools import cache

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from processing import sentences
from processing.sentences import Sentence

AGAIN = _("It is tried again by itself.")
OPERATOR = _("An operator has to look: run doctor.")
# What a sentence can be about.
THINGS = (
    _("waiting for the file"),
    _("working"),
    _("done"),
    _("rejected"),
    _("failed"),
    _("deleted"),
    _("never arrived"),
)

# Of a file: what is said to who uploaded it. Sentences that could be taken for another stand behind it.
OF_FILES = (
    _("The database cannot hold what this file says of itself. Export it anew and upload it."),
    _("The file was not sent in time. Add it again."),
    _("The file was deleted from the upload bucket."),
    _("%(name)s was removed while it was read."),
    _("%(name)s is being worked on by another worker; this delivery waits for it."),
    _("The image is published, so its new file waits until somebody who may publish puts it to use."),
)

# Of services and messages: what an operator can do something about.
OF_SERVICES = (
    _("%(name)s changes faster than it can be published. It is tried again."),
    _("This invocation has no time left for another message."),
    _("The database could not answer. %(advice)s"),
    _("The connection to the database was lost. %(advice)s"),
    _("Another worker wrote the same record first. %(advice)s"),
    _("The database has not the tables of this version. Run migrate. %(advice)s"),
    _("This database cannot do what is asked of it. %(advice)s"),
    _("The database refused. %(advice)s"),
    _("The settings contradict each other. %(advice)s"),
    _("The worker ran out of memory. %(advice)s"),
    _("The worker's disk or network failed. %(advice)s"),
    _("Something nobody foresaw: %(error)s. It is tried again by itself."),
    _("The message failed too often, and nothing was noted of why. See its payload."),
    _(
        "The worker was ended before it could say why: it ran out of time or memory. Retry it; if that fails, "
        "discard it."
    ),
    _("The image could not be mirrored."),
    _("The renditions could not be made anew."),
    _("The renditions could not be cut at the focal point."),
    _("Renditions that no record names could not be removed."),
    _("Failed items could not be sent back to the queue."),
    _("The message has %(n)s characters; at most %(most)s are read."),
    _("The message is no JSON text. See its payload."),
    _("The event has %(n)s records; at most %(most)s are read."),
    _("This message is neither an event of S3 nor one of MediaHub's own."),
    _("A message of the kind %(kind)s is not known to this version, or lacks what it needs."),
    _("A record of this event names no bucket and object."),
    _("The event has the form %(form)s; 2.x is read here."),
    _("Nothing is done on the event %(event)s of EventBridge."),
    _("It was not begun yet: the work on another file met a fault of the setup (%(code)s)."),
    _("Nothing is done on the event %(event)s."),
    _(
        "An event came from the bucket %(bucket)s, but uploads go to %(own)s. Remove the notification of that bucket "
        "or correct UPLOAD_BUCKET."
    ),
    _("The key %(key)s is empty or longer than the %(most)s bytes that S3 allows."),
    _("The key %(key)s holds a NUL or half of a character, which no database takes. Copy the file to another key."),
    _("%(key)s is not the id of an upload, image or job."),
    _("A job on many images could not go on. It is asked for again by itself."),
    _("The worker ended each time it came to this file."),
    _("The zip file could not be made; the worker ended each time it came to it."),
    _("It is not in the library any more, or not for you to see."),
    _("Its file is not in the bucket any more."),
)

# Of the comparison of buckets, records and mirror.
OF_CHECKS = (
    _("No record knows this file."),
    _("The record says %(thing)s; the bucket has another version."),
    _("The record has an end; the bucket has the file no more."),
    _("The record keeps the version %(version)s, which was sent first; a later one lies over it."),
    _("The bucket has the original no more; the image made of it is still in use."),
    _("It could not be compared. The worker's log says why."),
    _("A rendition of this image is not the size that was written."),
    _("The rendition %(name)s is not in the bucket."),
    _("No record names this rendition."),
    _("The mirror holds something else of this image."),
    _("The mirror has an image that no record knows."),
    _("Its public files are not in the bucket."),
    _("Everyone may fetch this file, and no record knows it."),
    _("Its labels could not be had when it came in."),
)

SENTENCES: tuple[Sentence, ...] = (*sentences.SENTENCES.values(), *OF_FILES, *OF_SERVICES, *OF_CHECKS)
# What a part of a sentence can be, by its name; names of other parts are of files, keys and numbers, and stay.
PARTS: dict[str, tuple[str, ...]] = {"thing": THINGS, "advice": (AGAIN, OPERATOR)}
PARTS |= {name: tuple(phrases.values()) for name, phrases in sentences.PHRASES.items()}

_MARK = re.compile(r"%\\\((\w+)\\\)[sd]")


def told(reason: str) -> str:
    """The sentence in the language of the page; as it is when nobody foresaw it."""
    return _said(reason, SENTENCES)


def _said(text: str, among: tuple[Sentence, ...]) -> str:
    for sentence, pattern in _patterns(among):
        if found := pattern.fullmatch(text):
            parts = {name: _part(_said(part, PARTS.get(name, ()))) for name, part in found.groupdict().items()}
            return sentences.render(sentence, parts, gettext, ngettext)
    return text


def _part(text: str) -> str | int:
    return int(text) if text.isdecimal() and text.isascii() else text


@cache
def _patterns(among: tuple[Sentence, ...]) -> tuple[tuple[Sentence, re.Pattern[str]], ...]:
    return tuple(
        (sentence, re.compile(_MARK.sub(r"(?P<\1>.+?)", re.escape(form)), re.DOTALL))
        for sentence in among
        for form in ([sentence] if isinstance(sentence, str) else sentence)
    )
