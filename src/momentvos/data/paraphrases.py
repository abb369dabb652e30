"""Pairs of paraphrases from MomentWorld's grammar, without a scene: text-only training data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SHAPES = {"phrase": 4.0, "one": 2.0, "many": 1.0, "sequence": 0.7, "relation": 1.0}
"""Weights of phrases, and of whole sentences with a motion, by their shape in
`momentvos.data.world.grammar.TEMPLATES`."""

ATTRIBUTE = 2.0
"""Weight of whole sentences without a motion."""

PLURAL, SIZED, LOOKED, MOVING = 0.3, 0.1, 0.6, 0.6
"""Share of sentences without a motion that are in the plural; of nouns with a size, and of the
others with a look; of phrases with a motion."""


def paraphrases(rng: np.random.Generator, split: str, count: int) -> list[tuple[str, str]]:
    """Draw `count` random expressions, each in two random wordings of a split.

    The two wordings may be equal.
    """
    made = []
    for _ in range(count):
        say = _question(rng, split)
        made.append((say(), say()))
    return made


def _question(rng: np.random.Generator, split: str) -> Callable[[], str]:
    """A random expression, as a function that words it anew at every call."""
    from momentvos.data.phrases import Phrase
    from momentvos.data.world.grammar import SIZES, Noun, say

    names = [*SHAPES, "attribute"]
    shares = np.array([*SHAPES.values(), ATTRIBUTE])
    shape = str(rng.choice(names, p=shares / shares.sum()))
    category, look = _named(rng)
    verbs = _verb(rng, shape == "relation"), _verb(rng)
    if shape == "phrase":
        phrase = Phrase(category, look, verbs[0] if rng.random() < MOVING else None)
        return lambda: phrase.sentence(rng)
    size = str(rng.choice(SIZES))
    noun = Noun(category, size if rng.random() < SIZED else look)
    if shape == "attribute":
        noun = noun if noun.attribute else Noun(category, size)
        shape = "attributes" if rng.random() < PLURAL else shape
    count = int(rng.integers(2, 5)) if shape in ("many", "attributes") else 1
    other = "the " + Noun(*_named(rng)).say()
    return lambda: say(rng, split, shape, noun, verbs, count, other)[0]


def _named(rng: np.random.Generator) -> tuple[str, str | None]:
    from momentvos.data.world.atlas import categories, looks_of

    category = str(rng.choice(categories()))
    looks = [look for look in looks_of(category) if look != "plain"]
    return category, str(rng.choice(looks)) if looks and rng.random() < LOOKED else None


def _verb(rng: np.random.Generator, relation: bool = False) -> str:
    from momentvos.data.world.motion import RELATIONS, VERBS

    known = [verb for verb in VERBS if (verb in RELATIONS) == relation]
    return str(rng.choice(known))
