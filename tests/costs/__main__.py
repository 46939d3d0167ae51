"""`python -m tests.costs`: put into the documents what the commands print now, and the figures in sentences."""

import re

from tests.costs import DOCUMENT, FIGURES, ROOT, SHOWN, print_bill


def main() -> None:
    """Rewrite the bills in docs/cost.md, and the figures in its sentences and in README.md."""
    DOCUMENT.write_text(
        re.sub(
            SHOWN,
            lambda shown: f"`python -m deploy {shown[1]}`:\n\n{print_bill(shown[1])}\n\n<!-- end -->",
            DOCUMENT.read_text(),
            flags=re.S,
        )
    )
    for figure in FIGURES:
        path = ROOT / figure.document
        text = path.read_text()
        start, end = figure.find(text).span(1)
        path.write_text(text[:start] + figure.value() + text[end:])


if __name__ == "__main__":
    main()
