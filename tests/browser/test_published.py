"""From a file that is dropped to a page of somebody else's: which file a browser fetches there, and how it looks."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from PIL import Image as Pillow
from PIL import ImageDraw
from playwright.sync_api import Browser

from bench.heic import encode_heic
from bench.scenes import paint_scene
from mediahub.aws import clients
from mediahub.delivery import embed, mirror
from mediahub.history.change_set import ChangeSet
from mediahub.library import publishing
from mediahub.library.models import Image
from processing.formats import list_inputs
from tests.browser.desk import Desk
from tests.pictures import encoded

pytestmark = pytest.mark.usefixtures("worker")
DARK = (16, 17, 22)
PHONE, LARGEST_ON_PHONE = 390, 40_000
KINDS = {each.name: each for each in list_inputs()}


class PublicSite:
    """A page with the embed code of an image, and the public files as the bucket has them; notes what is fetched."""

    def __init__(self) -> None:
        self.page = b""
        self.fetched: list[tuple[str, str, int]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content_type, body = site._read(self.path)
                self.send_response(200)
                self.send_header("Content-Type", content_type)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def show(self, image: Image) -> None:
        code = embed.build_embed_code(Image.objects.prefetch_related("renditions").get(pk=image.pk))
        assert code
        style = f"body {{ margin: 0; background: rgb{DARK} }} img {{ display: block; max-width: 100%; height: auto }}"
        head = (
            '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        )
        self.page = f"<!doctype html>{head}<style>{style}</style>{code.picture}".encode()
        self.fetched = []

    def _read(self, path: str) -> tuple[str, bytes]:
        if not path.startswith("/public/"):
            return "text/html", self.page
        store, key = clients.get_rendition_store(), path.removeprefix("/")
        with store.get(key) as file:
            body = file.read()
        content_type = store.head(key).content_type
        self.fetched.append((path.rsplit("/", 1)[1], content_type, len(body)))
        return content_type, body


@pytest.fixture
def site(local_aws: object, settings: Any) -> Iterator[PublicSite]:
    served = PublicSite()
    settings.PUBLIC_URL = served.address
    yield served
    served.server.shutdown()
    served.server.server_close()


def publish(chief: User, settings: Any) -> dict[str, Image]:
    """Publish every image, as the worker does; return them by their file's name."""
    Image.objects.update(alt_text="A harbor", credit="Ada Lund", license="CC BY 4.0")
    images = list(Image.objects.all())
    assert publishing.publish(ChangeSet(chief), images).count == len(images)
    settings.AWS_PROFILE = "worker"
    for image in images:
        mirror.push_image(image.pk)
    return {image.file_name: image for image in images}


def look(browser: Browser, site: PublicSite, disabled: list[str]) -> Pillow.Image:
    """Open the page on a phone whose browser lacks these formats; return what is seen."""
    context = browser.new_context(viewport={"width": PHONE, "height": 600})
    try:
        page = context.new_page()
        context.new_cdp_session(page).send("Emulation.setDisabledImageTypes", {"imageTypes": disabled})
        page.goto(site.address)
        page.locator("img").evaluate("(image) => image.decode()")
        return Pillow.open(BytesIO(page.screenshot())).convert("RGB")
    finally:
        context.close()


def encode(scene: Pillow.Image, format_name: str) -> bytes:
    """Return a picture in a format that comes in; Pillow writes no HEIC."""
    return encode_heic(scene) if format_name == "HEIF" else encoded(scene, format_name)


def draw_logo() -> Pillow.Image:
    """Draw a white disc in the middle of nothing."""
    logo = Pillow.new("RGBA", (1200, 800), (255, 255, 255, 0))
    ImageDraw.Draw(logo).ellipse((400, 200, 800, 600), fill=(255, 255, 255, 255))
    return logo


def test_of_each_kind_a_phone_fetches_one_small_avif_and_without_avif_the_fallback(
    signed_in: Desk, site: PublicSite, chief: User, settings: Any, browser: Browser
) -> None:
    scene = paint_scene("Harbour at dawn", 2400, 1600)
    files = {f"{name.lower()}.{each.suffix}": (name, each) for name, each in KINDS.items()}
    signed_in.open("/admin/upload/")
    signed_in.drop(*((name, each.content_type, encode(scene, kind)) for name, (kind, each) in files.items()))
    for name in files:
        signed_in.ends_as(name, "done")
    images = publish(chief, settings)
    assert set(images) == set(files)
    for image in images.values():
        site.show(image)
        look(browser, site, [])
        [(name, content_type, size)] = site.fetched
        assert (name, content_type) == ("medium.avif", "image/avif")
        assert size <= LARGEST_ON_PHONE
        site.show(image)
        look(browser, site, ["avif"])
        [(name, content_type, size)] = site.fetched
        assert (name, content_type) == ("medium.jpg", "image/jpeg")
        assert size <= LARGEST_ON_PHONE


@pytest.mark.parametrize(
    ("disabled", "fetched"), [([], ("medium.avif", "image/avif")), (["avif"], ("medium.jpg", "image/webp"))]
)
def test_a_transparent_logo_is_right_on_a_dark_page(
    signed_in: Desk,
    site: PublicSite,
    chief: User,
    settings: Any,
    browser: Browser,
    disabled: list[str],
    fetched: tuple[str, str],
) -> None:
    signed_in.open("/admin/upload/")
    signed_in.drop(("logo.png", "image/png", encoded(draw_logo(), "PNG")))
    signed_in.ends_as("logo.png", "done")
    [image] = publish(chief, settings).values()
    site.show(image)
    seen = look(browser, site, disabled)
    assert site.fetched[0][:2] == fetched
    assert len(site.fetched) == 1
    middle, beside = (seen.getpixel((x, 130)) for x in (PHONE // 2, 20))
    assert beside == DARK
    assert min(middle) > 250  # type: ignore[arg-type]
    # No halo: along a line through the disc every pixel lies between the page and white, and few are neither.
    row = [seen.getpixel((x, 130)) for x in range(PHONE)]
    assert len([pixel for pixel in row if pixel != DARK and min(pixel) <= 250]) < 8  # type: ignore[arg-type]


def test_the_desk_shows_it_on_a_checkerboard_and_fetches_one_file(signed_in: Desk) -> None:
    signed_in.open("/admin/upload/")
    signed_in.drop(("logo.png", "image/png", encoded(draw_logo(), "PNG")))
    signed_in.ends_as("logo.png", "done")
    image = Image.objects.get()
    requested: list[tuple[str, str]] = []
    signed_in.page.on("request", lambda request: requested.append((request.frame.url, request.url)))
    for path, selector in (
        ("/admin/library/image/", ".card .on-checkerboard"),
        (f"/admin/library/image/{image.pk}/change/", ".preview .on-checkerboard"),
        (f"/admin/images/{image.pk}/review/", "#front.on-checkerboard"),
        (f"/admin/images/{image.pk}/crop/", ".crop-picture.on-checkerboard"),
    ):
        # What the page before still asks for is not counted.
        signed_in.page.goto("about:blank")
        requested.clear()
        signed_in.open(path)
        picture = signed_in.page.locator(selector)
        picture.first.wait_for()
        assert "conic-gradient" in picture.first.evaluate("(image) => getComputedStyle(image).backgroundImage")
        shown = {url.partition("?")[0] for page, url in requested if path in page and str(image.pk) in url}
        assert len([url for url in shown if url.endswith((".avif", ".webp"))]) == 1, (path, shown)
        # The shape shows on the squares, and nothing stands behind it.
        assert signed_in.page.locator(".picture-behind:visible, #behind:visible").count() == 0
