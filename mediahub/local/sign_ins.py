"""The people who may sign in to the local site; their passwords are made once and kept beside its state."""

import json
import secrets
from pathlib import Path

from django.contrib.auth.models import Group, User

PEOPLE = {"editor": "Editor", "chief": "Chief editor"}


def prepare_people(path: Path) -> dict[str, str]:
    """Make sure that the editor and the chief editor exist; return name → password."""
    passwords: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    for name, group in PEOPLE.items():
        passwords.setdefault(name, secrets.token_urlsafe(9))
        person, created = User.objects.get_or_create(username=name, defaults={"is_staff": True})
        if created or not person.check_password(passwords[name]):
            person.set_password(passwords[name])
            person.save()
        person.groups.add(Group.objects.get(name=group))
    path.touch(mode=0o600)
    path.write_text(json.dumps(passwords))
    return passwords
