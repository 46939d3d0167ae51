"""What is written into a file that leaves."""

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime

from processing.limits import clean_text

# Characters. All texts at their longest, in any script, fit into the one segment of 64 kB that a JPEG has for them.
MAX_TEXT, MAX_NAME, MAX_NAMES = 1000, 200, 20
# Changes with what `embed` writes for the same fields, so that public copies are written anew.
_WRITER_VERSION = 1
_PUBLIC_DOMAIN = "creativecommons.org/publicdomain/"


@dataclass(frozen=True)
class CreditFields:
    """Whose picture it is, and what may be done with it; every text is cleaned and on one line.

    Attributes:
        title: What the picture is called.
        alt_text: Describes the picture for people who cannot see it.
        creators: The people who made it.
        credit_line: Whom to name.
        copyright: The copyright notice.
        license: The terms of use.
        license_url: The address of the web statement of the rights.
        taken_at: Local time where the picture was taken, with its time zone if that is known; or the day alone.
        digital_source_type: A URI of IPTC's vocabulary.
        data_mining: A URI of PLUS's vocabulary.
    """

    title: str = ""
    alt_text: str = ""
    creators: tuple[str, ...] = ()
    credit_line: str = ""
    copyright: str = ""
    license: str = ""
    license_url: str = ""
    taken_at: date | None = None
    digital_source_type: str = ""
    data_mining: str = ""

    def __post_init__(self) -> None:
        """Clean the texts, and leave out parts of a second."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                object.__setattr__(self, field.name, clean_text(value, MAX_TEXT))
        names = [name for name in (clean_text(creator, MAX_NAME) for creator in self.creators) if name]
        object.__setattr__(self, "creators", tuple(dict.fromkeys(names))[:MAX_NAMES])
        if isinstance(self.taken_at, datetime):
            object.__setattr__(self, "taken_at", self.taken_at.replace(microsecond=0))

    @property
    def is_marked(self) -> bool | None:
        """Whether somebody holds rights in the picture; None where nothing says so.

        Source: "XMP", Creative Commons wiki: False in the public domain, otherwise True.
        """
        if _PUBLIC_DOMAIN in self.license_url:
            return False
        return True if self.copyright or self.license or self.license_url else None

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that change with what is written."""
        values = [value.isoformat() if isinstance(value, date) else value for value in astuple(self)]
        return hashlib.sha256(repr((_WRITER_VERSION, values)).encode()).hexdigest()[:16]


def choose_creators(creators: Iterable[str], credit: str) -> tuple[str, ...]:
    """Return those of a file's creators whom the credit names; the credit itself if it names none of them.

    An editor corrects the credit, and the file goes on naming whomever it named.
    """
    named = tuple(creator for creator in creators if creator.casefold() in credit.casefold())
    return named or ((credit,) if credit else ())
