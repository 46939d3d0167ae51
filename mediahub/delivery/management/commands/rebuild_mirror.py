"""manage.py rebuild_mirror: the whole mirror, made anew from the records."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mediahub.delivery import mirror
from processing import ProcessingError


class Command(BaseCommand):
    help = "Makes the mirror in DynamoDB anew from SQL: forgets what no record knows, and pushes every image."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            forgotten, pushed = mirror.rebuild()
        except ProcessingError as error:
            raise CommandError(f"The mirror is not whole: {error} The same command begins again.") from error
        self.stdout.write(f"{pushed} images pushed, {forgotten} unknown ones forgotten.")
