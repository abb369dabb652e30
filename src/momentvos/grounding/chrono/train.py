"""Training of Chrono: generate the windows of time in which a sentence holds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from momentvos.data.sample import Sample
from momentvos.errors import DataError
from momentvos.grounding.chrono.adapt import merged
from momentvos.grounding.chrono.model import Chrono
from momentvos.grounding.chrono.timestamps import Timestamps
from momentvos.grounding.scan import evenly

FRAMES = 40
"""Frames of a video while training (TGL A.3)."""


def upsample(samples: Sequence[Sample], factor: int = 3, below: float = 0.9) -> list[Sample]:
    """Samples whose moment covers less than `below` of the frames, `factor` times; others once.

    TGL A.3: a factor of three below 90 % of the frames.
    """
    return [
        sample
        for sample in samples
        for _ in range(factor if len(sample.moment) < below * sample.length else 1)
    ]


class ChronoTask:
    """Chrono's training task; an item is a sentence and `frames` evenly spread frames.

    Parts in front of the language model that do not train are run without gradients.
    Raises DataError where there are no samples.
    """

    def __init__(
        self, chrono: Chrono, samples: Sequence[Sample], frames: int = FRAMES, seed: int = 0
    ) -> None:
        if not samples:
            raise DataError("There is no sample to train a grounder on.")
        self.chrono, self.samples, self.frames, self.seed = chrono, samples, frames, seed

    @property
    def module(self) -> nn.Module:
        module: nn.Module = self.chrono.blip
        return module

    @property
    def items(self) -> int:
        return len(self.samples)

    def loss(self, number: int) -> Tensor:
        """Cross-entropy of the answer, ``[]`` for a sentence that holds nowhere."""
        epoch, place = divmod(number, self.items)
        order = np.random.default_rng([self.seed, epoch]).permutation(self.items)
        sample = self.samples[int(order[place])]
        shown = evenly(range(sample.length), self.frames)
        times = [frame / sample.fps for frame in range(sample.length)]
        timestamps = Timestamps(self.chrono.unit, shown, times, sample.length / sample.fps)
        with nullcontext() if self._sees() else torch.no_grad():
            features = self.chrono.encode_frames(list(sample.frames(shown)))
        inputs = self.chrono.build_inputs(features, timestamps, sample.sentence)
        return self.chrono.loss(inputs, timestamps.format(sample.moment))

    def save(self, folder: Path) -> None:
        self.chrono.save_pretrained(folder, merged(self.module))

    def _sees(self) -> bool:
        """Whether anything in front of the language model trains."""
        return any(
            parameter.requires_grad and not name.startswith("language_model")
            for name, parameter in self.module.named_parameters()
        )
