"""Settings that contradict each other, found before the first request: system checks with ids and hints."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from mediahub.aws.clients import LABEL_SOURCES

# As `invite --role` has them.
ROLES = ("editor", "chief", "admin")
# Addresses that code without a request writes into the mirror, zip files and invitations.
ADDRESSES = ("SITE_URL", "PUBLIC_URL")


@register
def check_addresses(**_: Any) -> list[CheckMessage]:
    """Return an error for each address that leads to this machine, unless the site runs on it."""
    if settings.LOCAL:
        return []
    return [
        Error(
            f"{name} is {getattr(settings, name)}, which only this machine can open.",
            hint="Run `python -m deploy up STAGE`, which sets it for functions and workers; or set it "
            "yourself, or set LOCAL=true.",
            id="mediahub.E005",
        )
        for name in ADDRESSES
        if _is_loopback(urlsplit(getattr(settings, name)).hostname or "")
    ]


def require_addresses() -> None:
    """Raise ImproperlyConfigured where an address would lead nowhere: a worker answers nobody who could notice."""
    if errors := check_addresses():
        raise ImproperlyConfigured(" ".join(f"{error.msg} {error.hint}" for error in errors))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in ("", "localhost")


@register
def check_stores(**_: Any) -> list[CheckMessage]:
    """Return an error if the upload bucket is the renditions bucket: each rendition would be ingested as an upload."""
    errors: list[CheckMessage] = []
    if settings.UPLOAD_BUCKET and settings.UPLOAD_BUCKET == settings.RENDITION_BUCKET:
        errors.append(
            Error(
                "UPLOAD_BUCKET and RENDITION_BUCKET name the same bucket.",
                hint="Use a separate bucket for renditions; otherwise each rendition would be processed "
                "again, endlessly.",
                id="mediahub.E001",
            )
        )
    if settings.UPLOAD_PART_THRESHOLD > settings.UPLOAD_MAX_BYTES:
        errors.append(
            Error(
                "UPLOAD_PART_THRESHOLD is larger than UPLOAD_MAX_BYTES.",
                hint="Lower UPLOAD_PART_THRESHOLD; files above it are sent in parts.",
                id="mediahub.E002",
            )
        )
    return errors


@register
def check_labels(**_: Any) -> list[CheckMessage]:
    """Return an error unless the labeler exists, can do what is asked of it, and has its recordings."""
    source = LABEL_SOURCES.get(settings.LABELER)
    if source is None:
        hint = f"Set it to one of {', '.join(LABEL_SOURCES)}."
        return [Error(f"LABELER is {settings.LABELER!r}.", hint=hint, id="mediahub.E003")]
    if settings.LABELER == "recorded" and not settings.LABEL_RECORDINGS:
        hint = "Set LABEL_RECORDINGS to the folder of answers."
        return [Error("LABELER is recorded, but there are no recordings.", hint=hint, id="mediahub.E004")]
    if settings.MODERATION and not source.reports_flags:
        hint = "Set LABELER to rekognition, or MODERATION to false. Until then, a person must review each image."
        sentence = f"MODERATION is on, but the labeler {settings.LABELER!r} does not check images for flags."
        return [Warning(sentence, hint=hint, id="mediahub.W001")]
    return []


@register
def check_sign_in(**_: Any) -> list[CheckMessage]:
    """Return an error for a role that nobody has, and for an OpenID Connect provider that lacks something."""
    errors: list[CheckMessage] = [
        Error(
            f"SECOND_FACTOR_REQUIRED names {role!r}, which is no role.",
            hint=f"Use {', '.join(ROLES)}.",
            id="mediahub.E006",
        )
        for role in settings.SECOND_FACTOR_REQUIRED
        if role not in ROLES
    ]
    if not settings.OIDC_ISSUER:
        return errors
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    if urlsplit(settings.OIDC_ISSUER).scheme != "https" and not settings.LOCAL:
        hint = "Set OIDC_ISSUER to the address of your provider, as its discovery document names it."
        errors.append(Error("OIDC_ISSUER is no https address.", hint=hint, id="mediahub.E007"))
    if not app["client_id"] or not (app["secret"] or settings.SECRET_KEY_RANDOM):
        hint = "Set OIDC_CLIENT_ID, and put OIDC_CLIENT_SECRET into the secret that OIDC_SECRET names."
        errors.append(Error("OIDC_ISSUER is set, but the client is not known.", hint=hint, id="mediahub.E008"))
    return errors
