"""Grammatical number of an expression, from its articles, numerals, nouns and verbs.

"A cat", "the cat" and "the sheep that is jumping" mean one object, "the two cats" two, "all cats"
and "the sheep that are jumping" two or more. Not part of the papers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from momentvos.text import lexicon
from momentvos.text.rules import Word, plural, verb_forms, words


class Number(NamedTuple):
    """Least and most number of objects; None stands for no limit."""

    least: int = 1
    most: int | None = None


ANY, ONE, SEVERAL = Number(), Number(1, 1), Number(2)


@lru_cache(maxsize=4096)
def number(text: str) -> Number:
    """Number of objects that an expression means; `ANY` where its grammar leaves that open.

    A numeral or an article decides first ("one of the dogs that jump"), then the verb after the
    noun ("the fish that swims"), then the noun's ending.
    """
    tokens, verbs = words(text), verb_forms(text)
    start, by_determiner = determiners(tokens)
    head = head_of(tokens, start, verbs)
    if head is None:
        return by_determiner or ANY
    if tokens[head].text.removesuffix("s") in lexicon.COLLECTIVES:
        return ANY
    if _joined(tokens, head):
        return SEVERAL if tokens[head + 2].text in lexicon.DETERMINERS else ANY
    return by_determiner or _agreement(tokens, head + 1, verbs) or _ending(tokens[head].text)


def determiners(tokens: list[Word]) -> tuple[int, Number | None]:
    """Index after the leading articles and numerals, and the number that they give."""
    by_determiner = None
    for place, word in enumerate(tokens):
        text = word.text
        if text in lexicon.SINGULAR or (text == "that" and place == 0):
            by_determiner = by_determiner or ONE
        elif text in lexicon.SEVERAL:
            by_determiner = by_determiner or SEVERAL
        elif (
            count := int(text) if text.isdecimal() and len(text) < 4 else lexicon.NUMERALS.get(text)
        ):
            by_determiner = (
                Number(count, count) if by_determiner in (None, SEVERAL) else by_determiner
            )
        elif text not in lexicon.DETERMINERS | lexicon.RELATIVES | {"only", "just"}:
            return place, by_determiner
    return len(tokens), by_determiner


def head_of(tokens: list[Word], start: int, verbs: Mapping[tuple[int, int], str]) -> int | None:
    """Index of the head noun: the last word before a modifying phrase, clause or verb."""
    ends = lexicon.PREPOSITIONS | lexicon.RELATIVES | lexicon.AUXILIARIES | lexicon.COORDINATORS
    ends |= lexicon.DETERMINERS | lexicon.ADVERBS - lexicon.ADJECTIVES | {"to"}
    head = None
    for place in range(start, len(tokens)):
        text = tokens[place].text
        if text == "and" and tokens[place - 1].text in lexicon.ADJECTIVES:
            continue
        if (tokens[place].start, tokens[place].stop) in verbs:
            if head is not None:
                return head
        elif text in ends or text in ",;.":
            return head
        elif text != "-":
            head = place
    return head


def _joined(tokens: list[Word], head: int) -> bool:
    """Whether nouns are coordinated: "the dog and the cat", "the man and woman"."""
    return head + 2 < len(tokens) and tokens[head + 1].text in ("and", "or")


def _agreement(
    tokens: list[Word], start: int, verbs: Mapping[tuple[int, int], str]
) -> Number | None:
    """Number of the finite verb after the noun, if no other content word precedes it."""
    for word in tokens[start:]:
        kind = verbs.get((word.start, word.stop))
        if word.text in lexicon.THIRD_SINGULAR or kind == "s":
            return ONE
        if word.text in lexicon.THIRD_PLURAL or kind == "base":
            return SEVERAL
        if word.text not in lexicon.RELATIVES | lexicon.ADVERBS:
            return None
    return None


def _ending(noun: str) -> Number:
    if noun in lexicon.EITHER_NUMBER:
        return ANY
    return SEVERAL if plural(noun) else ONE
