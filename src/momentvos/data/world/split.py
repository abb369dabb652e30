"""Splits of MomentWorld: disjoint random streams and held-out pairs of category and motion."""

from __future__ import annotations

import numpy as np

from momentvos.data.world.atlas import categories
from momentvos.data.world.motion import VERBS
from momentvos.data.world.version import VERSIONS, version
from momentvos.errors import DataError
from momentvos.suggestion import did_you_mean

SPLITS = ("train", "val", "test")


def check(split: str) -> str:
    """Return the split. Raises DataError for an unknown one."""
    if not isinstance(split, str) or split not in SPLITS:
        raise DataError(
            f"'{split}' is not a split of MomentWorld; use {', '.join(SPLITS)}"
            f"{did_you_mean(str(split), SPLITS)}"
        )
    return split


def generator(split: str, *key: int, world: str = "v1") -> np.random.Generator:
    """Random generator of a key: the same numbers on every machine, others in each version."""
    place = list(VERSIONS).index(version(world).name)
    sequence = np.random.SeedSequence([place * len(SPLITS) + SPLITS.index(check(split)), *key])
    return np.random.Generator(np.random.PCG64(sequence))


def held_out(category: str, verb: str) -> bool:
    """Whether the pair belongs to val and test: a quarter of all pairs, spread evenly.

    In train no sentence names a held-out pair, with target or without, and no object performs it
    (a direction may be part of another motion); in val and test every sentence that names a
    motion names at least one such pair.
    """
    row, column = categories().index(category), VERBS.index(verb)
    return (row + column + (row // 4) * (column // 4)) % 4 == 0
