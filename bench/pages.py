"""`python -m bench.pages IMAGES`: measure the pages that editors open all day, with so many images.

Each image has six renditions in two formats, five of five hundred tags, an upload, a version, and a membership in one
of fifty collections, ten of which are closed to the editor who opens the pages. With `--folder` the filled database is
kept for the next run, which then begins at once.
"""

import logging
import time
from collections.abc import Iterable
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

from bench.database import open_library, parse_library
from bench.filling import fill

if TYPE_CHECKING:
    from django.test import Client

ROUNDS = 7


def main() -> None:
    """Print the median milliseconds, the questions and the bytes of each page, for an editor and for a chief editor."""
    library = parse_library("--folder", "--sqlite")
    with open_library(library, fill) as vendor:
        from django.contrib.auth.models import User
        from django.test import Client

        from mediahub.library import figures
        from mediahub.uploads import arrival_figures

        start = time.perf_counter()
        figures.keep_figures()
        arrival_figures.keep_figures()
        logging.disable(logging.CRITICAL)
        print(f"The clock keeps its figures in {time.perf_counter() - start:.1f} s.")
        print(f"{vendor}, {library.number:,} images, median of {ROUNDS} rounds")
        clients = []
        for name in ("Editor", "Chief editor"):
            clients.append(Client())
            clients[-1].force_login(User.objects.get(username=name))
        print("| Page | an editor, ms | a chief editor, ms | of it Python, ms | questions | kB |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for name, path in _list_pages().items():
            rows = [_measure_page(client, path) for client in clients]
            milliseconds = " | ".join(f"{row[0]:.0f}" for row in rows)
            python, questions, size = (max(row[n] for row in rows) for n in (1, 2, 3))
            print(f"| {name} | {milliseconds} | {python:.0f} | {questions} | {size:.0f} |", flush=True)


def _list_pages() -> dict[str, str]:
    from mediahub.library.models import Collection, Membership, SimilarPair
    from mediahub.uploads.models import Upload

    collection = Collection.objects.get(name="Collection 0").pk
    image: UUID = Membership.objects.filter(collection=collection).values_list("image", flat=True)[0]
    upload = Upload.objects.filter(image=image).values_list("pk", flat=True)[0]
    pair = SimilarPair.objects.filter(first__audience=None, second__audience=None).values_list("first", flat=True)[:1]
    grid = "/admin/library/image/"
    return {
        "home": "/admin/",
        "library": grid,
        "library, in review": f"{grid}?state=in_review",
        "library, one word": f"{grid}?q=harbour",
        "library, three words": f"{grid}?q={quote('harbour mist festival')}",
        "library, a word that is nowhere": f"{grid}?q=zeppelinn",
        "library, a tag": f"{grid}?tag=1",
        "library, a collection": f"{grid}?collection={collection}",
        "library, landscape in blue without alt text": f"{grid}?shape=landscape&color=blue&alt=no",
        "library, by title": f"{grid}?sort=title",
        "how many images": "/admin/images/count/?q=harbour",
        "whether anything is new": "/admin/pulse/",
        "one image": f"{grid}{image}/change/",
        "versions of an image": f"/admin/images/{image}/versions/",
        "review": f"/admin/images/{image}/review/",
        "review, a word": f"/admin/images/{image}/review/?q=harbour",
        "more images to review": f"/admin/review/items/?_after={image}",
        "collections": "/admin/collections/",
        "names of collections": "/admin/collections/complete/?q=coll",
        "duplicates": f"/admin/duplicates/{pair[0]}/" if pair else "/admin/duplicates/",
        "failed items": "/admin/recovery/faileditem/",
        "failed items of a cause": "/admin/recovery/faileditem/?fingerprint__exact=1",
        "uploads": "/admin/uploads/upload/",
        "uploads, a state": "/admin/uploads/upload/?state__exact=ready",
        "one upload": f"/admin/uploads/upload/{upload}/change/",
        "tags": "/admin/library/tag/",
        "one tag": "/admin/library/tag/1/change/",
        "names of tags": "/admin/tags/complete/?q=har",
        "background jobs": "/admin/jobs/",
        "activity": "/admin/activity/",
        "activity of a person": "/admin/activity/?by=3",
        "dashboard, 30 days": "/admin/dashboard/?days=30",
        "dashboard, 90 days": "/admin/dashboard/?days=90",
        "consistency checks": "/admin/recovery/consistencycheck/",
    }


def _measure_page(client: "Client", path: str) -> tuple[float, float, int, float]:
    """Return a page's median milliseconds, those of this process alone, its questions, and its kilobytes."""
    from django.db import connection

    questions: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        questions.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        response = client.get(path)
    assert response.status_code in (200, 403), (path, response.status_code)
    rounds = list(_time_page(client, path))
    wall, python = (median(column) for column in zip(*rounds, strict=True))
    return wall, python, len(questions), len(response.content) / 1000


def _time_page(client: "Client", path: str) -> Iterable[tuple[float, float]]:
    for _ in range(ROUNDS):
        start, python = time.perf_counter(), time.process_time()
        client.get(path)
        yield 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - python)


if __name__ == "__main__":
    main()
