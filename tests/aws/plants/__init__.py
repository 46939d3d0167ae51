"""The faults that once kept the product from working on AWS, each as an edit that brings it back."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import NamedTuple


class Edit(NamedTuple):
    """Replace `old`, which stands exactly once in the file, by `new`."""

    path: str
    old: str
    new: str


class Plant(NamedTuple):
    """One fault: `number` and `name` for the table, the edits that plant it, and the test that must fail then.

    `mended` says in one sentence how the product avoids the fault.
    """

    number: int
    name: str
    mended: str
    edits: tuple[Edit, ...]
    test: str


def read_plants() -> list[Plant]:
    """Return the plants of all modules of this package, by number."""
    names = [module.name for module in iter_modules([str(Path(__file__).parent)])]
    modules = [import_module(f"{__name__}.{name}") for name in names]
    return sorted(
        (plant for module in modules for plant in module.PLANTS), key=lambda plant: (plant.number, plant.test)
    )
