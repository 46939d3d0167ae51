"""Say how much an original may ask for, by the settings and by what an editor let pass once."""

from dataclasses import replace

from django.conf import settings

from mediahub.aws import clients
from processing import Limits

# No JPEG is longer.
_LONGEST_SIDE = 65_500


def build_limits(*, more_pixels: bool) -> Limits:
    """Return the limits of the settings; with more pixels where an editor allowed this once, though never more memory.

    Args:
        more_pixels: Whether an editor allowed it.
    """
    limits = clients.get_limits()
    if not more_pixels:
        return limits
    max_pixels = max(limits.max_pixels, settings.IMAGE_MAX_PIXELS_ONCE)
    return replace(limits, max_pixels=max_pixels, max_side=max(limits.max_side, _LONGEST_SIDE))


def build_widest_limits() -> Limits:
    """Return the widest limits there may ever be, for files that were accepted before."""
    return replace(build_limits(more_pixels=True), by_format={})
