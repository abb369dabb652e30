"""The expression whose meaning answers a question. Not part of the papers."""

from __future__ import annotations

import re
from functools import lru_cache

from momentvos.text import lexicon
from momentvos.text.morphology import forms, inflect

LEADS = re.compile(
    r"^(?:please )?(?:(?:can|could|do) (?:you|we|i) see|(?:is|was) it true that|"
    r"(?:is|are|was|were) there)\b(?: any\b)?"
)
"""Beginnings that say nothing of what is asked about."""
TAILS = re.compile(
    r" (?:(?:is|are|was|were) (?:there|shown|visible)|(?:can|could|do) (?:you|we|i) see|"
    r"can be seen|(?:in|of) (?:the|this) (?:video|clip|film|movie|scene|image|picture|frame))$"
)
"""Ends that do not, either."""
SEEN = re.compile(r"\b(?:can|could) be seen (?:to )?")
ASKED = re.compile(r"^(?:(?:in|on|at|for|to) )?(what|which|whose|who|when|where|why|how)\b ?")
AUXILIARY = frozenset(
    ("is", "are", "was", "were", "does", "do", "did", "has", "have", "had", "can", "could", "will")
)
ANYTHING, ANYONE = "thing", "one"
ANY_ACT = frozenset(("do", "doing", "done"))
ALL = "things"


@lru_cache(maxsize=4096)
def asked_about(question: str) -> str:
    """The expression of what a question is about, in lower case.

    "the dog that jumps" of "Does the dog jump?" and of "When does the dog jump?", "dogs" of "How
    many dogs are there?", "the thing that spins" of "What spins in the video?", "things" where
    nothing is named. What is no question in English comes back as it is.
    """
    text = " ".join(question.strip().lower().rstrip("?!. ").split())
    asked = ASKED.match(text)
    led = LEADS.sub("", text).strip() if not asked else text[asked.end() :]
    if not asked and led == text and text.partition(" ")[0] not in AUXILIARY:
        return text
    led, seen = SEEN.subn("", _without_tails(led))
    tokens = led.split()
    if asked and asked[1] == "how" and tokens[:1] in (["many"], ["much"]):
        return _inverted("", tokens[1:])
    place = next((n for n, word in enumerate(tokens) if word in AUXILIARY), None)
    verb = next((n for n, word in enumerate(tokens) if "s" in forms(word) and n < 2), None)
    if asked and (place is None or (verb is not None and verb < place)):
        return _named(asked[1], tokens, 1 if verb is None else verb)
    if place is None:
        return _inverted("does" if seen else "", tokens)
    helper, rest = tokens[place], tokens[place + 1 :]
    if asked and not (rest and _nominal(rest)):
        return _named(asked[1], tokens, place)
    return _inverted(helper, rest)


def _without_tails(text: str) -> str:
    before = None
    while before != text:
        before, text = text, TAILS.sub("", f" {text}").strip()
    return text


def _named(asked: str, tokens: list[str], verb: int) -> str:
    """Of "which dog jumps", or of "who is jumping": words before and after the verb's place."""
    noun = " ".join(tokens[:verb]) or (ANYONE if asked == "who" else ANYTHING)
    rest = " ".join(tokens[verb:])
    if not rest or rest in AUXILIARY:
        return ALL if noun in (ANYONE, ANYTHING, ALL) else f"the {noun}"
    return f"the {noun} that {rest}"


def _nominal(tokens: list[str]) -> bool:
    return tokens[0] in lexicon.DETERMINERS or (tokens[0] not in lexicon.ADJECTIVES and not (
        forms(tokens[0]).keys() & {"ing", "past", "s"}
    ) and tokens[0] not in lexicon.PREPOSITIONS | lexicon.ADVERBS | {"there", "shown"})  # fmt: skip


def _inverted(helper: str, tokens: list[str]) -> str:
    """Of "does the dog jump", without its first word: subject, then what it does."""
    end = _subject(tokens)
    subject, rest = tokens[:end], tokens[end:]
    if rest and rest[-1] in ANY_ACT:
        rest = rest[:-1]
    if not subject:
        return ALL
    if not rest:
        return " ".join(subject)
    if rest[0] in lexicon.RELATIVES | lexicon.PREPOSITIONS:
        return " ".join([*subject, *rest])
    if helper in lexicon.DO:
        kind = "base" if helper == "do" else "s"
        rest = [inflect(rest[0])[kind][0], *rest[1:]]
    elif helper:
        rest = [helper, *rest]
    return " ".join([*subject, "that", *rest])


def _subject(tokens: list[str]) -> int:
    """Number of first words that name the subject: articles, adjectives, and a noun."""
    place = 0
    while place < len(tokens) and (
        tokens[place] in lexicon.DETERMINERS | lexicon.ADJECTIVES or tokens[place].isdecimal()
    ):
        place += 1
    stops = lexicon.PREPOSITIONS | lexicon.RELATIVES | lexicon.AUXILIARIES | lexicon.COORDINATORS
    stops |= lexicon.ADVERBS | lexicon.ADJECTIVES | lexicon.DETERMINERS | ANY_ACT
    place += place < len(tokens)
    while place < len(tokens) and tokens[place] not in stops and not forms(tokens[place]):
        place += 1
    return place
