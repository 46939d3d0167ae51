"""When the picture was taken, from what EXIF, IPTC-IIM and XMP say of it.

Sources: CIPA DC-008, "Exif 3.0"; "Guidelines for Handling Image Metadata", Metadata Working Group, 2.0, section 5.3.
The original date is EXIF's DateTimeOriginal, XMP's photoshop:DateCreated, and IIM's date created, in this order where
nothing says that another was changed. When a file was last changed (EXIF's DateTime) says nothing of the picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from processing.dates import Moment, parse_moment, parse_offset
from processing.errors import Note


@dataclass
class DateSource:
    """What one of EXIF, IPTC-IIM and XMP says of the date.

    Attributes:
        originals: When the picture was taken, most trusted first, unparsed.
        digitized: When it became digital, which for a camera is the same; unparsed.
        offset: The offset from UTC where it is written apart; unparsed.
        is_scan: Whether the file says that a film or a print was digitized.
    """

    originals: list[str] = field(default_factory=list)
    digitized: list[str] = field(default_factory=list)
    offset: str = ""
    is_scan: bool = False


def choose_date_taken(sources: Sequence[DateSource], notes: list[Note]) -> Moment | None:
    """Return the first date that can be read, with what the others know more precisely; None without one.

    Dates of digitization count where the file names no original date, and is not a scan: its picture is older.
    """
    digitized = [] if any(source.is_scan for source in sources) else [_read_all(source, True) for source in sources]
    readers = [*(_read_all(source, False) for source in sources), *digitized]
    moments: list[Moment] = []
    has_failed = False
    for read in (read for group in readers for read in group):
        try:
            moment = read(notes)
        except (ValueError, OverflowError):
            has_failed = True
        else:
            moments += [moment] if moment else []
    if not moments:
        notes += [Note("unreadable_metadata", {"field": "date_taken"})] if has_failed else []
        return None
    return _refine(moments[0], moments[1:])


def _read_all(source: DateSource, is_digitized: bool) -> list[Callable[[list[Note]], Moment | None]]:
    """Return a reader for each text of the source, which raises ValueError for one that is no date."""

    def build(text: str) -> Callable[[list[Note]], Moment | None]:
        def read(notes: list[Note]) -> Moment | None:
            moment = parse_moment(text)
            if moment is None or moment.day_only or moment.at.tzinfo:
                return moment
            return Moment(moment.at.replace(tzinfo=_read_offset(source.offset, notes)))

        return read

    return [build(text) for text in (source.digitized if is_digitized else source.originals)]


def _read_offset(text: str, notes: list[Note]) -> tzinfo | None:
    """Return the offset; one that no zone has leaves a note, and the time by the clock as it is."""
    try:
        return parse_offset(text)
    except ValueError:
        note = Note("unreadable_metadata", {"field": "time_zone"})
        notes += [note] if note not in notes else []
        return None


def _refine(moment: Moment, others: Sequence[Moment]) -> Moment:
    """Return the moment with the time or the offset that another has for the same day or the same time."""
    for other in others:
        is_same_day = other.at.date() == moment.at.date()
        is_same_time = other.at.replace(tzinfo=None) == moment.at.replace(tzinfo=None)
        adds_time = moment.day_only and not other.day_only and is_same_day
        adds_offset = moment.at.tzinfo is None and other.at.tzinfo is not None and is_same_time and not other.day_only
        if adds_time or adds_offset:
            moment = other
    return moment
