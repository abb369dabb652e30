"""Questions about a scene: all unambiguous ones with their answers, and balanced sampling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from momentvos.data.world import answer as logic
from momentvos.data.world.answer import Answer, Facts
from momentvos.data.world.atlas import category, looks_of
from momentvos.data.world.grammar import SIZES, Noun, say
from momentvos.data.world.motion import RELATIONS, VERBS
from momentvos.data.world.scene import Expression
from momentvos.data.world.split import held_out
from momentvos.data.world.version import Version

NONE = 0.14
"""Probability of an expression without target."""

FEWEST, MOST = 5, 7
HARD, EASY = 0.9, 0.7
"""Probability of a hard question of a kind, where there are any; probability that one easy
question of kind "motion" is a candidate in a scene at all."""

MORE = {"one": 2.0, "many": 1.0, "sequence": 4.0, "relation": 2.0, "attribute": 1.0,
        "attributes": 1.0}  # fmt: skip
"""Sampling weights of the shapes in `extra`."""

_SOLO = tuple(verb for verb in VERBS if verb not in RELATIONS)


@dataclass(frozen=True)
class Question:
    """A question about a scene with its answer.

    hard: whether a distractor shares category and look with a target or, for a question without
    target, whether another object has the named motion or attribute.
    """

    kind: str
    shape: str
    noun: Noun
    answer: Answer
    verbs: tuple[str, ...] = ()
    other: Noun | None = None
    hard: bool = False


def sample_expressions(
    rng: np.random.Generator, split: str, facts: Facts, how: Version
) -> tuple[Expression, ...]:
    """Sample five to seven expressions of a scene; fewer where it has no more."""
    offered = [question for question in questions(facts) if _allowed(split, question)]
    easy = [q for q in offered if q.kind == "motion" and not q.hard]
    kept = easy[int(rng.integers(len(easy)))] if easy and rng.random() < EASY else None
    offered = [q for q in offered if q.kind != "motion" or q.hard or q is kept]
    wanted = int(rng.integers(FEWEST, MOST + 1))
    empty = int(rng.binomial(wanted, NONE))
    chosen: list[Question] = []
    while len(chosen) < wanted:
        pool = [q for q in offered if (q.kind == "none") == (len(chosen) < empty)]
        if not pool:
            break
        chosen.append(_pick(rng, pool, how))
        offered = [question for question in offered if question is not chosen[-1]]
    chosen = [chosen[int(i)] for i in rng.permutation(len(chosen))]
    return tuple(_expression(rng, split, facts, str(i), q) for i, q in enumerate(chosen))


def extra(rng: np.random.Generator, split: str, facts: Facts, count: int) -> tuple[Expression, ...]:
    """Sample up to `count` extra training expressions, half of them without target, of all shapes.

    Rare shapes are as frequent as the others, unlike in `sample_expressions`.
    """
    offered = [question for question in questions(facts) if _allowed(split, question)]
    chosen: list[Question] = []
    while offered and len(chosen) < count:
        empty = bool(rng.random() < 0.5)
        pool = [question for question in offered if (question.kind == "none") == empty] or offered
        shapes = sorted({question.shape for question in pool})
        shares = np.array([MORE[shape] for shape in shapes])
        shape = str(rng.choice(shapes, p=shares / shares.sum()))
        pool = [question for question in pool if question.shape == shape]
        hard = [question for question in pool if question.hard]
        pool = hard if hard and rng.random() < EASY else pool
        chosen.append(pool[int(rng.integers(len(pool)))])
        offered = [question for question in offered if question is not chosen[-1]]
    return tuple(_expression(rng, split, facts, f"more{n}", one) for n, one in enumerate(chosen))


def _pick(rng: np.random.Generator, pool: list[Question], how: Version) -> Question:
    kinds = [kind for kind in (*how.kinds, "none") if any(q.kind == kind for q in pool)]
    shares = np.array([how.kinds.get(kind, 1.0) for kind in kinds])
    kind = str(rng.choice(kinds, p=shares / shares.sum()))
    pool = [question for question in pool if question.kind == kind]
    hard = [question for question in pool if question.hard]
    pool = hard if hard and rng.random() < HARD else pool
    shapes = sorted({question.shape for question in pool})
    weights = np.array([3.0 if shape in ("one", "many") else 1.0 for shape in shapes])
    shape = str(rng.choice(shapes, p=weights / weights.sum()))
    pool = [question for question in pool if question.shape == shape]
    if not how.many:
        return pool[int(rng.integers(len(pool)))]
    sizes = np.array([max(len(question.answer), 1) ** how.many for question in pool])
    return pool[int(rng.choice(len(pool), p=sizes / sizes.sum()))]


def _allowed(split: str, question: Question) -> bool:
    if not question.verbs:
        return True
    held = [held_out(question.noun.category, verb) for verb in question.verbs]
    return not any(held) if split == "train" else any(held)


def questions(facts: Facts) -> Iterator[Question]:
    """All unambiguous questions about a scene's categories, with and without target."""
    nouns = _nouns(facts)
    for noun in nouns:
        yield from _motions(facts, noun)
        yield from _sequences(facts, noun)
        for other in nouns:
            yield from _relations(facts, noun, other)
    yield from _attributes(facts)


