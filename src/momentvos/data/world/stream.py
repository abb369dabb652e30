"""MomentWorld in memory: every expression of a scene as a Sample, rendered on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from momentvos.data.sample import Sample, Target
from momentvos.data.world.generate import scene
from momentvos.data.world.render import render
from momentvos.data.world.scene import Expression, Scene
from momentvos.data.world.split import check
from momentvos.data.world.version import version
from momentvos.errors import DataError
from momentvos.ranges import shown

SIZE = 256


@dataclass(frozen=True)
class WorldSample(Sample):
    """An expression of a scene, with its category and its motion words `verbs`."""

    scene: Scene
    expression: Expression

    @property
    def category(self) -> str:
        return self.expression.category

    @property
    def verbs(self) -> tuple[str, ...]:
        return self.expression.verbs

    def frames(self, indices: Sequence[int]) -> Any:
        return render(self.scene, indices, self.size[0])[0]

    def masks(self, indices: Sequence[int]) -> Any:
        return self.draw(indices)[1]

    def draw(self, indices: Sequence[int]) -> tuple[Any, Any]:
        """Frames uint8 [N, H, W, 3] and masks bool [O, N, H, W], rendered together."""
        frames, ids = render(self.scene, indices, self.size[0])
        labels = [k + 1 for k, _ in self.expression.targets]
        masks = [ids == label for label in labels]
        return frames, np.stack(masks) if masks else np.zeros((0, *ids.shape), bool)


def video_id(made: Scene) -> str:
    """Name of a scene's video, on disk and in memory."""
    place = "world" if made.world == "v1" else f"world_{made.world}"
    return f"{place}_{made.split}_{made.seed:06d}"


def samples(scene: Scene, size: int = SIZE) -> list[WorldSample]:
    """Samples of all expressions of a scene, rendered as squares of `size` pixels."""
    return [
        WorldSample(
            video_id(scene), expression.id, expression.sentence, expression.kind,
            scene.length, (size, size), scene.fps,
            tuple(Target(str(k), moment) for k, moment in expression.targets),
            scene, expression,
        )
        for expression in scene.expressions
    ]  # fmt: skip


def world_samples(
    split: str, videos: int, seed: int = 0, size: int = SIZE, world: str = "v1"
) -> Iterator[WorldSample]:
    """Generate the samples of scenes seed, seed + 1, ... (`videos` of them), video by video.

    world: version of MomentWorld. Raises DataError for a split or a version there is not, and for
    numbers that are none.
    """
    check(split)
    version(world)
    numbers = {"videos": (videos, 0), "seed": (seed, 0), "size": (size, 8)}
    for name, (value, least) in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise DataError(f"`{name}` is a whole number from {least} on, not {shown(value)}.")
    return (
        sample
        for number in range(seed, seed + videos)
        for sample in samples(scene(number, split, world), size)
    )
