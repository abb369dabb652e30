"""How many things does an expression mean? What articles, numerals, nouns and verbs say of it.

"A cat", "the cat" and "the sheep that is jumping" mean one thing, "the two cats" two, "all cats"
and "the sheep that are jumping" two or more. Not part of the papers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from momentvos.text import lexicon as known
from momentvos.text.rules import Word, plural, verb_forms, words


class Number(NamedTuple):
    """At least and at most so many things; None: any number."""

    least: int = 1
    most: int | None = None


ANY, ONE, SEVERAL = Number(), Number(1, 1), Number(2)


@lru_cache(maxsize=4096)
def number(text: str) -> Number:
    """How many things an expression means, as far as its grammar says so; otherwise any number.

    A numeral or an article decides first ("one of the dogs that jump"), then the verb behind the
    noun ("the fish that swims"), then the noun's own ending.
    """
    said, verbs = words(text), verb_forms(text)
    start, told = determiners(said)
    head = head_of(said, start, verbs)
    if head is None:
        return told or ANY
    if said[head].text.removesuffix("s") in known.COLLECTIVES:
        return ANY
    if _joined(said, head):
        return SEVERAL if said[head + 2].text in known.DETERMINERS else ANY
    return told or _agreement(said, head + 1, verbs) or _ending(said[head].text)


def determiners(said: list[Word]) -> tuple[int, Number | None]:
    """Where articles, numerals and the like end, and what they say."""
    told = None
    for place, word in enumerate(said):
        text = word.text
        if text in known.SINGULAR or (text == "that" and place == 0):
            told = told or ONE
        elif text in known.SEVERAL:
            told = told or SEVERAL
        elif count := int(text) if text.isdecimal() and len(text) < 4 else known.NUMERALS.get(text):
            told = Number(count, count) if told in (None, SEVERAL) else told
        elif text not in known.DETERMINERS | known.RELATIVES | {"only", "just"}:
            return place, told
    return len(said), told


def head_of(said: list[Word], start: int, verbs: Mapping[tuple[int, int], str]) -> int | None:
    """The noun that the expression is about: the last word before whatever tells more of it."""
    ends = known.PREPOSITIONS | known.RELATIVES | known.AUXILIARIES | known.COORDINATORS
    ends |= known.DETERMINERS | known.ADVERBS - known.ADJECTIVES | {"to"}
    head = None
    for place in range(start, len(said)):
        text = said[place].text
        if text == "and" and said[place - 1].text in known.ADJECTIVES:
            continue
        if (said[place].start, said[place].stop) in verbs:
            if head is not None:
                return head
        elif text in ends or text in ",;.":
            return head
        elif text != "-":
            head = place
    return head


def _joined(said: list[Word], head: int) -> bool:
    """Is it "the dog and the cat", "the man and woman"?"""
    return head + 2 < len(said) and said[head + 1].text in ("and", "or")


def _agreement(said: list[Word], start: int, verbs: Mapping[tuple[int, int], str]) -> Number | None:
    """What the finite verb behind the noun says, if it is the next word of weight."""
    for word in said[start:]:
        kind = verbs.get((word.start, word.stop))
        if word.text in known.THIRD_SINGULAR or kind == "s":
            return ONE
        if word.text in known.THIRD_PLURAL or kind == "base":
            return SEVERAL
        if word.text not in known.RELATIVES | known.ADVERBS:
            return None
    return None


def _ending(noun: str) -> Number:
    if noun in known.EITHER_NUMBER:
        return ANY
    return SEVERAL if plural(noun) else ONE
