"""What an expression is about, and the other thing it names. Not part of the papers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from momentvos.text import lexicon as known
from momentvos.text.number import determiners, head_of
from momentvos.text.rules import Word, verb_forms, words


class Nouns(NamedTuple):
    """Nouns with what describes them, without articles and numerals.

    subject: "red dog" of "the dog that is red"; the whole expression where no noun is found.
    other: "cat" of "the dog that follows the cat", or None.
    """

    subject: str
    other: str | None = None


@lru_cache(maxsize=4096)
def nouns(text: str) -> Nouns:
    """Find the nouns of an expression by its grammar."""
    said, verbs = words(text), verb_forms(text)
    start, _ = determiners(said)
    head = head_of(said, start, verbs)
    if head is None:
        return Nouns(text)
    subject = " ".join(word.text for word in said[start : head + 1])
    described = _described(said, head + 1, verbs)
    return Nouns(" ".join([*described, subject]), _other(said, head + 1, verbs))


def _described(said: list[Word], start: int, verbs: Mapping[tuple[int, int], str]) -> list[str]:
    """Adjectives behind the noun: "red" in "the dog that is red"."""
    rest = said[start:]
    if len(rest) < 3 or rest[0].text not in known.RELATIVES or rest[1].text not in known.BE:
        return []
    found = []
    for word in rest[2:]:
        plain = word.text.isalpha() and word.text not in known.ADVERBS - known.ADJECTIVES
        if (
            not plain
            or (word.start, word.stop) in verbs
            or word.text in known.PREPOSITIONS | known.BE
        ):
            break
        if word.text in known.DETERMINERS:
            return []
        if word.text not in known.COORDINATORS:
            found.append(word.text)
    return found


def _other(said: list[Word], start: int, verbs: Mapping[tuple[int, int], str]) -> str | None:
    """The first noun behind the subject that has an article and is no place."""
    for place in range(start, len(said)):
        if said[place].text not in known.DETERMINERS:
            continue
        rest = said[place:]
        first, _ = determiners(rest)
        head = head_of(rest, first, verbs)
        if head is not None and rest[head].text not in known.PLACES:
            return " ".join(word.text for word in rest[first : head + 1])
    return None
