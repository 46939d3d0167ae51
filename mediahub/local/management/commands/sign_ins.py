from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from mediahub.local import sign_ins


class Command(BaseCommand):
    help = "Make the editor and the chief editor of the local site and keep their passwords in a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="Where the passwords are kept.")

    def handle(self, *args: Any, **options: Any) -> None:
        sign_ins.prepare_people(options["file"])
