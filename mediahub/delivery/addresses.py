"""Where the editors' browsers fetch a rendition, and what they take along as a file."""

import logging
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.files.storage import storages
from django.utils.http import content_disposition_header

from mediahub.aws import clients
from processing import ProcessingError, Signer

log = logging.getLogger(__name__)

LINK_SECONDS = 3600
# A signed address differs at each signing, so the browser would fetch the picture anew: hand out one for half its life.
SIGNED_SECONDS = LINK_SECONDS // 2


def build_address(key: str) -> str:
    """Return the address an editor's browser can open now: the CDN's, signed if it asks for it, or one of S3's."""
    if settings.CLOUDFRONT_DOMAIN and not settings.CLOUDFRONT_KEY_ID:
        return str(storages["renditions"].url(key))
    try:
        return str(caches["process"].get_or_set(f"address:{key}", lambda: _sign(key), SIGNED_SECONDS))
    except ProcessingError as error:
        # The page still says everything else, and its placeholder stands for the picture.
        log.error("the address of %s could not be signed: %s Run doctor.", key, error)
        return ""


def sign_original_link(key: str, version_id: str, file_name: str) -> str:
    """Return a link that downloads one version of an original under this name; raise ProcessingError."""
    return _sign_attachment(clients.get_upload_signer(), key, file_name, {"VersionId": version_id})


def sign_download_link(key: str, file_name: str) -> str:
    """Return a link that downloads a file of the renditions bucket under a name; raise ProcessingError."""
    return _sign_attachment(clients.get_rendition_signer(), key, file_name, {})


def _sign(key: str) -> str:
    if settings.CLOUDFRONT_DOMAIN:
        cdn: Any = storages["renditions"]
        return str(cdn.url(key, expire=LINK_SECONDS))
    return clients.get_rendition_signer().sign_address("get_object", key, LINK_SECONDS, {})


def _sign_attachment(signer: Signer, key: str, file_name: str, params: dict[str, str]) -> str:
    named = content_disposition_header(True, file_name) or "attachment"
    # Whatever type its sender gave it: a file that is taken along is never opened as a page.
    asked = {"ResponseContentDisposition": named, "ResponseContentType": "application/octet-stream", **params}
    return signer.sign_address("get_object", key, settings.DOWNLOAD_LINK_SECONDS, asked)
