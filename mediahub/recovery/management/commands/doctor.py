from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mediahub.recovery import doctor


class Command(BaseCommand):
    help = "Check everything that an upload needs, and say how to fix each problem."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--inside", action="store_true", help="check only what a deployed function uses")

    def handle(self, *args: Any, **options: Any) -> None:
        faults = 0
        for finding in doctor.examine_parts(inside=options["inside"]):
            mark = self.style.ERROR("✗") if finding.advice else self.style.SUCCESS("✓")
            self.stdout.write(f"{mark} {finding.part:13} {finding.seen}")
            if finding.advice:
                self.stdout.write(f"  → {finding.advice}")
            faults += bool(finding.advice)
        if faults:
            raise CommandError(f"{faults} faults found.")
        self.stdout.write("All is well.")
