import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from mediahub.local.event_loop import EventLoop, load_zappa_handler


class Command(BaseCommand):
    help = "Work on the upload queue of the local AWS as Lambda does, until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clock", type=float, default=5, help="Seconds between two runs of the scheduled tasks.")

    def handle(self, *args: Any, **options: Any) -> None:
        # Until there is a loop to end in order, the end may come at once.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        with TemporaryDirectory(prefix="mediahub-zappa-") as folder:
            loop = EventLoop(load_zappa_handler(settings.STAGE, Path(folder)), options["clock"])
            signal.signal(signal.SIGTERM, loop.stop)
            signal.signal(signal.SIGINT, loop.stop)
            loop.run()
