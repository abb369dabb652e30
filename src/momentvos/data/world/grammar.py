"""Grammar of MomentWorld: phrases for motions, templates for sentences, and the vocabulary.

Templates of the three splits are disjoint; every word of val and test occurs in train in some
other template.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from momentvos.data.world.atlas import LOOKS, categories, category
from momentvos.data.world.split import check

FORMS = {
    "moves": ("move", "moving"), "goes": ("go", "going"), "slides": ("slide", "sliding"),
    "travels": ("travel", "traveling"), "heads": ("head", "heading"), "rises": ("rise", "rising"),
    "climbs": ("climb", "climbing"), "sinks": ("sink", "sinking"),
    "descends": ("descend", "descending"), "jumps": ("jump", "jumping"),
    "leaps": ("leap", "leaping"), "bounces": ("bounce", "bouncing"),
    "hops": ("hop", "hopping"), "spins": ("spin", "spinning"), "rotates": ("rotate", "rotating"),
    "twirls": ("twirl", "twirling"), "grows": ("grow", "growing"),
    "gets": ("get", "getting"), "becomes": ("become", "becoming"),
    "shrinks": ("shrink", "shrinking"), "shakes": ("shake", "shaking"),
    "trembles": ("tremble", "trembling"), "shivers": ("shiver", "shivering"),
    "circles": ("circle", "circling"), "orbits": ("orbit", "orbiting"),
    "follows": ("follow", "following"), "chases": ("chase", "chasing"),
    "trails": ("trail", "trailing"), "overtakes": ("overtake", "overtaking"),
    "passes": ("pass", "passing"), "enters": ("enter", "entering"),
    "appears": ("appear", "appearing"), "comes": ("come", "coming"),
    "leaves": ("leave", "leaving"), "exits": ("exit", "exiting"),
    "disappears": ("disappear", "disappearing"), "stops": ("stop", "stopping"),
    "pauses": ("pause", "pausing"), "halts": ("halt", "halting"), "turns": ("turn", "turning"),
    "reverses": ("reverse", "reversing"),
}  # fmt: skip
"""Base form and -ing form of every motion word, by its third person."""

_WAYS = ("moves", "goes", "slides", "travels", "heads")
_TOWARDS = ("", "to the ", "towards the ")
PHRASES: dict[str, tuple[str, ...]] = {
    **{
        side: tuple(f"{verb} {to}{side}" for verb in _WAYS for to in _TOWARDS)
        for side in ("left", "right")
    },
    "up": ("moves up", "goes up", "slides up", "travels upwards", "heads upwards", "rises",
           "climbs", "moves upwards"),
    "down": ("moves down", "goes down", "slides down", "travels downwards", "heads downwards",
             "sinks", "descends", "moves downwards"),
    "diagonal": ("moves diagonally", "goes diagonally", "slides diagonally",
                 "travels diagonally"),
    "jump": ("jumps", "leaps", "jumps up", "leaps up", "jumps into the air", "leaps into the air"),
    "bounce": ("bounces", "bounces up and down", "bounces again and again",
               "hops up and down", "hops again and again"),
    "spin": ("spins", "rotates", "spins around", "twirls", "twirls around", "spins in place",
             "rotates in place"),
    "grow": ("grows", "gets bigger", "becomes bigger", "gets larger", "becomes larger",
             "grows larger"),
    "shrink": ("shrinks", "gets smaller", "becomes smaller"),
    "shake": ("shakes", "trembles", "shivers", "shakes in place", "trembles in place"),
    "circle": ("circles around", "goes around", "moves around", "orbits", "circles",
               "travels around"),
    "follow": ("follows", "chases", "trails", "moves behind", "goes behind"),
    "overtake": ("overtakes", "passes", "moves past", "goes past"),
    "enter": ("enters", "appears", "comes in", "comes into view", "enters the scene",
              "enters the frame"),
    "leave": ("leaves", "exits", "disappears", "goes out of view", "leaves the scene",
              "leaves the frame", "exits the scene"),
    "stop": ("stops halfway and goes on", "pauses halfway and goes on", "halts and moves on",
             "pauses and moves on", "stops on the way", "pauses on the way", "halts on the way"),
    "turn_back": ("turns back", "turns around", "reverses", "moves and turns back",
                  "reverses and comes back"),
}  # fmt: skip

TEMPLATES: dict[str, dict[str, tuple[str, ...]]] = {
    "one": {
        "train": ("the {n} that {s}", "the {n} which {s}", "a {n} that {s}", "the {n} {g}",
                  "the {n} that is {g}", "find the {n} that {s}", "show me the {n} that {s}",
                  "the only {n} that {s}", "a {n} {g}", "which {n} {s}",
                  "the {n} {g} in the video"),
        "val": ("find the {n} {g}", "a {n} which {s}", "the only {n} {g}"),
        "test": ("show me the {n} which is {g}", "find a {n} that {s}", "the only {n} which {s}",
                 "a {n} that is {g} in the video"),
    },
    "many": {
        "train": ("the {k} {n} that {s}", "the {n} that {s}", "{k} {n} {g}", "the {n} {g}",
                  "all {n} that {s}", "find the {n} that {s}", "all the {n} which {s}",
                  "the {k} {n} that are {g}", "show me the {k} {n} that {s}"),
        "val": ("find all {n} that {s}", "the {k} {n} which are {g}"),
        "test": ("show me the {k} {n} {g}", "find the {k} {n} which {s}", "all {n} {g}"),
    },
    "sequence": {
        "train": ("the {n} that {s}, then {s2}", "the {n} that {s} and then {s2}",
                  "the {n} that first {s} and then {s2}", "the {n} {g}, then {g2}",
                  "find the {n} that {s} and afterwards {s2}", "the {n} that {s2} after {g}",
                  "the {n} which {s} before {g2}", "the {n} {g} and afterwards {g2}"),
        "val": ("the {n} which {s}, then {s2}", "the {n} that first {s} and afterwards {s2}",
                "the {n} {g2} after {g}"),
        "test": ("find the {n} which {s} and then {s2}", "the {n} {g} and then {g2}",
                 "the {n} which {s2} after {g}"),
    },
    "relation": {
        "train": ("the {n} that {s} {o}", "the {n} {g} {o}", "the {n} which {s} {o}",
                  "find the {n} that {s} {o}", "show me the {n} {g} {o}",
                  "the {n} that {s} {o} in the video"),
        "val": ("find the {n} {g} {o}", "the {n} {g} {o} in the video"),
        "test": ("show me the {n} that {s} {o}", "the only {n} {g} {o}",
                 "find the {n} which {s} {o}"),
    },
    "attribute": {
        "train": ("the {n}", "find the {n}", "show me a {n}", "the {n} in the video",
                  "which {n} is it", "the {c} that is {a}"),
        "val": ("find a {n}", "the only {n}"),
        "test": ("show me the {n}", "find the {n} in the video", "a {n} in the video"),
    },
    "attributes": {
        "train": ("the {k} {n}", "all {n}", "find the {n}", "the {n} in the video",
                  "the {c} that are {a}"),
        "val": ("find all {n}", "the {k} {n} in the video"),
        "test": ("show me all the {n}", "find the {k} {n}"),
    },
}  # fmt: skip
"""Templates by shape of the question and split. {n} noun, {s} {g} motion as "moves" / "moving",
{k} number word, {o} the other object, {c} bare category, {a} attribute."""

NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven"}
SIZES = ("small", "big")


@dataclass(frozen=True)
class Noun:
    """Category with an optional attribute (look or size): "blue dog", "small cat"."""

    category: str
    attribute: str | None = None

    def say(self, plural: bool = False) -> str:
        name = category(self.category).plural if plural else self.category
        return f"{self.attribute} {name}" if self.attribute else name


def say(
    rng: np.random.Generator,
    split: str,
    shape: str,
    noun: Noun,
    verbs: tuple[str, ...] = (),
    count: int = 1,
    other: str = "",
) -> tuple[str, tuple[str, ...], str]:
    """Generate a sentence; return it with its motion words and its template.

    shape: a key of TEMPLATES. count: number of targets; two or more give plural forms.
    """
    template = str(rng.choice(TEMPLATES[shape][check(split)]))
    plural = count > 1
    fields = {"n": noun.say(plural), "c": Noun(noun.category).say(plural), "o": other,
              "a": noun.attribute or "", "k": NUMBERS.get(count, "")}  # fmt: skip
    for mark, verb in zip(("", "2"), verbs, strict=False):
        phrase = str(rng.choice(PHRASES[verb]))
        fields["s" + mark] = _inflect(phrase, 0) if plural else phrase
        fields["g" + mark] = _inflect(phrase, 1)
    sentence = re.sub(r"\ba (?=[aeiou])", "an ", template.format(**fields))
    motion_words = tuple(
        word for word in re.findall(r"[a-z]+", sentence) if word in _motion_words()
    )
    return sentence, motion_words, template


def phrase(rng: np.random.Generator, verb: str, plural: bool, going: bool) -> str:
    """Draw one of a motion's phrases: "jumps up", plural "jump up", or "jumping up"."""
    chosen = str(rng.choice(PHRASES[verb]))
    if going:
        return _inflect(chosen, 1)
    return _inflect(chosen, 0) if plural else chosen


def _inflect(phrase: str, form: int) -> str:
    return " ".join(FORMS[word][form] if word in FORMS else word for word in phrase.split())


@lru_cache(maxsize=1)
def _motion_words() -> frozenset[str]:
    used = {word for phrases in PHRASES.values() for phrase in phrases for word in phrase.split()}
    verbs = used & FORMS.keys()
    return frozenset(verbs | {form for verb in verbs for form in FORMS[verb]})


@lru_cache(maxsize=1)
def words() -> tuple[str, ...]:
    """Vocabulary of all splits, sorted, with the comma, in lower case."""
    texts = [t for shapes in TEMPLATES.values() for texts in shapes.values() for t in texts]
    texts = [re.sub(r"\{\w+\}", " ", text) for text in texts]
    for phrases in PHRASES.values():
        for phrase in phrases:
            texts += [phrase, _inflect(phrase, 0), _inflect(phrase, 1)]
    texts += [noun for name in categories() for noun in (name, category(name).plural)]
    texts += [look for look in LOOKS if look != "plain"] + [*SIZES, *NUMBERS.values()]
    texts += ["a an another the"]
    return tuple(sorted({word for text in texts for word in re.findall(r"[a-z]+|,", text)}))
