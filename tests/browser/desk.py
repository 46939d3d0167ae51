"""The desk as a person meets it: pages, files dropped, what a screen reader and the security policy say of it."""

import base64
import json
from functools import cached_property
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from playwright.sync_api import CDPSession, ConsoleMessage, Locator, Page, expect

from mediahub.library.models import Image

AXE = Path("mediahub/desk/frontend/node_modules/axe-core/axe.min.js")
LISTEN = """
document.addEventListener("securitypolicyviolation", ({violatedDirective, blockedURI, sourceFile, lineNumber}) =>
  window.reportViolation([location.pathname, violatedDirective, blockedURI, sourceFile, lineNumber].join(" ")));
"""
DROP = """
(target, files) => {
  const carried = new DataTransfer();
  for (const [name, type, data] of files) {
    carried.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name, { type }));
  }
  for (const kind of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
  }
}
"""
PASTE = """(data) => {
  const carried = new DataTransfer();
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  carried.items.add(new File([bytes], "image.png", { type: "image/png" }));
  const target = document.activeElement;
  target.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: carried }));
}"""
# Only what hangs takes longer, also on a machine that has five times as much to do as it can.
PATIENCE = 180_000
CHECKED = """() => Promise.race([
  axe.run(document, {resultTypes: ['violations'], preload: false}),
  new Promise((_, refuse) => setTimeout(() => refuse(new Error("axe came to no end")), 180000)),
])"""


class Desk:
    """One browser page on the desk; notes each violation of the policy and each error of a script."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.violations: list[str] = []
        self.errors: list[str] = []
        page.expose_function("reportViolation", lambda text: self.violations.append(text))
        page.add_init_script(LISTEN)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)

    def open(self, path: str) -> None:
        """Go to a page of the site by its path."""
        self.page.goto(self.address + path)

    def drop(self, *files: tuple[str, str, bytes]) -> None:
        """Drop (name, type, bytes) on the drop zone, all at once."""
        target = self.page.locator(".uppy-Dashboard-AddFiles, .uppy-Dashboard-inner").first
        target.wait_for()
        carried = [(name, kind, base64.b64encode(data).decode()) for name, kind, data in files]
        target.evaluate(f"(target, files) => ({DROP})(target, files)", carried)

    def paste(self, data: bytes) -> None:
        """Paste a picture that has no file of its own, wherever the focus is."""
        self.page.evaluate(f"(data) => ({PASTE})(data)", base64.b64encode(data).decode())

    def slow_down(self, bytes_a_second: int = 8_000_000) -> None:
        """From here on this page sends at most that much, so that there is time to pause; -1 lets it go as it can."""
        line = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second}
        self._protocol.send("Network.emulateNetworkConditions", line)

    @cached_property
    def _protocol(self) -> CDPSession:
        return self.page.context.new_cdp_session(self.page)

    def row(self, name: str) -> Locator:
        """Return the row that tells what became of a file."""
        return self.page.locator("#arrivals .entry", has=self.page.get_by_text(name, exact=True))

    def ends_as(self, name: str, label: str) -> None:
        """Wait until the row of this file says so."""
        expect(self.row(name).locator("[data-chip]")).to_have_text(label)

    def findings(self) -> list[str]:
        """Return what axe finds wrong with the page as it is now."""
        # Evaluating over the debugging protocol is not bound by the page's policy, as a script element would be.
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        # To read a style sheet that imports another, axe would write a style element, which the policy forbids.
        result: dict[str, Any] = self.page.evaluate(CHECKED)
        return [
            f"{violation['id']}: {node['target']} {json.dumps(node['any'][:1])[:300]}"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]

    def _console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.violations.append(message.text)


def open_review(desk: Desk, image: Image, query: str = "") -> None:
    """Open the review at this image, and wait until its script has begun."""
    desk.open(f"/admin/images/{image.pk}/review/{query}")
    desk.page.locator("[data-review=ready]").wait_for()


def sign_in_by_hand(page: Page, user: User) -> None:
    """Fill in the sign-in page and wait for the desk."""
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".ways").wait_for()


def sign_in_again(page: Page, user: User) -> None:
    """Follow the page's own link into a new tab, sign in there, and close it."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    sign_in_by_hand(opened.value, user)
    opened.value.close()
