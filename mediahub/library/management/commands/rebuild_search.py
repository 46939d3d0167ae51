"""manage.py rebuild_search: the search entries of all images, made anew from the records."""

from argparse import ArgumentTypeError
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser

from mediahub.library.search import index


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not an image's ID.") from error


class Command(BaseCommand):
    help = (
        "Rebuild what the search knows of each image. MediaHub keeps it with every change, and the consistency "
        "check repairs it. Run this after rows were changed past MediaHub; it can be interrupted and run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--after", type=_read_id, help="The ID that an interrupted run printed last.")

    def handle(self, *args: Any, **options: Any) -> str:
        total = 0
        for last, number in index.rebuild_entries(options["after"]):
            total += number
            self.stderr.write(f"{last}: {number} corrected")
        return f"{total} search entries corrected."
