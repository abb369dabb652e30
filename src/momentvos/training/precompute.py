"""Cache of repeated batches: outputs of the frozen parts, computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from momentvos.data.precomputed import Precomputed
from momentvos.errors import OutputError, RecipeError
from momentvos.paths import inside
from momentvos.training.order import Order

ALONE = Order(1, 1)


@dataclass(frozen=True)
class BatchCache:
    """Some batches of a source in a folder, one safetensors file each.

    Attributes:
        folder: made when there is something to write. Files of an earlier call are used, so a
            stage that goes on with other data must have another folder.
        count: so many batches there are, over all processes.
        seed: of the order in which they come.
        order: how processes share them. Each series has batches of its own, so that no process
            waits for a batch of another one.
    """

    folder: Path
    count: int
    seed: int
    order: Order = ALONE

    def numbers(self, done: int, steps: int) -> list[int]:
        """The batches of this process from step `done` up to `steps`, a step's one after another.

        A series shows each of its batches once in a round, in an order drawn anew for each round.
        Raises RecipeError where a series would have none.
        """
        beside = self.order.beside
        if self.count < beside:
            raise RecipeError(
                f"`precompute: {self.count}` is fewer than the {beside} batches that are learned "
                "side by side."
            )
        each = self.order.size // beside
        drawn = {
            series: self._series(series, done * each, steps * each)
            for series in dict.fromkeys(place % beside for place in self.order.places)
        }
        return [
            drawn[place % beside][step * each + place // beside]
            for step in range(steps - done)
            for place in self.order.places
        ]

    def _series(self, series: int, first: int, stop: int) -> list[int]:
        """Batches first..stop-1 of an endless series."""
        own = np.arange(series, self.count, self.order.beside)
        rounds = range(first // len(own), -(-stop // len(own)))
        drawn = [np.random.default_rng([self.seed, n, series]).permutation(own) for n in rounds]
        start = first - rounds.start * len(own)
        return [int(n) for n in np.concatenate([own[:0], *drawn])[start : start + stop - first]]

    def missing(self, numbers: list[int]) -> list[int]:
        """Those of the batches that are not there yet, in the order of need."""
        return [n for n in dict.fromkeys(numbers) if not self._path(n).is_file()]

    def series(
        self,
        numbers: list[int],
        new: Iterator[Any],
        precompute: Callable[[Any], Precomputed],
    ) -> Iterator[Precomputed]:
        """The batches of these numbers; `new` gives those that are `missing`."""
        for number in numbers:
            path = self._path(number)
            if not path.is_file():
                self._write(path, precompute(next(new)))
            yield self._read(path)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.safetensors"

    def _write(self, path: Path, batch: Precomputed) -> None:
        half = {
            name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
            for name, value in batch.tensors.items()
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part = inside(self.folder, f"{path.stem}.new")
            save_file(half, part)
            part.rename(path)
        except (OSError, SafetensorError) as error:
            raise OutputError(
                f"The precomputed batch {path} cannot be written ({error})."
            ) from None

    def _read(self, path: Path) -> Precomputed:
        try:
            stored = load_file(path)
        except (OSError, SafetensorError) as error:
            raise RecipeError(f"The precomputed batch {path} cannot be read ({error}).") from None
        return Precomputed(
            {name: v.float() if v.is_floating_point() else v for name, v in stored.items()}
        )
