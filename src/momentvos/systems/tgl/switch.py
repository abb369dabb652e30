"""Switch decisions of SAMWISE's conditional memory encoder, and what memory stores after them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from momentvos.propagation import Step
from momentvos.sam2 import Decoded, Prompt, Pyramid, attend, decode
from momentvos.systems.tgl import cme

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


class MemorySwitch:
    """The `memory_mask_hook` of a run: classify frames that are due, and reweight what they store.

    A due frame is decoded once more without memory. Where the classifier decides that this gives
    another object, its mask is written over what memory stores, ten times as strong; the mask that
    the frame outputs stays. In training nothing is switched (SAMWISE models/samwise.py); class
    logits and labels are collected instead.

    Args:
        model: a model with a conditional memory encoder.
        prompts: gives the prompts of some steps.
    """

    def __init__(self, model: TglModel, prompts: Callable[[Sequence[Step]], Prompt]) -> None:
        self._model = model
        self._prompts = prompts
        self._count: dict[int, int] = defaultdict(int)
        self._switched: dict[int, int] = defaultdict(int)
        self._classified: list[tuple[Tensor, Tensor]] = []

    def __call__(self, steps: Sequence[Step], pyramid: Pyramid, decoded: Decoded) -> Tensor:
        """Mask logits for memory at input size, [N, S, S]."""
        logits = self._full(decoded.logits)
        rows = [row for row, step in enumerate(steps) if self._due(step)]
        if not rows:
            return logits
        index = torch.tensor(rows, device=logits.device)
        due = pyramid.select(index)
        classes, alone = self._classify([steps[row] for row in rows], due, decoded.pointer[index])
        without = self._full(alone.logits)
        if self._model.training:
            labels = cme.label(logits[index] > 0, without > 0, alone.score)
            self._classified.append((classes, labels))
            return logits
        switch = classes.argmax(1) == 1
        for row in index[switch].tolist():
            self._switched[steps[row].obj_id] = self._count[steps[row].obj_id] - 1
        return logits.index_copy(0, index, cme.reweight(logits[index], without, switch))

    def state(self) -> dict[str, Any]:
        """See `momentvos.propagation.hook.Resumable`."""
        return {"count": list(self._count.items()), "switched": list(self._switched.items())}

    def restore(self, values: dict[str, Any]) -> None:
        """See `momentvos.propagation.hook.Resumable`."""
        for store, name in ((self._count, "count"), (self._switched, "switched")):
            store.clear()
            store.update({int(row): int(value) for row, value in values[name]})

    def classified(self) -> tuple[Tensor, Tensor] | None:
        """Class logits [M, 2] and labels [M] of the frames classified in training, or None."""
        if not self._classified:
            return None
        classes, labels = zip(*self._classified, strict=True)
        return torch.cat(classes), torch.cat(labels)

    def _due(self, step: Step) -> bool:
        """Frames are counted by place among those that their object remembers."""
        if not (step.write and step.prompt):
            return False
        place = self._count[step.obj_id]
        self._count[step.obj_id] += 1
        return cme.due(place, self._switched[step.obj_id])

    def _classify(
        self, steps: Sequence[Step], pyramid: Pyramid, pointers: Tensor
    ) -> tuple[Tensor, Decoded]:
        model = self._model
        classifier = model.conditional_memory_encoder
        assert classifier is not None
        unconditioned = pyramid.with_top(attend(model.sam, pyramid.top))
        gate = model.config.gate and not model.training
        with torch.no_grad():
            alone = decode(
                model.sam,
                unconditioned,
                self._prompts(steps),
                gate=gate,
                early=True,
                scored=model.config.object_score,
            )
        assert alone.early_pointer is not None
        return classifier(pointers, alone.early_pointer), alone

    def _full(self, logits: Tensor) -> Tensor:
        """[N, h, w] at a quarter of the input size -> [N, S, S]."""
        side = self._model.config.image_size
        full = F.interpolate(
            logits[:, None].float(), (side, side), mode="bilinear", align_corners=False
        )
        return full[:, 0]
