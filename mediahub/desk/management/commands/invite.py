from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from mediahub.desk.people import sign_in_changes
from mediahub.history.models import Action
from mediahub.site_address import build_site_url

ROLES = {"editor": "Editor", "chief": "Chief editor", "admin": ""}


class Command(BaseCommand):
    help = "Create or find a person and print a link to choose a password, valid once and for three days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="e-mail address, which is also the user name")
        parser.add_argument("--role", choices=ROLES, default="editor")

    def handle(self, *args: Any, **options: Any) -> None:
        email = str(options["email"]).lower()
        try:
            validate_email(email)
        except Exception as error:
            raise CommandError(f"{email} is not an e-mail address. Give the address of the person.") from error
        person, is_new = User.objects.get_or_create(username=email, defaults={"email": email, "is_staff": True})
        if is_new:
            person.set_unusable_password()
            person.is_superuser = options["role"] == "admin"
            person.save()
            if group := ROLES[options["role"]]:
                person.groups.add(Group.objects.get(name=group))
            sign_in_changes.record_roles(None, person, set(), Action.INVITED)
        uid = urlsafe_base64_encode(force_bytes(person.pk))
        token = default_token_generator.make_token(person)
        self.stdout.write(build_site_url("password_reset_confirm", uidb64=uid, token=token))
