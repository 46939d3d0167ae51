"""What people type: words, "quoted phrases", -exclusions, and words that narrow such as credit:lund."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from mediahub.library.models import IndexQuery
from mediahub.library.search.folding import list_spellings, split_words
from mediahub.library.search.schema import FILE_MARK, PAIR_MARK, PAIRED_LETTERS

# Of one term; more are of no help to anybody and cost the database.
MOST_WORDS = 40
# What narrows to a field of the index; `by` narrows to people.
COLUMNS = {"tag": "tags", "credit": "credit", "file": "file"}
OPERATORS = (*COLUMNS, "by")
_WEIGHT = {"tags": "B", "credit": "C", "title": "A"}
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″＂", '"'))
_PIECE = re.compile(r'-?(?:[^\W\d_]+:)?"[^"]*"|\S+')
_OPERATOR = re.compile(rf"({'|'.join(OPERATORS)}):(.*)", re.IGNORECASE | re.DOTALL)
# The article of Arabic and the particles that are written together with it.
_ARTICLES = ("وال", "بال", "كال", "فال", "ال", "لل")
_ARABIC = re.compile("[\u0620-\u064a]")
_SHORTEST_STEM = 2


@dataclass(frozen=True)
class Term:
    """One thing to find: its words, in each of the ways to write it; `operator` narrows.

    The last word of a spelling stands for its beginning, unless the term `is_exact`.
    """

    typed: str
    spellings: tuple[tuple[str, ...], ...]
    operator: str = ""
    is_exact: bool = False
    is_excluded: bool = False

    @property
    def column(self) -> str:
        """Return the field of the index that the term is looked for in; empty for all."""
        return COLUMNS.get(self.operator, "")


def split_pieces(text: str) -> list[str]:
    """Return what somebody typed as pieces: words, and phrases with their quotes and what stands before them.

    An operator with a space behind it belongs to what follows.
    """
    pieces: list[str] = []
    for piece in _PIECE.findall(text.translate(_QUOTES)):
        piece = " ".join(piece.split())
        if pieces and pieces[-1].removeprefix("-").casefold().rstrip(":") in OPERATORS and pieces[-1].endswith(":"):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def parse_term(piece: str) -> Term | None:
    """Return what a piece asks for; None for a piece without any word. What looks like an operator only is text."""
    is_excluded = piece.startswith("-") and len(piece) > 1
    text = piece.removeprefix("-") if is_excluded else piece
    operator = ""
    if (match := _OPERATOR.fullmatch(text)) and split_words(match[2]):
        operator, text = match[1].casefold(), match[2]
    is_exact = len(text) > 1 and text.startswith('"') and text.endswith('"')
    spellings = tuple(tuple(words[:MOST_WORDS]) for words in list_spellings(text) if words)
    if not spellings:
        return None
    return Term(piece, spellings, operator, is_exact, is_excluded)


def build_query(terms: Iterable[Term], column: str = "", *, exact: bool = False, any_of: bool = False) -> IndexQuery:
    """Return the question for all of these terms, or for any of them, in the index of words.

    `column` narrows those terms that name none; `exact` takes each word as a whole one.
    """
    questions = []
    for term in terms:
        term = replace(term, is_exact=term.is_exact or exact)
        questions.append((term, term.column or column))
    between = (" | ", " OR ") if any_of else (" & ", " AND ")
    return IndexQuery(
        between[0].join(_postgresql(term, column) for term, column in questions),
        between[1].join(_sqlite(term, column) for term, column in questions),
    )


def _list_alternatives(term: Term) -> list[tuple[str, ...]]:
    """Return the spellings of a term, and a single Arabic word with and without its article."""
    alternatives = list(term.spellings)
    if term.is_exact or len(alternatives[0]) > 1 or not _ARABIC.match(word := alternatives[0][0]):
        return alternatives
    stem = next((word.removeprefix(article) for article in _ARTICLES if word.startswith(article)), word)
    if len(stem) < _SHORTEST_STEM:
        return alternatives
    return list(dict.fromkeys([(word,), (stem,), *((f"{article}{stem}",) for article in _ARTICLES)]))


def _postgresql(term: Term, column: str) -> str:
    """Return the term as a tsquery; no word holds a quote or a backslash."""
    mark, weight = (FILE_MARK, "") if column == "file" else ("", _WEIGHT.get(column, ""))
    alternatives = []
    for words in _list_alternatives(term):
        suffixes = [weight] * (len(words) - 1) + [weight if term.is_exact else f"*{weight}"]
        lexemes = [f"'{mark}{word}'{suffix and ':'}{suffix}" for word, suffix in zip(words, suffixes, strict=True)]
        # Few rows have each pair: of these alone the order of all words is looked up.
        alternatives.append(" & ".join([*_list_pairs(words, is_exact=term.is_exact), f"({' <-> '.join(lexemes)})"]))
    return f"({' | '.join(f'({each})' for each in alternatives)})"


def _list_pairs(words: Sequence[str], *, is_exact: bool) -> list[str]:
    """Return what the index has of each two words that follow each other, the last as a beginning."""
    marked = [f"{PAIR_MARK}{word[:PAIRED_LETTERS]}" for word in words]
    pairs = [f"'{first}{second}'" for first, second in pairwise(marked)]
    return pairs if is_exact or not pairs else [*pairs[:-1], f"{pairs[-1]}:*"]


def _sqlite(term: Term, column: str) -> str:
    """Return the term as an FTS5 query."""
    alternatives = [f'"{" ".join(words)}"{"" if term.is_exact else "*"}' for words in _list_alternatives(term)]
    query = f"({' OR '.join(alternatives)})"
    return f"{{{column}}} : {query}" if column else query
