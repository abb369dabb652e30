"""MomentWorld as the source of a benchmark: scenes that are drawn when their turn comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.data.world import Scene, WorldSample, render, samples, scene
from momentvos.media.arrays import ArrayVideo

VIDEOS = 200
"""How many scenes are asked about where nobody says how many."""


@dataclass(frozen=True)
class WorldSource:
    """The scenes `seed`, `seed + 1`, ... of a version of MomentWorld, size x size pixels each."""

    seed: int = 0
    size: int = 256
    world: str = "v1"

    def __str__(self) -> str:
        made = "scenes" if self.world == "v1" else f"scenes of {self.world}"
        return f"{made} from {self.seed}, {self.size} x {self.size} pixels"

    def videos(self, split: str, count: int | None = None) -> Iterator[list[SceneSample]]:
        """The expressions of `count` scenes, scene by scene.

        Raises DataError for a split or a version there is not.
        """
        drawing = Drawing()
        for number in range(self.seed, self.seed + (count or VIDEOS)):
            yield [
                SceneSample(**vars(one), drawing=drawing)
                for one in samples(scene(number, split, self.world), self.size)
            ]


class Drawing:
    """The frames of one scene at a time, drawn once for all of its expressions."""

    def __init__(self) -> None:
        self._scene: Scene | None = None
        self.frames: NDArray[Any] = np.zeros((0, 0, 0, 3), np.uint8)
        """RGB, uint8 [T, H, W, 3]."""
        self.ids: NDArray[Any] = np.zeros((0, 0, 0), np.uint8)
        """k + 1 where object k is seen, uint8 [T, H, W]."""

    def shows(self, scene: Scene) -> bool:
        """Whether it is this scene that is drawn."""
        return self._scene is scene

    def draw(self, scene: Scene, size: int) -> None:
        """Draw all frames, in place of the scene before."""
        if not self.shows(scene):
            self.frames, self.ids = map(np.asarray, render(scene, range(scene.length), size))
            self._scene = scene


@dataclass(frozen=True)
class SceneSample(WorldSample):
    """A `WorldSample` that takes its frames and masks from a drawing where that shows its scene."""

    drawing: Drawing = field(kw_only=True, repr=False, compare=False)

    def video(self) -> ArrayVideo:
        """The scene's video; after this call its drawing is there for all of its expressions."""
        self.drawing.draw(self.scene, self.size[0])
        return ArrayVideo(self.drawing.frames, self.fps, self.video_id)

    def frames(self, indices: Sequence[int]) -> Any:
        if self.drawing.shows(self.scene):
            return self.drawing.frames[list(indices)]
        return super().frames(indices)

    def draw(self, indices: Sequence[int]) -> tuple[Any, Any]:
        if not self.drawing.shows(self.scene):
            return super().draw(indices)
        ids = self.drawing.ids[list(indices)]
        masks = [ids == number + 1 for number, _ in self.expression.targets]
        return self.frames(indices), np.stack(masks) if masks else np.zeros((0, *ids.shape), bool)
