"""In which order the products take their turns."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    """One product takes in some photographs; `block` counts the blocks, in each of which every product has one turn."""

    block: int
    product: str
    numbers: range


def plan_turns(products: Sequence[str], count: int, block_size: int) -> list[Turn]:
    """Return the turns by which each product takes in `count` photographs.

    In each block another product is the first, since the machine may be slower while one of them is at work.
    """
    turns = []
    for block, first in enumerate(range(0, count, block_size)):
        numbers = range(first, min(first + block_size, count))
        shift = block % len(products)
        turns += [Turn(block, product, numbers) for product in (*products[shift:], *products[:shift])]
    return turns
