"""Image features with and without the sentence: F_SAM and F_Adp (TGL section 4.1, Eq. 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from momentvos.sam2 import Pyramid, pyramid, stage, stem, top
from momentvos.systems.tgl.adapter import CrossModalAdapter
from momentvos.text import Tokens, embed, layers

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


@dataclass(frozen=True)
class Shared:
    """What of N frames does not depend on the sentence: the stages up to the first adapter.

    outputs: per stage ``[N, h, w, c]``, stage 0 first.
    """

    outputs: tuple[Tensor, ...]

    def __len__(self) -> int:
        return self.outputs[-1].shape[0]

    def select(self, index: Tensor) -> Shared:
        """Rows `index` (int64 ``[M]``, repeats allowed)."""
        return Shared(tuple(output.index_select(0, index) for output in self.outputs))

    def row(self, n: int) -> Shared:
        """Frame `n` alone, in memory of its own."""
        return Shared(tuple(output[n : n + 1].clone() for output in self.outputs))


@dataclass(frozen=True)
class Adapted:
    """L*T frames, window by window, seen in the light of their sentences.

    outputs: all stages after the adapters, ``[L*T, h, w, c]`` each; the neck makes F_Adp of them.
    text: E_Adp ``[L, N, D]``, one per window.
    """

    outputs: tuple[Tensor, ...]
    text: Tensor

    def pyramid(self, model: TglModel, rows: Tensor) -> Pyramid:
        """F_Adp on all levels, of some frames (int64 ``[M]``)."""
        return pyramid(model.sam, [output.index_select(0, rows) for output in self.outputs])

    def top(self, model: TglModel) -> Tensor:
        """F_Adp at stride 16, of all frames: ``[L*T, C, h, w]``."""
        return top(model.sam, self.outputs)


def shared_features(model: TglModel, pixels: Tensor) -> Shared:
    """Run the stages that all sentences share on normalised pixels ``[N, 3, S, S]``."""
    x = stem(model.sam, pixels)
    outputs = []
    for k in range(model.config.visual_stages[0] + 1):
        x = stage(model.sam, k, x)
        outputs.append(x)
    return Shared(tuple(outputs))


def plain_features(model: TglModel, shared: Shared) -> Pyramid:
    """F_SAM: the untouched encoder on all FPN levels ("raw visual features")."""
    outputs = list(shared.outputs)
    for k in range(len(outputs), 4):
        outputs.append(stage(model.sam, k, outputs[-1]))
    return pyramid(model.sam, outputs)


def adapted_features(
    model: TglModel,
    shared: Shared,
    tokens: Tokens,
    frame_mask: Tensor | None = None,
    about: tuple[Tensor, int] | None = None,
) -> Adapted:
    """F_Adp and E_Adp: both encoders in lock-step, adapters added at the last three stages.

    Args:
        model: TGL.
        shared: L*T frames, window by window, each window in time order.
        tokens: the sentence of each of the L windows.
        frame_mask: ``[L, T]``, True = real frame; None: all are.
        about: (int64 ``[L]``, T), where `shared` holds windows of T frames that several sentences
            are about: the window of each sentence. What the first adapter sees of a window is then
            worked out once. Not together with `frame_mask`.
    """
    lanes = len(tokens)
    text = embed(model.text_encoder, tokens.ids, tokens.mask)
    mask = tokens.mask if model.config.text_mask else None
    outputs = list(shared.outputs)
    done = 0
    for adapter, k, end in zip(
        model.adapters, model.config.visual_stages, model.config.text_layers, strict=True
    ):
        assert isinstance(adapter, CrossModalAdapter)
        while len(outputs) <= k:
            outputs.append(stage(model.sam, len(outputs), outputs[-1]))
        text = layers(model.text_encoder, text, tokens.mask, done, end)
        done = end
        if about is not None and k == model.config.visual_stages[0]:
            window, frames = about
            seen = adapter.look(outputs[k].unflatten(0, (-1, frames))).select(window)
            visual_delta, text_delta = adapter.tell(seen, text, mask)
            outputs = [
                output.unflatten(0, (-1, frames)).index_select(0, window).flatten(0, 1)
                for output in outputs
            ]
        else:
            visual = outputs[k].unflatten(0, (lanes, -1))
            visual_delta, text_delta = adapter(visual, text, mask, frame_mask)
        outputs[k] = outputs[k] + visual_delta.flatten(0, 1)
        text = text + text_delta
    while len(outputs) < 4:
        outputs.append(stage(model.sam, len(outputs), outputs[-1]))
    return Adapted(tuple(outputs), text)
