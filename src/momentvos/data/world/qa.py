"""Question answering on MomentWorld: questions about a scene with their true answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from momentvos.data.world import answer as logic
from momentvos.data.world.answer import Facts
from momentvos.data.world.atlas import LOOKS, categories, category
from momentvos.data.world.grammar import NUMBERS, Noun, phrase
from momentvos.data.world.motion import RELATIONS, VERBS
from momentvos.data.world.scene import Scene
from momentvos.data.world.split import held_out

Turn = tuple[str, str]

WHAT = ("What is there?", "What can you see?", "Which things are shown?")
COUNT = ("How many {} are there?", "How many {} can you see?")
THERE = ("Is there {}?", "Can you see {}?")
COLOUR = ("What colour is the {}?", "Which colour has the {}?")
SIDE = ("On which side is the {}?", "Is the {} left or right?")
DOES = ("What does the {} do?", "What is the {} doing?")
WHICH = ("What {} in the video?", "Which thing {}?")
HOLDS = ("Does the {} {}?", "Is it true that the {} can be seen to {}?")
WHEN = ("When does the {} {}?", "In which half does the {} {}?")
HALVES = ("In the first half.", "In the second half.")
TEXTS = (
    *(text.format("", "") for text in (*COUNT, *THERE, *COLOUR, *SIDE, *DOES, *WHICH, *HOLDS)),
    *(text.format("", "") for text in WHEN),
    *(
        *WHAT,
        *HALVES,
        "Yes.",
        "No.",
        "None.",
        "Left.",
        "Right.",
        "Nothing.",
        "A",
        "An",
        "The",
        "It",
    ),
    *(word.capitalize() for word in ("one", *NUMBERS.values(), *LOOKS)),
)
"""Vocabulary of questions and answers beyond the grammar's."""

_SOLO = tuple(verb for verb in VERBS if verb not in RELATIONS)
_EDGE = 0.12


@dataclass(frozen=True)
class _View:
    """Frames of a scene with the numbers of the objects visible in them."""

    facts: Facts
    frames: tuple[int, ...]
    objects: tuple[int, ...]
    split: str

    def of(self, name: str) -> list[int]:
        return [k for k in self.objects if self.facts.actors[k].category == name]

    @property
    def names(self) -> list[str]:
        return sorted({self.facts.actors[k].category for k in self.objects})

    @property
    def single(self) -> list[str]:
        """Categories with exactly one object, so that "the dog" is unambiguous."""
        return [name for name in self.names if len(self.of(name)) == 1]


def qa_pairs(
    rng: np.random.Generator, scene: Scene, frames: tuple[int, ...], count: int
) -> list[Turn]:
    """Sample up to `count` pairs of question and answer about `frames`: an image, or the video.

    Images: existence, count, colour, side. Videos also: the motions of an object, the object of a
    motion, whether it performs one, and in which half. Ambiguous questions are left out; in train
    so are held-out pairs of category and motion.
    """
    facts = Facts.of(scene.objects)
    objects = tuple(
        k for k, moment in enumerate(facts.visible) if any(at in moment for at in frames)
    )
    view = _View(facts, frames, objects, scene.split)
    makers: list[Callable[[], Iterator[Turn]]] = [
        partial(make, rng, view) for make in (_what, _count, _there, _colour)
    ]
    moving = [partial(make, rng, view) for make in (_does, _which, _holds, _holds, _when)]
    makers += moving if len(frames) > 1 else [partial(_side, rng, view)]
    turns: dict[str, str] = {}
    for _ in range(4 * count):
        offered = list(makers[int(rng.integers(len(makers)))]())
        if offered:
            question, reply = offered[int(rng.integers(len(offered)))]
            turns.setdefault(question, reply)
        if len(turns) == count:
            break
    return list(turns.items()) or list(_what(rng, view))


def _pick(rng: np.random.Generator, texts: tuple[str, ...], *words: str) -> str:
    return str(rng.choice(texts)).format(*words)


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _what(rng: np.random.Generator, view: _View) -> Iterator[Turn]:
    """List of all objects, the most numerous first: "Two dogs and a cat."."""
    counts = Counter(view.facts.actors[k].category for k in view.objects)
    parts = [
        _a(name) if number == 1 else f"{_number(number)} {category(name).plural}"
        for name, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    listed = ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)
    yield _pick(rng, WHAT), _sentence(listed or "nothing")


