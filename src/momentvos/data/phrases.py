"""Recast scenes described by phrases: training data for names and motions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.data.world import Scene
    from momentvos.data.world.answer import Facts

KINDS = {"name": 1.0, "verb": 0.0, "both": 0.0, "category": 0.0}
"""Kinds of phrases and their usual weights.

Such as "the blue dogs" (every other name without the look), "jumping", "the dog that jumps", and
"the dogs", which no colour gives away.
"""

PAIRS = 4
"""Pairs of category and look that a recast scene chooses from."""

ALIKE = 0.5
"""Chance that a recast scene has two looks of each category."""


@dataclass(frozen=True)
class Phrase:
    """A phrase that matches every object of a category, with a look, that performs a motion.

    verb: of `momentvos.data.world.motion.VERBS`. None leaves a part unrestricted.
    """

    category: str | None = None
    look: str | None = None
    verb: str | None = None

    def sentence(self, rng: np.random.Generator) -> str:
        """Word the phrase, in singular or plural at random: both mean every such object."""
        from momentvos.data.world.grammar import Noun, phrase

        plural, form = bool(rng.random() < 0.5), int(rng.integers(3))
        motion = phrase(rng, self.verb, plural, going=form == 0) if self.verb else ""
        if self.category is None:
            return motion
        noun = "the " + Noun(self.category, self.look).say(plural)
        return " ".join(filter(None, (noun, "that" if motion and form else "", motion)))

    def answer(self, scene: Scene, facts: Facts | None = None) -> dict[int, Moment]:
        """Targets by object number, with their moments: while they do it and are visible.

        facts: of the scene's objects; computed where not given.
        """
        from momentvos.data.world.answer import Facts

        facts = facts or Facts.of(scene.objects)
        targets = {}
        for number, one in enumerate(scene.objects):
            if self.category not in (None, one.category) or self.look not in (None, one.look):
                continue
            moment = facts.visible[number]
            if self.verb is not None:
                moment = Moment.empty()
                for event, seen in facts.events[number]:
                    if event.verb == self.verb:
                        moment = moment | seen
            if moment:
                targets[number] = moment
        return targets


def recast(rng: np.random.Generator, scene: Scene) -> Scene:
    """Redraw category and look of each object of a scene, from four pairs of them.

    Objects of a MomentWorld scene are mostly of one category, so that motion must tell them apart;
    training on names needs several categories. With probability `ALIKE` two pairs share each
    category, so that the look must tell them apart.
    """
    from momentvos.data.world.atlas import categories, looks_of

    names = [str(name) for name in rng.choice(categories(), PAIRS, replace=False)]
    if rng.random() < ALIKE:
        names[PAIRS // 2 :] = names[: PAIRS // 2]
    pairs: list[tuple[str, str]] = []
    for name in names:
        looks = [look for look in ("plain", *looks_of(name)) if (name, look) not in pairs]
        pairs.append((name, str(rng.choice(looks))))
    actors = []
    for actor in scene.objects:
        free = [
            pair
            for pair in pairs
            if all(_may_say(scene, pair[0], segment.verb) for segment in actor.segments)
        ] or [(actor.category, actor.look)]
        name, look = free[int(rng.integers(len(free)))]
        actors.append(replace(actor, category=name, look=look))
    return replace(scene, objects=tuple(actors))


def phrases(
    rng: np.random.Generator,
    scene: Scene,
    frames: tuple[int, ...],
    count: int,
    kinds: dict[str, float],
    missing: float = 0.2,
) -> list[Phrase]:
    """Draw `count` phrases about a recast scene, most of them about objects in `frames`.

    kinds: weights of the kinds; empty for `KINDS`. missing: share of the phrases that name
    something that is not in `frames`. Motions are not repeated as long as there are others. In
    train no phrase names a held-out pair of category and motion.
    """
    from momentvos.data.world.atlas import categories
    from momentvos.data.world.motion import VERBS

    visible = [
        (one.category, one.look)
        for one in scene.objects
        if one.visible[list(frames)].any()
    ]  # fmt: skip
    acts = [
        (one.category, one.look, event.verb)
        for one in scene.objects
        for segment in one.segments
        for event in segment.events()
        if any(event.first <= frame <= event.last and one.visible[frame] for frame in frames)
    ]
    named = [act for act in acts if _may_say(scene, act[0], act[2])]
    weights = kinds or KINDS
    names = [name for name in KINDS if weights.get(name, 0.0) > 0]
    shares = np.array([weights[name] for name in names])
    made: list[Phrase] = []
    for _ in range(count):
        kind = str(rng.choice(names, p=shares / shares.sum()))
        absent = rng.random() < missing
        if kind == "name" or (kind == "both" and not named):
            made.append(
                _absent_name(rng, visible) if absent or not visible else _name(rng, visible)
            )
        elif kind == "category":
            pool = [name for name in categories() if name not in {name for name, _ in visible}]
            pool = pool if absent or not visible else [name for name, _ in visible]
            made.append(Phrase(str(rng.choice(pool))))
        elif kind == "verb":
            used = {phrase.verb for phrase in made if phrase.category is None}
            made.append(Phrase(verb=_verb(rng, [act[2] for act in acts], used, absent)))
        else:
            category, look, verb = named[int(rng.integers(len(named)))]
            if absent:
                category, look = visible[int(rng.integers(len(visible)))]
                held: set[str | None] = {one for one in VERBS if not _may_say(scene, category, one)}
                verb = _verb(rng, [verb for _, _, verb in acts], held, bool(rng.random() < 0.3))
            made.append(replace(_name(rng, [(category, look)]), verb=verb))
    return made


def _may_say(scene: Scene, category: str, verb: str) -> bool:
    """Whether a sentence of the scene's split may combine this category and motion."""
    from momentvos.data.world.split import held_out

    return scene.split != "train" or not held_out(category, verb)


def _name(rng: np.random.Generator, visible: list[tuple[str, str]]) -> Phrase:
    category, look = visible[int(rng.integers(len(visible)))]
    return Phrase(category, look if look != "plain" and rng.random() < 0.5 else None)


def _absent_name(rng: np.random.Generator, visible: list[tuple[str, str]]) -> Phrase:
    """An absent category, or a present one with an absent look."""
    from momentvos.data.world.atlas import categories, looks_of

    if visible and rng.random() < 0.5:
        category, _ = visible[int(rng.integers(len(visible)))]
        looks = [look for look in looks_of(category) if (category, look) not in visible]
        if looks:
            return Phrase(category, str(rng.choice(looks)))
    names = [name for name in categories() if name not in {category for category, _ in visible}]
    return Phrase(str(rng.choice(names)))


def _verb(rng: np.random.Generator, done: list[str], barred: set[str | None], absent: bool) -> str:
    """A motion of `done` that is not in `barred`; with `absent`, or none left, another one."""
    from momentvos.data.world.motion import VERBS

    left = sorted(set(done) - barred)
    if absent or not left:
        free = [verb for verb in VERBS if verb not in barred] or list(VERBS)
        left = [verb for verb in free if verb not in done] or free
    return str(left[int(rng.integers(len(left)))])
