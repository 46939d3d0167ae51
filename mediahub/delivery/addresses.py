"""Where the editors' browsers fetch a rendition."""

import logging

from botocore.exceptions import BotoCoreError
from django.core.cache import cache
from django.core.files.storage import storages

log = logging.getLogger(__name__)

# A signed address differs at each signing, so the browser would fetch the picture anew: hand out one for half its life.
SIGNED_SECONDS = 1800


def address(key: str) -> str:
    """The address an editor's browser can open now, signed where the store asks for it."""
    storage = storages["renditions"]
    if not getattr(storage, "querystring_auth", False):
        return storage.url(key)
    try:
        return str(cache.get_or_set(f"address:{key}", lambda: storage.url(key), SIGNED_SECONDS))
    except BotoCoreError as error:
        # The page still says everything else, and its placeholder stands for the picture.
        log.error("the address of %s could not be signed: %s Run doctor.", key, error)
        return ""
