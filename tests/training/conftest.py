from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from momentvos.data.batch import Clip, collate
from momentvos.systems.options import LossOptions, ModelOptions
from momentvos.systems.tgl.losses import total
from momentvos.training.options import (
    LoggingOptions,
    OptimiserOptions,
    Recipe,
    StageOptions,
    ValidationOptions,
)


@dataclass
class Output:
    logits: torch.Tensor
    scores: torch.Tensor
    relevance: torch.Tensor
    segmented: torch.Tensor


class Toy(nn.Module):
    """Masks the bright pixels; has dropout and a buffer, as real models do."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Conv2d(3, 4, 3, padding=1)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Conv2d(4, 1, 1)
        self.register_buffer("seen", torch.zeros(1))

    @staticmethod
    def training_module():
        return SimpleNamespace(
            check=lambda stage: None,
            losses=lambda model, batch, stage: total(model(batch), batch, stage.losses),
        )

    def forward(self, batch):
        if self.training:
            self.seen += 1
        pixels = batch.frames[batch.video].float() / 255
        features = self.dropout(self.encoder(pixels.flatten(0, 1)).relu())
        logits = self.head(features)[:, 0].unflatten(0, batch.segment.shape)
        flat = logits.flatten(2)
        return Output(logits, flat.amax(2), flat.mean(2), batch.segment)


class Squares:
    """Batch n shows a bright square whose place depends on n."""

    length = 10

    def batch(self, number):
        rng = np.random.default_rng(number)
        row, column = rng.integers(0, 5, size=2)
        masks = np.zeros((2, 3, 8, 8), dtype=bool)
        masks[:, :, row : row + 3, column : column + 3] = True
        frames = (masks[0, ..., None] * 200 + rng.integers(0, 50, (3, 8, 8, 3))).astype(np.uint8)
        moment = np.array([[True, True, False], [False, True, True]])
        active = masks & moment[:, :, None, None]
        every = np.ones((2, 3), dtype=bool)
        return collate(
            [Clip(frames, (0, 1, 2), ("a", "b"), masks, active, masks[0], moment, every)]
        )


@pytest.fixture
def toy():
    def make():
        torch.manual_seed(0)
        return Toy()

    return make


@pytest.fixture
def squares():
    return lambda stage: Squares()


@pytest.fixture
def recipe():
    def make(steps=6, stages=1, **others):
        stage = StageOptions(
            name="only",
            steps=steps,
            losses=LossOptions(relevance=1.0),
            optimiser=OptimiserOptions(lr=1e-2, schedule="cosine", warmup=2),
        )
        values = {
            "model": ModelOptions(preset="mini"),
            "stages": (stage,) * stages,
            "seed": 3,
            "checkpoint": 100,
            "logging": LoggingOptions(every=1, tensorboard=False),
            "validation": ValidationOptions(),
        }
        return Recipe(**(values | others))

    return make
