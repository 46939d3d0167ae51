"""A second try when nothing was found: singular for plural, and words that differ by one slip of the finger."""

from dataclasses import replace
from itertools import takewhile

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Length

from mediahub.library.access import Person
from mediahub.library.models import Image, KnownWord
from mediahub.library.search.query import Search
from mediahub.library.search.terms import Term, build_query

SHORTEST = 4
# So many words are looked at for one that was typed, and so many of them asked for.
MOST_KNOWN, MOST_TRIED = 2000, 8
MANY = 1000
# Endings of plurals and what stands there in the singular: English, German, Arabic. All are folded.
ENDINGS = (
    *(("ies", "y"), ("ves", "f"), ("es", ""), ("s", ""), ("nen", ""), ("en", ""), ("er", ""), ("e", ""), ("n", "")),
    *(("ات", ""), ("ات", "ه"), ("ين", ""), ("ون", "")),
)


def correct(search: Search, user: Person) -> Search | None:
    """Return the search with words that the library has in place of those it has not, if it then finds something.

    Only what is found among the images that the person may see is proposed: no word of a hidden image is revealed.
    """
    if search.is_exact:
        return None
    words, is_corrected = list(search.words), False
    is_alone = len(search.looked_for) == 1 and not search.texts
    for term in search.looked_for:
        # One that stands alone has found nothing.
        if term.is_exact or len(term.spellings[0]) > 1 or (not is_alone and _finds(search, user, [term])):
            continue
        word = _find_word(search, user, term)
        if word is None:
            return None
        operator = f"{term.operator}:" if term.operator else ""
        words[words.index(term.typed)] = f"{operator}{word}"
        is_corrected = True
    corrected = replace(search, words=tuple(words), problems=())
    # What a single word finds was asked already.
    is_single = is_alone and len(search.terms) == 1
    return corrected if is_corrected and (is_single or _is_there(corrected.images(user))) else None


def _finds(search: Search, user: Person, terms: list[Term], *, exact: bool = False) -> bool:
    """Return whether the terms alone find something that the person may see."""
    images = Search(texts={name: text for name, text in search.texts.items() if name == "original"}).images(user)
    return _is_there(images.filter(search_entry__title__matches=build_query(terms, exact=exact)))


def _is_there(images: QuerySet[Image]) -> bool:
    """Return whether there is one; asked for one alone, PostgreSQL would look through all for a rare word."""
    return bool(images.order_by().values_list("pk")[:MANY])


def _find_word(search: Search, user: Person, term: Term) -> str | None:
    """Return the best of the words that may have been meant and stand on an image that the person may see."""
    typed = term.spellings[0][0]
    if len(typed) < SHORTEST:
        return None
    for word in _list_corrections(typed)[:MOST_TRIED]:
        if _finds(search, user, [replace(term, spellings=((word,),))], exact=True):
            return word
    return None


def _list_corrections(word: str) -> list[str]:
    """Return the known words that it may be the plural or singular of, then those at one slip.

    Of the latter, those that begin alike come first. One slip leaves the first half of a word as it is, or the second,
    unless it swaps the letters between them.
    """
    others = [word.removesuffix(plural) + singular for plural, singular in ENDINGS if word.endswith(plural)]
    # The singular, where the plural begins differently.
    others += [
        word.removesuffix(singular) + plural for plural, singular in ENDINGS if singular and word.endswith(singular)
    ]
    others = [other for other in others if len(other) >= SHORTEST - 1]
    is_other = Q(word__in=[word, *others])
    half = len(word) // 2
    swapped = [word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1)]
    alike = Q(word__in=swapped) | Q(word__startswith=word[:half]) | Q(reversed__startswith=word[half:][::-1])
    near = alike & Q(length__gte=len(word) - 1, length__lte=len(word) + 1)
    rows = KnownWord.objects.annotate(length=Length("word")).filter(is_other | near)
    rows = rows.order_by(ExpressionWrapper(is_other, BooleanField()).desc())
    known = set(rows.values_list("word", flat=True)[:MOST_KNOWN])
    neighbors = [other for other in known if _is_one_slip(word, other)]
    neighbors.sort(key=lambda other: (other[0] != word[0], abs(len(other) - len(word)), other))
    return list(dict.fromkeys([*(other for other in others if other in known), *neighbors]))


def _is_one_slip(word: str, other: str) -> bool:
    """Return whether one letter more, one less, another one, or two that are swapped makes the one of the other."""
    first = _count_alike(word, other)
    left, right = word[first:], other[first:]
    last = _count_alike(left[::-1], right[::-1])
    left, right = left[: len(left) - last], right[: len(right) - last]
    return left != right and (max(len(left), len(right)) == 1 or (len(left) == 2 and left == right[::-1]))


def _count_alike(word: str, other: str) -> int:
    """Return how many letters two words begin with alike."""
    pairs = zip(word, other, strict=False)
    return sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], pairs))
