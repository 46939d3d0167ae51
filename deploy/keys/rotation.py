"""Change the keys of a stage in two steps, so that nobody is signed out and no link breaks in between."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from deploy.errors import DeployError
from deploy.functions import binding, zappa_settings
from deploy.keys import signing
from deploy.stack import base
from deploy.stage import Place

# A link of CloudFront's is good for an hour from when it was signed; a few minutes more for functions that end.
LINKS_END = timedelta(minutes=65)
# The longest a link of ours lives, an invitation, and what a session is signed with (settings.PASSWORD_RESET_TIMEOUT).
SESSIONS_END = timedelta(days=3)
# CloudFront tells its edges of a key within minutes, and says of none when that is done.
SPREAD_SECONDS = 600
# What the secret says beside each key: since when it signs.
SINCE = {"links": "CLOUDFRONT_KEY_SINCE", "django": "SECRET_KEY_SINCE"}
SECRET_KEY_LENGTH = 64


def rotate_links(place: Place, *, now: bool, wait: Callable[[float], None] = time.sleep) -> str:
    """Change CloudFront's key by one step; returns what is so now.

    The first run brings a new key beside the old one and signs with it; the second takes the old one away, once no
    link of it is good. `now` does both at once, for a key that others know: links of the old one end.
    """
    held = place.base.parameters()
    if "SigningKeyId" not in place.base.outputs():
        raise DeployError("This stage signs no links of CloudFront. Nothing was changed.")
    if all(held.get(f"SigningKey{slot}") for slot in signing.SLOTS):
        if not now:
            require_age(place, "links", LINKS_END)
        remove_other(place)
        if not now:
            return "The former key is gone; links are signed and accepted with the new one alone."
    slot = signing.free_slot(place.base.parameters())
    public, private = signing.make_pair()
    base.bind(place, {f"SigningKey{slot}": public})
    if not now:
        place.say(f"  waiting {SPREAD_SECONDS // 60} minutes until CloudFront knows the new key everywhere")
        wait(SPREAD_SECONDS)
    outputs = base.bind(place, {"SigningKeyInUse": slot})
    signing.keep(place, outputs["SigningKeyId"], private)
    note_since(place, "links")
    restart(place)
    if now:
        remove_other(place)
        return "Links are signed with a new key; those of the former one are refused."
    return f"Links are signed with a new key. In {LINKS_END.seconds // 60} minutes run the same command again."


def rotate_django(place: Place, *, now: bool) -> str:
    """Change Django's key by one step; returns what is so now.

    The first run signs with a new key and still accepts the old one; the second ends that. `now` does both at once:
    everybody is signed out, and invitations end.
    """
    secret = signing.read_secret(place)
    if not secret.get("SECRET_KEY"):
        raise DeployError(f"The secret {place.name}/django has no SECRET_KEY. Run `python -m deploy up {place.stage}`.")
    if secret.get("SECRET_KEY_FALLBACK") and not now:
        require_age(place, "django", SESSIONS_END)
        signing.write_secret(place, {**secret, "SECRET_KEY_FALLBACK": ""})
        restart(place)
        return "The former key is gone; what it signed has ended."
    former = "" if now else secret["SECRET_KEY"]
    fresh = secrets.token_urlsafe(SECRET_KEY_LENGTH)
    signing.write_secret(place, {**secret, "SECRET_KEY": fresh, "SECRET_KEY_FALLBACK": former})
    note_since(place, "django")
    restart(place)
    if now:
        return "The site has a new key; everybody signs in again."
    return (
        f"The site has a new key and still accepts the former one. In {SESSIONS_END.days} days run the command again."
    )


def require_age(place: Place, what: str, age: timedelta) -> None:
    """Raise DeployError while something that the former key signed may still be good."""
    since = signing.read_secret(place).get(SINCE[what], "")
    end = datetime.fromisoformat(since) + age if since else datetime.now(UTC)
    if datetime.now(UTC) < end:
        raise DeployError(
            f"What the former key signed is good until {end:%Y-%m-%d %H:%M} UTC. Run the command again then, or give "
            "--now, which ends it at once."
        )


def note_since(place: Place, what: str) -> None:
    """Note in the secret that a key signs from now on."""
    secret = signing.read_secret(place)
    signing.write_secret(place, {**secret, SINCE[what]: datetime.now(UTC).isoformat(timespec="seconds")})


def remove_other(place: Place) -> None:
    """Take the key that does not sign out of the group and the stack."""
    slot = signing.other_slot(place.base.parameters()["SigningKeyInUse"])
    base.bind(place, {f"SigningKey{slot}": ""})


def restart(place: Place) -> None:
    """Have Lambda start the functions anew, which read their secret at the start; a change of any setting does."""
    client = place.clients("lambda")
    for function in zappa_settings.functions(place).values():
        if binding.exists(place, function):
            client.get_waiter("function_updated_v2").wait(FunctionName=function)
            client.update_function_configuration(
                FunctionName=function,
                Description=f"MediaHub, with the secrets of {datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
            )
