"""Rotate the keys of a stage in two steps, so that nobody is signed out and no link breaks in between."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from deploy.errors import DeployError
from deploy.functions import binding, zappa_settings
from deploy.keys import signing
from deploy.stack import base
from deploy.stage import Stage

# A CloudFront link is valid for an hour after it was signed; a few minutes more for functions that are ending.
LINKS_END = timedelta(minutes=65)
# Invitations are the links that are valid longest (settings.PASSWORD_RESET_TIMEOUT).
SESSIONS_END = timedelta(days=3)
# CloudFront distributes a key to its edges within minutes, and does not report when that is done.
SPREAD_SECONDS = 600
# The entries of the secret that record since when each key signs.
SINCE = {"links": "CLOUDFRONT_KEY_SINCE", "django": "SECRET_KEY_SINCE"}
SECRET_KEY_LENGTH = 64


def rotate_links(stage: Stage, *, now: bool, wait: Callable[[float], None] = time.sleep) -> str:
    """Take the next step in rotating CloudFront's key; return the result as a sentence.

    The first run adds a new key and signs with it. The second removes the old key, once none of its links is valid.
    `now` does both at once, for a key that has leaked: links that the old key signed stop working.
    """
    parameters = stage.base.read_parameters()
    if "SigningKeyId" not in stage.base.read_outputs():
        raise DeployError("This stage signs no CloudFront links. Nothing was changed.")
    if all(parameters.get(f"SigningKey{slot}") for slot in signing.SLOTS):
        if not now:
            require_age(stage, "links", LINKS_END)
        remove_unused_key(stage)
        if not now:
            return "The old key was removed. Links are signed and accepted with the new key only."
    slot = signing.find_free_slot(stage.base.read_parameters())
    public, private = signing.generate_pair()
    base.update_parameters(stage, {f"SigningKey{slot}": public})
    if not now:
        stage.report(f"  waiting {SPREAD_SECONDS // 60} minutes until every edge of CloudFront has the new key")
        wait(SPREAD_SECONDS)
    outputs = base.update_parameters(stage, {"SigningKeyInUse": slot})
    signing.store_key(stage, outputs["SigningKeyId"], private)
    record_start(stage, "links")
    restart_functions(stage)
    if now:
        remove_unused_key(stage)
        return "Links are signed with a new key. Links that the old key signed are refused."
    return f"Links are signed with a new key. Run the same command again in {LINKS_END.seconds // 60} minutes."


def rotate_django(stage: Stage, *, now: bool) -> str:
    """Take the next step in rotating Django's key; return the result as a sentence.

    The first run signs with a new key and still accepts the old one; the second stops accepting it. `now` does both at
    once: everybody is signed out, and invitations stop working.
    """
    secret = signing.read_secret(stage)
    if not secret.get("SECRET_KEY"):
        raise DeployError(
            f"The secret {stage.full_name}/django has no SECRET_KEY. Run `python -m deploy up {stage.name}`."
        )
    if secret.get("SECRET_KEY_FALLBACK") and not now:
        require_age(stage, "django", SESSIONS_END)
        signing.write_secret(stage, {**secret, "SECRET_KEY_FALLBACK": ""})
        restart_functions(stage)
        return "The old key was removed. Everything that it signed has expired."
    former = "" if now else secret["SECRET_KEY"]
    fresh = secrets.token_urlsafe(SECRET_KEY_LENGTH)
    signing.write_secret(stage, {**secret, "SECRET_KEY": fresh, "SECRET_KEY_FALLBACK": former})
    record_start(stage, "django")
    restart_functions(stage)
    if now:
        return "The site has a new key. Everybody has to sign in again."
    return f"The site has a new key and still accepts the old one. Run the command again in {SESSIONS_END.days} days."


def require_age(stage: Stage, key: str, age: timedelta) -> None:
    """Raise DeployError while something that the old key signed may still be valid."""
    since = signing.read_secret(stage).get(SINCE[key], "")
    end = datetime.fromisoformat(since) + age if since else datetime.now(UTC)
    if datetime.now(UTC) < end:
        raise DeployError(
            f"The old key's signatures are valid until {end:%Y-%m-%d %H:%M} UTC. Run the command again then, or use "
            "--now to end them at once."
        )


def record_start(stage: Stage, key: str) -> None:
    """Record in the secret that a key signs from now on."""
    secret = signing.read_secret(stage)
    signing.write_secret(stage, {**secret, SINCE[key]: datetime.now(UTC).isoformat(timespec="seconds")})


def remove_unused_key(stage: Stage) -> None:
    """Remove the key that does not sign from the key group and the stack."""
    slot = signing.find_other_slot(stage.base.read_parameters()["SigningKeyInUse"])
    base.update_parameters(stage, {f"SigningKey{slot}": ""})


def restart_functions(stage: Stage) -> None:
    """Restart the functions, which read the secret at their start; Lambda does so when any setting changes."""
    client = stage.client("lambda")
    for function in zappa_settings.name_functions(stage).values():
        if binding.function_exists(stage, function):
            client.get_waiter("function_updated_v2").wait(FunctionName=function)
            client.update_function_configuration(
                FunctionName=function,
                Description=f"MediaHub, with the secrets of {datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
            )
