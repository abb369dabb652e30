"""Head noun of an expression, and a second noun in it. Not part of the papers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from momentvos.text import lexicon
from momentvos.text.number import determiners, head_of
from momentvos.text.rules import Word, verb_forms, words


class Nouns(NamedTuple):
    """Nouns with their adjectives, without articles and numerals.

    subject: "red dog" of "the dog that is red"; the whole expression where it has no noun.
    other: "cat" of "the dog that follows the cat", or None.
    """

    subject: str
    other: str | None = None


@lru_cache(maxsize=4096)
def nouns(text: str) -> Nouns:
    """Parse the nouns of an expression."""
    tokens, verbs = words(text), verb_forms(text)
    start, _ = determiners(tokens)
    head = head_of(tokens, start, verbs)
    if head is None:
        return Nouns(text)
    subject = " ".join(word.text for word in tokens[start : head + 1])
    described = _described(tokens, head + 1, verbs)
    return Nouns(" ".join([*described, subject]), _other(tokens, head + 1, verbs))


def _described(tokens: list[Word], start: int, verbs: Mapping[tuple[int, int], str]) -> list[str]:
    """Adjectives behind the noun: "red" in "the dog that is red"."""
    rest = tokens[start:]
    if len(rest) < 3 or rest[0].text not in lexicon.RELATIVES or rest[1].text not in lexicon.BE:
        return []
    adjectives = []
    for word in rest[2:]:
        plain = word.text.isalpha() and word.text not in lexicon.ADVERBS - lexicon.ADJECTIVES
        if (
            not plain
            or (word.start, word.stop) in verbs
            or word.text in lexicon.PREPOSITIONS | lexicon.BE
        ):
            break
        if word.text in lexicon.DETERMINERS:
            return []
        if word.text not in lexicon.COORDINATORS:
            adjectives.append(word.text)
    return adjectives


def _other(tokens: list[Word], start: int, verbs: Mapping[tuple[int, int], str]) -> str | None:
    """The first noun after the subject that has an article and is no place."""
    for place in range(start, len(tokens)):
        if tokens[place].text not in lexicon.DETERMINERS:
            continue
        rest = tokens[place:]
        first, _ = determiners(rest)
        head = head_of(rest, first, verbs)
        if head is not None and rest[head].text not in lexicon.PLACES:
            return " ".join(word.text for word in rest[first : head + 1])
    return None
