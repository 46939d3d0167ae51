from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from mediahub.local import sign_ins


class Command(BaseCommand):
    help = "Create the editor and the chief editor of the local site, and save their passwords in a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="File for the passwords.")

    def handle(self, *args: Any, **options: Any) -> None:
        sign_ins.prepare_people(options["file"])
