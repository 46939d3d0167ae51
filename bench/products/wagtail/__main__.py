"""`python -m bench.products.wagtail FOLDER`: an empty Wagtail that takes in photographs."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.products.django_client import create_client, encode_file, start_django
from bench.products.site import LibraryPage, OneProcess, serve_commands
from bench.products.stopwatch import Stopwatch

EDGES = (2048, 1024, 512, 256)
FILTERS = [f"max-{edge}x{edge}|format-jpeg" for edge in EDGES]


class WagtailSite(OneProcess):
    """Wagtail's own upload view, and the renditions that a template would ask for."""

    def __init__(self) -> None:
        """Sign in, and set off what Wagtail does on its first request."""
        import PIL
        import wagtail
        import willow

        self.versions = {"Wagtail": wagtail.__version__, "Willow": willow.__version__, "Pillow": PIL.__version__}
        self._client = create_client()
        self._latest = 0

    def add_photograph(self, stopwatch: Stopwatch, name: str, data: bytes) -> list[int]:
        """Post the file to the page for several images, then ask for all renditions at once."""
        from wagtail.images import get_image_model

        body = encode_file("files[]", name, data, {"title": name})
        headers = {"X-Requested-With": "XMLHttpRequest"}
        with stopwatch.time_product():
            response = self._client.generic("POST", "/admin/images/multiple/add/", **body, headers=headers)
        answer = response.json()
        if not answer.get("success"):
            raise RuntimeError(f"Wagtail refused {name}: {answer}")
        self._latest = answer["image_id"]
        with stopwatch.time_product():
            # As the view of a page does: it loads the image, and its template asks for renditions.
            renditions = get_image_model().objects.get(pk=self._latest).get_renditions(*FILTERS)
        return [rendition.file.size for rendition in renditions.values()]

    def open_library(self) -> LibraryPage:
        """Request the page of all images."""
        html = self._client.get("/admin/images/").content
        return LibraryPage(html, html.count(b'class="image-choice"'))

    def copy_renditions(self, folder: Path) -> str:
        """Copy the renditions in the sizes that were asked for."""
        from wagtail.images import get_image_model

        image = get_image_model().objects.get(pk=self._latest)
        for rendition in image.get_renditions(*FILTERS).values():
            shutil.copy(rendition.file.path, folder / f"{rendition.width}.jpg")
        return " ".join(str(value) for value in vars(image).values())


@contextmanager
def open_site(folder: Path) -> Iterator[WagtailSite]:
    """Set up an empty Wagtail in the folder."""
    os.environ["BENCH_FOLDER"] = str(folder)
    start_django("bench.products.wagtail.settings")
    yield WagtailSite()


if __name__ == "__main__":
    sys.exit(serve_commands(open_site))
