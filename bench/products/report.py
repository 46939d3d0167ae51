"""What is printed: one table with a column for each product."""

import statistics
from collections.abc import Sequence
from itertools import chain
from typing import Any

from bench.products.product import Product
from bench.products.ratios import compare_blocks
from bench.products.signed_photograph import Survival


def build_rows(
    products: Sequence[Product], libraries: Sequence[dict[str, Any]], memories: Sequence[dict[str, Any]]
) -> list[list[str]]:
    """Return the rows of figures, each with its name first; ratios are of the first product."""
    return [
        ["CPU ms a photograph, median", *(format_median(product.cpu) for product in products)],
        ["times the first column, by block", *(format_ratio(product.cpu, products[0].cpu) for product in products)],
        ["wall ms a photograph, median", *(format_median(product.wall) for product in products)],
        ["times the first column, by block", *(format_ratio(product.wall, products[0].wall) for product in products)],
        ["all photographs, wall s", *(f"{sum(chain(*product.wall)):.0f}" for product in products)],
        ["CPU ms of the local AWS beside it", *(f"{memory['local_aws']:.0f}" for memory in memories)],
        ["renditions a photograph", *(" or ".join(map(str, sorted(product.files))) for product in products)],
        ["their kB", *(f"{statistics.mean(product.sizes) / 1000:.0f}" for product in products)],
        ["peak memory, MB", *(f"{memory['peak']:.0f}" for memory in memories)],
        ["memory before the first, MB", *(f"{product.resident:.0f}" for product in products)],
        ["images on the library's page", *(str(library["shown"]) for library in libraries)],
        ["HTML of that page, kB", *(f"{library['html'] / 1000:.1f}" for library in libraries)],
        ["the same compressed, kB", *(f"{library['compressed'] / 1000:.1f}" for library in libraries)],
        ["CPU ms of its first visit", *(f"{library['first']:.0f}" for library in libraries)],
        ["CPU ms of later visits", *(f"{library['later']:.0f}" for library in libraries)],
    ]


def build_survival_rows(survivals: Sequence[Sequence[Survival]], records: Sequence[bool]) -> list[list[str]]:
    """Return the rows about author, orientation and place in each product's renditions, and its record."""
    return [
        ["author in the record", *("yes" if has_author else "no" for has_author in records)],
        ["author in the renditions", *(describe_authors(survival) for survival in survivals)],
        ["renditions are upright", *("yes" if all(s.is_upright for s in survival) else "no" for survival in survivals)],
        ["place in a rendition", *("yes" if any(s.has_place for s in survival) else "no" for survival in survivals)],
    ]


def build_similarity_row(similarities: Sequence[dict[int, float]]) -> list[str]:
    """Return the row with the SSIM of each product's renditions, by the longer edge."""
    edges = " / ".join(map(str, similarities[0]))
    return [f"SSIM at {edges} px", *(" / ".join(f"{v:.3f}" for v in each.values()) for each in similarities)]


def describe_authors(survival: Sequence[Survival]) -> str:
    """Return the standards in which every rendition names the author."""
    authors = [standard for standard in ("EXIF", "IPTC", "XMP") if all(standard in each.authors for each in survival)]
    return ", ".join(authors) or "no"


def format_median(blocks: Sequence[Sequence[float]]) -> str:
    """Return the median of all photographs in milliseconds."""
    return f"{1000 * statistics.median(chain(*blocks)):.0f}"


def format_ratio(blocks: Sequence[Sequence[float]], base: Sequence[Sequence[float]]) -> str:
    """Return how many times the time of a block is of the first product's."""
    return "1" if blocks is base else str(compare_blocks([sum(block) for block in blocks], [sum(of) for of in base]))


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown, its figures to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
