from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from mediahub.desk.people.lost_factors import remove_factors


class Command(BaseCommand):
    help = "Remove the second factors of a person who lost them, and end their sessions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="the person's user name, which for invited people is the e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        name = str(options["username"])
        person = User.objects.filter(username=name).first()
        if person is None:
            raise CommandError(f"There is no person with the user name {name}. See the list of people on the desk.")
        number = remove_factors(None, person)
        self.stdout.write(f"Removed {number} factors of {name} and ended all their sessions.")
