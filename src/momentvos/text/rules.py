"""Rule-based verb tagger: a lexicon, English morphology, and the context of ambiguous forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from momentvos.text import lexicon
from momentvos.text.morphology import forms, kinds_of_unknown

_TOKEN = re.compile(r"[^\W\d_]*n't|'[^\W\d_]+|[^\W\d_]+|\d+|[-,;.]")
_REQUEST = re.compile(
    r"\s*(?:please\s+|(?:can|could|would)\s+you\s+(?:please\s+)?)?"
    r"(\w+)(?:\s+(?:me|us|out|to))?\s+(\w+)",
    re.IGNORECASE,
)
_LIGHT = frozenset(["taking", "making", "performing"])
_BREAKS = frozenset(",;.")


@dataclass(frozen=True)
class Word:
    """A word or mark in lower case, its first and last+1 character."""

    text: str
    start: int
    stop: int


def words(text: str) -> list[Word]:
    """Split an expression into words and marks, without a leading "find ..." or "show me ..."."""
    return [
        Word(match[0].lower(), match.start(), match.end())
        for match in _TOKEN.finditer(text.replace("’", "'"), _after_request(text))
    ]


def verb_spans(text: str) -> tuple[tuple[int, int], ...]:
    """First and last+1 character of every verb, without auxiliaries and leading requests.

    See :func:`verb_forms`.
    """
    return tuple(verb_forms(text))


@lru_cache(maxsize=4096)
def verb_forms(text: str) -> Mapping[tuple[int, int], str]:
    """The verbs of an expression, by first and last+1 character: "base", "s", "ing" or "past".

    Made for expressions about motion: -ing and -ed forms are verbs unless known otherwise; plain
    and -s forms, which are often nouns ("the two cats that jump", "a high jump"), are
    disambiguated by the words to their left.
    """
    tagged_words = words(text)
    tagged: dict[int, str] = {}
    for number in range(len(tagged_words)):
        if kind := _verb(tagged_words, number, tagged):
            tagged[number] = kind
    return MappingProxyType(
        {
            (tagged_words[number].start, tagged_words[number].stop): kind
            for number, kind in tagged.items()
        }
    )


def _after_request(text: str) -> int:
    """Start of the expression after "find", "show me", "can you please locate" and so on."""
    match = _REQUEST.match(text)
    if match is None or match[1].lower() not in lexicon.REQUESTS:
        return 0
    return match.start(2) if match[2].lower() in lexicon.DETERMINERS | lexicon.RELATIVES else 0


def _verb(words: list[Word], number: int, tagged: dict[int, str]) -> str | None:
    """The kind of verb form that word ``number`` is here: "base", "s", "ing", "past"; else None."""
    word = words[number].text
    following = words[number + 1].text if number + 1 < len(words) else ""
    if word in lexicon.HAVE or word in lexicon.DO:
        return _main(words, number)
    if word in lexicon.AUXILIARIES:
        return None
    kinds = set(forms(word))
    left = _left(words, number)
    if not kinds:
        kinds = kinds_of_unknown(word)
        if number and words[number - 1].text == "-":
            kinds.discard("past")
        if "s" in kinds and not _clear_subject(left, words, following):
            kinds.discard("s")
    if "ing" in kinds:
        return "ing"
    if following == "-":
        return None
    if "past" in kinds and (word not in lexicon.UNSURE_PAST or _past_here(left)):
        return "past"
    for kind in ("s", "base"):
        if kind in kinds and _finite_here(word, kind, left, words, tagged):
            return kind
    return None


def _main(words: list[Word], number: int) -> str | None:
    """Kind of "have" or "do" as a main verb; None where it is an auxiliary."""
    word = words[number].text
    if word.endswith("n't"):
        return None
    after = (w.text for w in words[number + 1 :] if w.text not in lexicon.ADVERBS)
    following = forms(next(after, ""))
    helped = "past" if word in lexicon.HAVE else "base"
    if helped in following or (word in ("'ve", "having") and not following):
        return None
    if word in lexicon.DO and number + 1 == len(words):
        return None
    return {"has": "s", "does": "s", "doing": "ing", "having": "ing"}.get(word, "base")


@dataclass(frozen=True)
class _Left:
    """The nearest word to the left that is no adverb; ``joined``: "and", "then" or "," between."""

    word: str
    number: int
    joined: bool


def _left(words: list[Word], number: int) -> _Left:
    joined = False
    for place in range(number - 1, -1, -1):
        word = words[place].text
        if word in lexicon.COORDINATORS or word in _BREAKS:
            joined = True
        elif word not in lexicon.ADVERBS:
            return _Left(word, place, joined)
    return _Left("", -1, joined)


def _relative(left: _Left) -> bool:
    """A relative or personal pronoun; "that" and "which" that open a sentence point to a noun."""
    if left.word in ("that", "which", "what"):
        return left.number > 0
    return left.word in lexicon.RELATIVES or left.word in lexicon.SUBJECTS


def _clear_subject(left: _Left, words: list[Word], following: str) -> bool:
    return _relative(left) and not left.joined and "base" not in forms(following)


def _past_here(left: _Left) -> bool:
    return (_relative(left) or left.word in lexicon.HAVE) and not left.joined


def plural(word: str) -> bool:
    """Whether a noun has a plural form."""
    return word in lexicon.PLURALS or (word.endswith("s") and not word.endswith(("ss", "us", "is")))


def _finite_here(
    word: str, kind: str, left: _Left, words: list[Word], tagged: dict[int, str]
) -> bool:
    """Whether a plain or -s form, which may be a noun, is a verb in this place."""
    base = forms(word).get(kind, word)
    pure = base in lexicon.PURE
    if not left.word:
        return base not in lexicon.NAMES and not left.joined and len(words) > 1
    if left.word == "to" or left.word in lexicon.DO:
        return kind == "base"
    if left.word in lexicon.AUXILIARIES:
        return kind == "base" and left.word not in lexicon.BE and "'" not in left.word
    if _relative(left) and not left.joined:
        counts = left.word in ("one", "each", "both", "ones")
        return not (kind == "base" and counts and left.word != "ones")
    if left.word in lexicon.ADJECTIVES and left.number and words[left.number - 1].text == "in":
        return kind == "s" and base not in lexicon.NAMES
    nouns_follow = lexicon.DETERMINERS | lexicon.PREPOSITIONS | lexicon.ADJECTIVES
    if left.joined:
        if pure:
            return bool(tagged)
        return kind in tagged.values() and left.number - max(tagged) <= 3
    if left.word in nouns_follow or left.word == "-" or left.word.isdigit():
        return False
    if left.number in tagged:
        return kind == "s" and pure and left.word not in _LIGHT and tagged[left.number] == "ing"
    if kind == "s":
        return pure or not plural(left.word)
    both = any(w.text == "and" for w in words[max(0, left.number - 3) : left.number])
    return plural(left.word) or (pure and both and not tagged)
