"""Whose an image is, as the record says now: what is written into each file that leaves."""

from datetime import date, timedelta, timezone

from mediahub.library.date_taken import read_date_taken
from mediahub.library.models import Image
from processing.metadata.write import CreditFields, choose_creators


def build_credit(image: Image) -> CreditFields:
    """Return the credit of an image for its files."""
    return CreditFields(
        title=image.title,
        alt_text=image.alt_text,
        creators=choose_creators(image.creators, image.credit),
        credit_line=image.credit,
        copyright=image.copyright,
        license=image.license,
        license_url=image.license_url,
        taken_at=_get_local_date(image),
        digital_source_type=image.digital_source_type,
        data_mining=image.data_mining,
    )


def _get_local_date(image: Image) -> date | None:
    """Return when the picture was taken by the clocks of that place, with their zone where the file names it."""
    taken = read_date_taken(vars(image))
    if taken is None:
        return None
    if taken.day_only:
        return taken.local.date()
    known = None if taken.offset is None else timezone(timedelta(minutes=taken.offset))
    return taken.local.replace(tzinfo=known)
