"""`python -m tests.documents`: put into documents what other commands print, between marks that name them."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from processing.formats import FORMATS
from tests.aws import calls
from tests.aws.__main__ import format_table
from tests.aws.plants import read_plants
from tests.e2e import stubs

ROOT = Path(__file__).resolve().parent.parent


def format_formats() -> str:
    """Return the table of image formats in Markdown."""
    rows = [
        f"| {each.label} | {', '.join(f'`{kind}`' for kind in each.content_types)} | "
        f"{', '.join(f'`.{suffix}`' for suffix in each.suffixes)} | "
        f"{'yes' if each.is_input else 'no'} | {'yes' if each.is_output else 'no'} |"
        for each in FORMATS
    ]
    return "\n".join(["| Format | MIME type | Suffixes | Input | Output |", "| --- | --- | --- | --- | --- |", *rows])


class Block(NamedTuple):
    """A part of a document that a command prints."""

    document: str
    command: str
    render: Callable[[], str]

    def replace(self, text: str) -> str:
        """Return the document with the block as it is now; raises ValueError where its marks do not stand once."""
        begin, end = f"<!-- made by {self.command} -->\n", "\n<!-- until here -->\n"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        renewed, count = pattern.subn(lambda _: f"{begin}\n{self.render()}\n{end}", text)
        if count != 1:
            raise ValueError(f"{self.document} has {count} blocks that `{self.command}` prints; there must be one.")
        return renewed


BLOCKS = (
    Block("docs/reliability.md", "python -m tests.aws --table", lambda: format_table(read_plants())),
    Block("SECURITY.md", "python -m tests.aws.calls --rights", lambda: calls.format_rights(calls.read())),
    Block("docs/operations.md", "python -m tests.e2e.stubs", stubs.as_markdown),
    Block("docs/formats.md", "python -m tests.documents", format_formats),
)


def main() -> None:
    """Rewrite each document that has such a block."""
    for block in BLOCKS:
        path = ROOT / block.document
        path.write_text(block.replace(path.read_text()))


if __name__ == "__main__":
    main()
