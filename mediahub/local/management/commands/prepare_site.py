from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from mediahub.local import sign_ins


class Command(BaseCommand):
    help = "Prepare database and static files of the local site, and save the passwords of its people in a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="File for the passwords.")

    def handle(self, *args: Any, **options: Any) -> None:
        # One process for all three: each of its own would load the site again.
        call_command("migrate", interactive=False)
        call_command("collectstatic", interactive=False)
        sign_ins.prepare_people(options["file"])
