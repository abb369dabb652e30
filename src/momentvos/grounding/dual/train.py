"""Training of the dual encoder: the frames of a video in which each of its sentences holds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.data.sample import Sample
from momentvos.errors import DataError
from momentvos.grounding.dual.model import DualConfig, DualEncoder
from momentvos.grounding.dual.scorer import to_pixels
from momentvos.grounding.scan import stride_for
from momentvos.grounding.similarity import RATE, tokens
from momentvos.sentence import plain

MOST = 16
"""Most sentences about a video in one item."""


def new_dual(samples: Sequence[Sample], seed: int = 0, **config: int) -> DualEncoder:
    """A dual encoder with random weights and a tokenizer of the samples' own words.

    config: fields of :class:`DualConfig`. The vocabulary is as large as it needs to be.
    """
    from momentvos.text import train_tokenizer

    torch.manual_seed(seed)
    texts = sorted({plain(sample.sentence).lower() for sample in samples})
    words = {word for text in texts for word in text.split()}
    positions = int(config.get("positions", 64))
    tokenizer = train_tokenizer(texts, 512 + 8 * sum(map(len, words)), positions)
    model = DualEncoder(DualConfig(**(config | {"vocab_size": len(tokenizer)})))
    model.tokenizer = tokenizer
    return model


class DualTask:
    """The dual encoder's training task; an item is a window of a video and up to MOST sentences.

    Frames are taken `RATE` a second, as many as the model's window holds. Sentences without a
    target have no relevant frame.
    Raises DataError where there are no samples.
    """

    def __init__(self, model: DualEncoder, samples: Sequence[Sample], seed: int = 0) -> None:
        if not samples:
            raise DataError("There is no sample to train a grounder on.")
        self.module, self.seed = model, seed
        ordered = sorted(samples, key=lambda sample: sample.video_id)
        self._videos = [
            list(members) for _, members in groupby(ordered, key=lambda sample: sample.video_id)
        ]

    @property
    def items(self) -> int:
        return len(self._videos)

    def loss(self, number: int) -> Tensor:
        """See :func:`relevance_loss`."""
        epoch, place = divmod(number, self.items)
        order = np.random.default_rng([self.seed, epoch]).permutation(self.items)
        rng = np.random.default_rng([self.seed, epoch, place])
        samples = self._videos[int(order[place])]
        asked = [samples[row] for row in rng.permutation(len(samples))[:MOST]]
        model, device = self.module, self.module.device
        frames = window(rng, asked[0].length, asked[0].fps, model.config.window)
        truth = torch.tensor(
            [[frame in one.moment for frame in frames] for one in asked], device=device
        )
        sentences = [plain(one.sentence).lower() for one in asked]
        encoded, _ = tokens(model.tokenizer, sentences, model.config.positions)
        logits = model(
            to_pixels(np.asarray(asked[0].frames(frames)), model.config.side).to(device),
            encoded["input_ids"].to(device),
            encoded["attention_mask"].to(device),
        )
        return relevance_loss(logits, truth)

    def save(self, folder: Path) -> None:
        self.module.save_pretrained(folder)


def window(rng: np.random.Generator, length: int, fps: float, count: int) -> list[int]:
    """Up to `count` frames in a row, `RATE` a second, from a random place."""
    stride = stride_for(fps, RATE)
    start = int(rng.integers(0, max(length - (count - 1) * stride, 1)))
    return list(range(start, length, stride))[:count]


def relevance_loss(logits: Tensor, truth: Tensor, rank: float = 0.5) -> Tensor:
    """Binary cross-entropy of each frame, plus `rank` times -log of the share that M+ has in a
    softmax over frames, where a sentence has any.

    logits [L, T]; truth bool [L, T]. The first makes a threshold useful, the second the best frame.
    """
    logits = logits.float()
    each = F.binary_cross_entropy_with_logits(logits, truth.float())
    known = truth.any(dim=1)
    inside = logits.masked_fill(~truth, -torch.inf)[known].logsumexp(dim=1)
    share = logits[known].logsumexp(dim=1) - inside
    return each + rank * share.sum() / max(len(share), 1)