def _nouns(facts: Facts) -> list[Noun]:
    looks = sorted({(actor.category, actor.look) for actor in facts.actors})
    nouns = [Noun(name) for name in sorted({name for name, _ in looks})]
    return nouns + [Noun(name, look) for name, look in looks if look != "plain"]


def _hard(facts: Facts, noun: Noun, answer: Answer) -> bool:
    """Whether a matching object that is no target shares category and look with a target."""
    looks = {facts.actors[k].look for k in answer}
    return any(facts.actors[k].look in looks for k in logic.named(facts, noun) if k not in answer)


def _motions(facts: Facts, noun: Noun) -> Iterator[Question]:
    done = {event.verb for events in facts.events for event, _ in events}
    for verb in _SOLO:
        if logic.unclear(facts, noun, verb):
            continue
        answer = logic.does(facts, noun, verb)
        if answer:
            kind, shape = ("several", "many") if len(answer) > 1 else ("motion", "one")
            yield Question(kind, shape, noun, answer, (verb,), hard=_hard(facts, noun, answer))
        else:
            plural = len(logic.named(facts, noun)) > 2 and verb in done
            yield Question("none", "one", noun, {}, (verb,), hard=verb in done)
            if plural:
                yield Question("none", "many", noun, {}, (verb,), hard=True)


def _sequences(facts: Facts, noun: Noun) -> Iterator[Question]:
    members = logic.named(facts, noun)
    done = {event.verb for k in members for event, _ in facts.events[k]} - set(RELATIONS)
    clear = [v for v in _SOLO if v in done and not logic.unclear(facts, noun, v)]
    for first in clear:
        for second in clear:
            if first == second:
                continue
            answer = logic.does_then(facts, noun, first, second)
            if answer:
                hard = _hard(facts, noun, answer)
                yield Question("sequence", "sequence", noun, answer, (first, second), hard=hard)
            elif logic.does_then(facts, noun, second, first):
                yield Question("none", "sequence", noun, {}, (first, second), hard=True)


def _relations(facts: Facts, noun: Noun, other: Noun) -> Iterator[Question]:
    for verb in RELATIONS:
        acting = [e for events in facts.events for e, _ in events if e.verb == verb]
        if not acting or logic.unclear(facts, noun, verb):
            continue
        if logic.unclear_relation(facts, noun, verb, other):
            continue
        answer = logic.does_to(facts, noun, verb, other)
        if answer:
            hard = _hard(facts, noun, answer)
            yield Question("relation", "relation", noun, answer, (verb,), other, hard)
        elif noun.category != other.category:
            yield Question("none", "relation", noun, {}, (verb,), other, hard=True)


def _attributes(facts: Facts) -> Iterator[Question]:
    for name in sorted({actor.category for actor in facts.actors}):
        everyone = logic.named(facts, Noun(name))
        looks = {facts.actors[k].look for k in everyone}
        tinted = {actor.look for actor in facts.actors} - {"plain"}
        for attribute in (*looks_of(name), *SIZES):
            noun = Noun(name, attribute)
            answer = logic.fits(facts, noun)
            shape = "attributes" if len(answer) > 1 else "attribute"
            if answer and len(answer) < len(everyone):
                yield Question("attribute", shape, noun, answer, hard=True)
            elif not answer and attribute not in SIZES and not looks & {attribute}:
                plain_only = not set(category(name).colours) & {attribute}
                if plain_only:
                    yield Question("none", "attribute", noun, {}, hard=attribute in tinted)


def _expression(
    rng: np.random.Generator, split: str, facts: Facts, name: str, question: Question
) -> Expression:
    count = len(question.answer) or (2 if question.shape == "many" else 1)
    other = _mention(facts, question) if question.other else ""
    sentence, verbs, template = say(
        rng, split, question.shape, question.noun, question.verbs, count, other
    )
    targets = tuple(sorted(question.answer.items()))
    return Expression(
        name, sentence, question.kind, targets, question.noun.category, verbs, template,
        question.verbs, question.noun.attribute, question.hard,
        tuple(logic.named(facts, question.other)) if question.other else (),
    )  # fmt: skip


def _mention(facts: Facts, question: Question) -> str:
    """The other object with its article: "the", "a" among several, "another" of the same noun."""
    assert question.other is not None
    word = question.other.say()
    if question.other == question.noun:
        return f"another {word}"
    return f"the {word}" if len(logic.named(facts, question.other)) == 1 else f"a {word}"
