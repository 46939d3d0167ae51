import json
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mediahub.local import demo, emulator, site


class Command(BaseCommand):
    help = "Upload files through pages, S3, queue, and handler, and report the result of each."
    requires_system_checks = ()
    _shown = -1

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, metavar="FILE_OR_FOLDER")
        parser.add_argument("--json", action="store_true", help="Print only one JSON object per line for each file.")
        parser.add_argument(
            "--alone", action="store_true", help="Start a separate site for the demo, and stop it afterward."
        )
        parser.add_argument("--sign-in", type=Path, default=settings.VAR / "local" / "sign-in.json")

    def handle(self, *args: Any, **options: Any) -> None:
        # Ended by another program, it still stops what it started.
        # A shell that starts this in the background has SIGINT ignored, and Ctrl-C is how it is stopped.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        try:
            paths = demo.find_files([path.resolve() for path in options["paths"]])
            if options["alone"]:
                self._alone(paths, json_lines=options["json"])
            else:
                self._send(paths, options["sign_in"], json_lines=options["json"])
        except (demo.DemoError, emulator.EmulatorError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted.", returncode=130) from None

    def _alone(self, paths: list[Path], *, json_lines: bool) -> None:
        with ExitStack() as closing:
            state = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="mediahub-demo-")))
            ports = emulator.find_free_port(), emulator.find_free_port()
            running = site.start_site(state, *ports, closing, lambda line: self.stderr.write(line, self.style.NOTICE))
            command = [sys.executable, "manage.py", "demo", "--sign-in", str(state / "sign-in.json")]
            command += ["--json"] if json_lines else []
            process = subprocess.run(
                [*command, *map(str, paths)], cwd=settings.BASE_DIR, env=running.environment, check=False
            )
        sys.exit(process.returncode)

    def _send(self, paths: list[Path], sign_in: Path, *, json_lines: bool) -> None:
        if not sign_in.is_file():
            raise demo.DemoError(f"{sign_in} does not exist. Start the site with `make run`, or add --alone.")
        browser = demo.Browser(settings.SITE_URL)
        browser.sign_in("editor", json.loads(sign_in.read_text())["editor"])
        rows = [sent.build_row() for sent in demo.send_files(browser, paths, self._progress)]
        self.stderr.write("")
        if json_lines:
            for row in rows:
                self.stdout.write(json.dumps(row, ensure_ascii=False))
        else:
            self._table(rows)
        if any(row["state"] == demo.LOST for row in rows):
            raise CommandError("Some files are lost: they were never finished. Run `manage.py doctor`.")

    def _progress(self, ended: int, total: int) -> None:
        if ended == self._shown:
            return
        self._shown = ended
        filled = 30 * ended // total
        self.stderr.write(f"\r[{'#' * filled}{'.' * (30 - filled)}] {ended} of {total}", ending="")
        self.stderr.flush()

    def _table(self, rows: list[dict[str, Any]]) -> None:
        width = max(len(row["file"]) for row in rows)
        self.stdout.write(f"{'file':{width}}  {'state':8}  {'seconds':>7}  renditions and labels")
        for row in rows:
            sizes = [
                f"{rendition['name']} {rendition['width']}×{rendition['height']}" for rendition in row["renditions"]
            ]
            # Keywords of the file itself have no confidence.
            labels = ", ".join(
                label["name"] if label["confidence"] is None else f"{label['name']} {label['confidence']:.0f} %"
                for label in row["labels"]
            )
            result = row["reason"] or f"{', '.join(dict.fromkeys(sizes))}; {labels}"
            self.stdout.write(f"{row['file']:{width}}  {row['state']:8}  {row['seconds']:7.2f}  {result}")
        ready = sum(row["state"] == "ready" for row in rows)
        self.stdout.write(self.style.SUCCESS(f"{ready} of {len(rows)} ready"))
