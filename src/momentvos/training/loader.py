"""Numbered batches: the interface of training data, and their preparation ahead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from momentvos.data.batch import ClipBatch
from momentvos.data.conversation import ConversationBatch
from momentvos.errors import RecipeError
from momentvos.training.options import StageOptions
from momentvos.training.order import order

Batch = ClipBatch | ConversationBatch


class Source(Protocol):
    """An endless numbered series of batches: number n is always the same batch.

    length: batches that make an epoch, None where there are no epochs.
    """

    @property
    def length(self) -> int | None: ...
    def batch(self, number: int) -> Batch: ...


def steps_of(stage: StageOptions, source: Source, processes: int = 1) -> int:
    """Optimiser steps of a stage. Raises RecipeError when it has neither steps nor epochs.

    Also where the processes cannot share its micro-batches.
    """
    size = order(stage, 0, processes).size
    if (stage.steps is None) == (stage.epochs is None):
        raise RecipeError(f"The stage '{stage.name}' needs either `steps` or `epochs`.")
    if stage.steps is not None:
        return stage.steps
    if source.length is None:
        raise RecipeError(
            f"The stage '{stage.name}' counts epochs, but its data are endless; give `steps`."
        )
    assert stage.epochs is not None
    return max(round(stage.epochs * source.length / size), 1)


@dataclass(frozen=True)
class _Numbered(torch.utils.data.Dataset[Batch]):
    source: Source

    def __getitem__(self, number: int) -> Batch:
        return self.source.batch(number)


def load(source: Source, numbers: Sequence[int], workers: int) -> Iterator[Batch]:
    """The batches of these numbers, prepared ahead by `workers` processes."""
    loader: Any = torch.utils.data.DataLoader(
        _Numbered(source),
        batch_size=None,
        sampler=numbers,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_leave_signals_to_the_trainer,
    )
    return iter(loader)


def _leave_signals_to_the_trainer(worker: int) -> None:
    """Ctrl-C and a batch system's SIGTERM reach all processes of a group; one must decide."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
