"""`python -m bench.products.filer FOLDER`: an empty django-filer that takes in photographs."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.products.django_client import create_client, encode_file, start_django
from bench.products.site import LibraryPage, OneProcess, serve_commands
from bench.products.stopwatch import Stopwatch

EDGES = (2048, 1024, 512, 256)


class FilerSite(OneProcess):
    """django-filer's own upload view, and the thumbnails that a template would ask easy-thumbnails for."""

    def __init__(self) -> None:
        """Sign in, and create a folder for the photographs."""
        from filer.models import Folder

        packages = {"django-filer": "django-filer", "easy-thumbnails": "easy-thumbnails", "Pillow": "pillow"}
        self.versions = {name: version(package) for name, package in packages.items()}
        self._client = create_client()
        self._folder = Folder.objects.create(name="Photographs").pk
        self._latest = 0

    def add_photograph(self, stopwatch: Stopwatch, name: str, data: bytes) -> list[int]:
        """Post the file to the folder, then ask for each thumbnail."""
        body = encode_file("file", name, data, {})
        with stopwatch.time_product():
            path = f"/admin/filer/clipboard/operations/upload/{self._folder}/"
            response = self._client.generic("POST", path, **body)
        answer = response.json()
        if "file_id" not in answer:
            raise RuntimeError(f"django-filer refused {name}: {answer}")
        self._latest = answer["file_id"]
        with stopwatch.time_product():
            thumbnails = self._make_thumbnails()
        return [thumbnail.size for thumbnail in thumbnails]

    def _make_thumbnails(self) -> list[Any]:
        from easy_thumbnails.files import get_thumbnailer
        from filer.models import Image

        thumbnailer = get_thumbnailer(Image.objects.get(pk=self._latest))
        return [thumbnailer.get_thumbnail({"size": (edge, edge)}) for edge in EDGES]

    def open_library(self) -> LibraryPage:
        """Request the listing of the folder, as thumbnails."""
        html = self._client.get(f"/admin/filer/folder/{self._folder}/list/?_list_type=th").content
        return LibraryPage(html, html.count(b'class="list-item thumbnail-item thumbnail-file-item"'))

    def copy_renditions(self, folder: Path) -> str:
        """Copy the thumbnails in the sizes that were asked for."""
        from filer.models import Image

        for edge, thumbnail in zip(EDGES, self._make_thumbnails(), strict=True):
            shutil.copy(thumbnail.path, folder / f"{edge}.jpg")
        return " ".join(str(value) for value in vars(Image.objects.get(pk=self._latest)).values())


@contextmanager
def open_site(folder: Path) -> Iterator[FilerSite]:
    """Set up an empty django-filer in the folder."""
    os.environ["BENCH_FOLDER"] = str(folder)
    start_django("bench.products.filer.settings")
    yield FilerSite()


if __name__ == "__main__":
    sys.exit(serve_commands(open_site))