def _count(rng: np.random.Generator, view: _View) -> Iterator[Turn]:
    for name in (*view.names, _other(rng, view)):
        number = len(view.of(name))
        yield _pick(rng, COUNT, category(name).plural), _sentence(_number(number))


def _there(rng: np.random.Generator, view: _View) -> Iterator[Turn]:
    there = view.names and bool(rng.random() < 0.5)
    name = str(rng.choice(view.names)) if there else _other(rng, view)
    yield _pick(rng, THERE, _a(name)), _sentence("yes" if there else "no")


def _colour(rng: np.random.Generator, view: _View) -> Iterator[Turn]:
    for name in view.names:
        looks = {view.facts.actors[k].look for k in view.of(name)}
        if looks <= LOOKS.keys() - {"plain"} and len(looks) == 1 and name in view.single:
            yield _pick(rng, COLOUR, name), _sentence(looks.pop())


def _side(rng: np.random.Generator, view: _View) -> Iterator[Turn]:
    (frame,) = view.frames
    for name in view.single:
        across = float(view.facts.actors[view.of(name)[0]].poses[frame, 0]) - 0.5
        if abs(across) > _EDGE:
            yield _pick(rng, SIDE, name), _sentence("left" if across < 0 else "right")


def _does(rng: np.random.Generator, view: _View) -> Iterator[Turn]:
    """Motions of an object in their order: "It jumps, then spins."."""
    for name in view.single:
        (number,) = view.of(name)
        events = [
            (event.first, event.verb)
            for event, seen in view.facts.events[number]
            if len(seen) >= logic.SHORTEST
        ]
        motions = [verb for _, verb in sorted(events)]
        if motions and not set(motions) & set(RELATIONS):
            motion_list = ", then ".join(
                phrase(rng, verb, plural=False, going=False) for verb in dict.fromkeys(motions)
            )
            yield _pick(rng, DOES, name), _sentence(f"it {motion_list}")


def _which(rng: np.random.Generator, view: _View) -> Iterator[Turn]:
    """The only category that performs a motion."""
    for verb in _SOLO:
        clear = not any(logic.unclear(view.facts, Noun(name), verb) for name in view.names)
        doing = [name for name in view.names if logic.does(view.facts, Noun(name), verb)]
        if clear and len(doing) == 1:
            motion = phrase(rng, verb, plural=False, going=False)
            yield _pick(rng, WHICH, motion), _sentence(f"the {doing[0]}")


def _holds(rng: np.random.Generator, view: _View) -> Iterator[Turn]:
    """Yes or no, equally often."""
    wanted = bool(rng.random() < 0.5)
    for name in view.single:
        for verb in _verbs(view, name):
            if bool(logic.does(view.facts, Noun(name), verb)) == wanted:
                motion = phrase(rng, verb, plural=True, going=False)
                yield _pick(rng, HOLDS, name, motion), _sentence("yes" if wanted else "no")


def _when(rng: np.random.Generator, view: _View) -> Iterator[Turn]:
    """First or second half, for motions that lie within one."""
    middle = len(view.facts.actors[0].poses) // 2
    for name in view.single:
        for verb in _verbs(view, name):
            moments = list(logic.does(view.facts, Noun(name), verb).values())
            frames = [frame for moment in moments for frame in moment.frames()]
            if frames and (max(frames) < middle or min(frames) >= middle):
                motion = phrase(rng, verb, plural=True, going=False)
                yield _pick(rng, WHEN, name, motion), HALVES[min(frames) >= middle]


def _verbs(view: _View, name: str) -> list[str]:
    """Motions of a category that are unambiguous and not held out."""
    return [
        verb
        for verb in _SOLO
        if not (view.split == "train" and held_out(name, verb))
        and not logic.unclear(view.facts, Noun(name), verb)
    ]


def _other(rng: np.random.Generator, view: _View) -> str:
    """An absent category."""
    return str(rng.choice([name for name in categories() if name not in view.names]))


def _number(count: int) -> str:
    return {0: "none", 1: "one", **NUMBERS}.get(count, str(count))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."
