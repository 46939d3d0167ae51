"""`python -m bench.products FOLDER [N]`: send N photographs to MediaHub, Wagtail and django-filer; compare them.

Each runs in a process of its own with its own environment and takes its photographs by its own upload. They take turns,
one block after the other. Nothing leaves this machine, and nothing stays but the environments.
"""

import os
import platform
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from bench.peer_environments import InstallFailed
from bench.products.photographs import find_photographs
from bench.products.plan import plan_turns
from bench.products.product import Product, ProductFailed
from bench.products.quality import average_similarity, measure_similarity
from bench.products.report import build_rows, build_similarity_row, build_survival_rows, format_table
from bench.products.signed_photograph import inspect_rendition, make_signed_photograph, names_author

COUNT, BLOCK = 500, 25
# So many of the photographs are looked at for the quality of their renditions.
LOOKED_AT = 4
USAGE = "Name a folder of JPEG photographs, and how many to send: python -m bench.products FOLDER 500"


def main(arguments: list[str]) -> int:
    """Print the table; return 1 when a product failed, 2 for arguments that make no sense."""
    photos = find_photographs(Path(arguments[0])) if arguments else []
    count = arguments[1] if len(arguments) > 1 else str(COUNT)
    if not photos or not count.isdecimal() or not int(count):
        print(USAGE, file=sys.stderr)
        return 2
    products = [
        Product("MediaHub, JPEG alone", "MIT", "bench.products.mediahub"),
        Product("MediaHub, its defaults", "MIT", "bench.products.mediahub", arguments=("defaults",)),
        Product("Wagtail images", "BSD-3-Clause", "bench.products.wagtail", "wagtail"),
        Product("django-filer", "BSD-3-Clause", "bench.products.filer", "filer"),
    ]
    # Ended from outside, it ends the products and removes their folders too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="mediahub-products-") as folder, ExitStack() as ending:
            for product in products:
                ending.callback(product.stop)
                product.start(Path(folder) / product.title)
            print_comparison(products, photos, int(count), Path(folder))
    except (InstallFailed, ProductFailed) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def print_comparison(products: Sequence[Product], photos: list[Path], count: int, folder: Path) -> None:
    """Send the photographs in turns, and print what each product measured."""
    # The files that are looked at come first, and take with them what each product does only once.
    looks = inspect_products(products, photos[:LOOKED_AT], folder)
    before = [product.ask(memory=True)["local_aws"] for product in products]
    by_title = {product.title: product for product in products}
    for turn in plan_turns(list(by_title), count, BLOCK):
        by_title[turn.product].add_photographs(turn.numbers, photos)
        print(f"block {turn.block + 1}: {turn.product}", file=sys.stderr)
    memories = [product.ask(memory=True) for product in products]
    for memory, seconds in zip(memories, before, strict=True):
        memory["local_aws"] = 1000 * (memory["local_aws"] - seconds) / count
    libraries = [product.ask(library=True) for product in products]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{date.today()}, {platform.machine()}, one core of {os.cpu_count()} for each product, load {load}")
    print(f"Python {platform.python_version()}; {count} photographs made of {len(photos)}, in blocks of {BLOCK}\n")
    rows = [["license", *(product.license for product in products)], *build_rows(products, libraries, memories), *looks]
    print(format_table(["", *(product.title for product in products)], rows))
    print()
    for product in products:
        print(f"{product.title}: {', '.join(f'{name} {version}' for name, version in product.versions.items())}")


def inspect_products(products: Sequence[Product], photos: Sequence[Path], folder: Path) -> list[list[str]]:
    """Return the rows on author, orientation and similarity of the renditions that each product makes."""
    signed = folder / "signed.jpg"
    signed.write_bytes(make_signed_photograph())
    survivals, records, similarities = [], [], []
    for product in products:
        renditions, record = product.take_in(signed)
        survivals.append([inspect_rendition(data) for data in renditions])
        records.append(names_author(record))
        each = (measure_similarity(photo.read_bytes(), product.take_in(photo)[0]) for photo in photos)
        similarities.append(average_similarity(each))
    return [*build_survival_rows(survivals, records), build_similarity_row(similarities)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
