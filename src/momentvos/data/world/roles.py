"""Sampling of a scene's objects: category, look and the motions of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from momentvos.data.world.atlas import categories, looks_of
from momentvos.data.world.motion import RELATIONS, VERBS, Segment
from momentvos.data.world.split import held_out

OBJECTS = {3: 0.12, 4: 0.25, 5: 0.28, 6: 0.22, 7: 0.13}
TINTED, VARIANT, RELATED = 0.5, 0.45, 0.9
"""Probabilities of a tinted group, of a second look of the first category, and of a relation."""

_SOLO = tuple(verb for verb in VERBS if verb not in RELATIONS)


@dataclass(frozen=True)
class Role:
    """An object before placement.

    verbs: motions at any time, unordered. small: clearly smaller, bigger, or None. turns: motions
    at a given time, without direction and amount.
    """

    category: str
    look: str
    verbs: tuple[str, ...]
    small: bool | None = None
    turns: tuple[Segment, ...] = ()

    @property
    def motions(self) -> tuple[str, ...]:
        """What it does, at whatever time."""
        return (*self.verbs, *(turn.verb for turn in self.turns))


@dataclass(frozen=True)
class Relation:
    """Relation `verb` (circle, follow, overtake) of role `actor` to role `other`."""

    verb: str
    actor: int
    other: int


def sample_roles(rng: np.random.Generator, split: str) -> tuple[list[Role], Relation | None]:
    """Sample the roles of a scene; the first ones share category and look and differ in motions."""
    count = int(rng.choice(list(OBJECTS), p=list(OBJECTS.values())))
    sizes = [int(rng.choice([2, 3, 4], p=[0.4, 0.42, 0.18])) if count > 3 else 2]
    while sum(sizes) < count:
        left = count - sum(sizes)
        sizes.append(2 if left >= 2 and rng.random() < 0.6 else 1)
    names = [str(name) for name in rng.choice(categories(), len(sizes), replace=False)]
    variant = len(sizes) > 1 and rng.random() < VARIANT
    roles: list[Role] = []
    for group, (size, name) in enumerate(zip(sizes, names, strict=True)):
        name = names[0] if variant and group == 1 else name
        taken = {role.look for role in roles if role.category == name}
        look = sample_look(rng, name, taken)
        pool = sample_pool(rng, split, name)
        odd = int(rng.integers(size)) if size > 1 and rng.random() < 0.3 else None
        for member in range(size):
            small = None if odd is None else member == odd
            roles.append(Role(name, look, _directed(rng, pool), small))
    return roles, sample_relation(rng, split, roles, sizes[0])


def free_motions(name: str) -> list[str]:
    """Motions without a partner that a category may perform in the train split."""
    return [verb for verb in _SOLO if not held_out(name, verb)]


def held_motions(name: str) -> list[str]:
    """Motions without a partner that sentences of val and test name."""
    return [verb for verb in _SOLO if held_out(name, verb)]


def sample_look(rng: np.random.Generator, name: str, taken: set[str]) -> str:
    """Sample a look of a category, other than those `taken`."""
    tints = [look for look in looks_of(name) if look not in taken]
    plain = "plain" not in taken and (not tints or rng.random() >= TINTED)
    return "plain" if plain else str(rng.choice(tints))


def sample_pool(rng: np.random.Generator, split: str, name: str) -> list[str]:
    """Sample the motions of a group: in train no held-out pair, else up to four of them."""
    held, free = held_motions(name), free_motions(name)
    size = int(rng.integers(4, 6))
    if split == "train":
        return [str(verb) for verb in rng.choice(free, size, replace=False)]
    chosen = list(rng.choice(held, min(4, len(held)), replace=False))
    chosen += list(rng.choice(free, size - len(chosen), replace=False))
    return [str(verb) for verb in chosen]


def _directed(rng: np.random.Generator, pool: list[str]) -> tuple[str, ...]:
    count = int(rng.choice([2, 3], p=[0.35, 0.65]))
    return tuple(str(verb) for verb in rng.choice(pool, count, replace=False))


def sample_relation(
    rng: np.random.Generator, split: str, roles: list[Role], leaders: int, likely: float = RELATED
) -> Relation | None:
    """Sample a relation of one of the first `leaders` roles to another role, or none."""
    actor = int(rng.integers(leaders))
    held = [verb for verb in RELATIONS if held_out(roles[actor].category, verb)]
    allowed = [verb for verb in RELATIONS if verb not in held] if split == "train" else held
    if not allowed or rng.random() >= likely:
        return None
    other = int(rng.choice([index for index in range(len(roles)) if index != actor]))
    return Relation(str(rng.choice(allowed)), actor, other)
