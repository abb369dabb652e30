"""Image features with and without the sentence: F_SAM and F_Adp (TGL section 4.1, Eq. 1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from momentvos.sam2 import Pyramid, pyramid, stage, stem, to_bytes, to_pixels, top
from momentvos.systems.patches.logits import WindowFeatures, window_features
from momentvos.systems.patches.motion import MOVING
from momentvos.systems.tgl.adapter import CrossModalAdapter, VisualFeatures
from momentvos.text import Tokens, embed, layers

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


@dataclass(frozen=True)
class Shared:
    """Sentence-independent features of N frames: the stages up to the first adapter.

    outputs: per stage ``[N, h, w, c]``, stage 0 first.
    pixels: the frames themselves, uint8 ``[N, 3, S, S]``, where the model reads motion; else
        None.
    """

    outputs: tuple[Tensor, ...]
    pixels: Tensor | None = None

    def __len__(self) -> int:
        return self.outputs[-1].shape[0]

    def select(self, index: Tensor) -> Shared:
        """Rows `index` (int64 ``[M]``, repeats allowed)."""
        return self._each(lambda rows: rows.index_select(0, index))

    def row(self, n: int) -> Shared:
        """Frame `n` alone, in memory of its own."""
        return self._each(lambda rows: rows[n : n + 1].clone())

    @property
    def nbytes(self) -> int:
        """Size in memory."""
        held = self.outputs if self.pixels is None else (*self.outputs, self.pixels)
        return sum(one.numel() * one.element_size() for one in held)

    @staticmethod
    def cat(parts: Sequence[Shared]) -> Shared:
        """The frames of all parts, one part behind the other."""
        outputs = zip(*(part.outputs for part in parts), strict=True)
        pixels = [part.pixels for part in parts if part.pixels is not None]
        return Shared(
            tuple(torch.cat(output) for output in outputs), torch.cat(pixels) if pixels else None
        )

    def _each(self, change: Callable[[Tensor], Tensor]) -> Shared:
        pixels = None if self.pixels is None else change(self.pixels)
        return Shared(tuple(change(output) for output in self.outputs), pixels)


@dataclass(frozen=True)
class Adapted:
    """Sentence-adapted features of L*T frames, window by window.

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
    return Shared(tuple(outputs), None if model.motion is None else to_bytes(pixels))


def plain_features(model: TglModel, shared: Shared) -> Pyramid:
    """F_SAM: the untouched encoder on all FPN levels ("raw visual features")."""
    outputs = list(shared.outputs)
    for k in range(len(outputs), 4):
        outputs.append(stage(model.sam, k, outputs[-1]))
    return pyramid(model.sam, outputs)


def patch_features(
    model: TglModel, shared: Shared, plain: Pyramid, windows: int = 1
) -> WindowFeatures:
    """What patches are scored by; shared: V * T frames, window by window, plain: F_SAM of them."""
    assert shared.pixels is not None
    return window_features(model, to_pixels(shared.pixels), plain, windows)


@dataclass(frozen=True)
class Windows:
    """What is known of V windows of T frames before any sentence is read.

    outputs: per stage up to the first adapter's ``[V*T, h, w, c]``, as the next stages take them.
    motion: what the encoder of motion adds to later stages, ``[V, T, h, w, c]`` by stage. encoded:
    the visual side of the first adapter; None: it is not known yet.
    """

    outputs: tuple[Tensor, ...]
    motion: dict[int, Tensor]
    encoded: VisualFeatures | None

    def select(self, window: Tensor) -> Windows:
        """The window (int64 ``[L]``, repeats allowed) of each of L sentences."""
        assert self.encoded is not None
        count = len(self.encoded.visual)
        outputs = (
            output.unflatten(0, (count, -1)).index_select(0, window).flatten(0, 1)
            for output in self.outputs
        )
        motion = {k: delta.index_select(0, window) for k, delta in self.motion.items()}
        return Windows(tuple(outputs), motion, self.encoded.select(window))


def encode_windows(model: TglModel, shared: Shared, count: int) -> Windows:
    """All that sentences about the same windows share.

    Args:
        model: TGL.
        shared: V*T frames, window by window, each window in time order.
        count: V.
    """
    windows = _begun(model, shared, count, None)
    adapter = model.adapters[0]
    assert isinstance(adapter, CrossModalAdapter)
    visual = windows.outputs[model.config.visual_stages[0]].unflatten(0, (count, -1))
    return replace(windows, encoded=adapter.encode(visual))


def _begun(model: TglModel, shared: Shared, count: int, frame_mask: Tensor | None) -> Windows:
    """Windows up to the first adapter; frame_mask: ``[V, T]``, True = real frame; None: all are."""
    first = model.config.visual_stages[0]
    outputs = list(shared.outputs)
    while len(outputs) <= first:
        outputs.append(stage(model.sam, len(outputs), outputs[-1]))
    motion = _motion(model, shared, count, frame_mask)
    if first in motion:
        outputs[first] = outputs[first] + motion.pop(first).flatten(0, 1)
    return Windows(tuple(outputs), motion, None)


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
            are about: the window of each sentence. The first adapter then encodes each window once.
            Not together with `frame_mask`.
    """
    if about is None:
        windows = _begun(model, shared, len(tokens), frame_mask)
    else:
        windows = encode_windows(model, shared, len(shared) // about[1]).select(about[0])
    return adapt(model, windows, tokens, frame_mask)


def adapt(
    model: TglModel, windows: Windows, tokens: Tokens, frame_mask: Tensor | None = None
) -> Adapted:
    """F_Adp and E_Adp of one sentence a window; see `adapted_features`."""
    text = embed(model.text_encoder, tokens.ids, tokens.mask)
    mask = tokens.mask if model.config.text_mask else None
    outputs, count = list(windows.outputs), len(tokens)
    done = 0
    for adapter, k, end in zip(
        model.adapters, model.config.visual_stages, model.config.text_layers, strict=True
    ):
        assert isinstance(adapter, CrossModalAdapter)
        while len(outputs) <= k:
            outputs.append(stage(model.sam, len(outputs), outputs[-1]))
        text = layers(model.text_encoder, text, tokens.mask, done, end)
        done = end
        if k in windows.motion:
            outputs[k] = outputs[k] + windows.motion[k].flatten(0, 1)
        if k == model.config.visual_stages[0] and windows.encoded is not None:
            deltas = adapter.fuse(windows.encoded, text, mask, frame_mask)
        else:
            deltas = adapter(outputs[k].unflatten(0, (count, -1)), text, mask, frame_mask)
        outputs[k] = outputs[k] + deltas[0].flatten(0, 1)
        text = text + deltas[1]
    while len(outputs) < 4:
        outputs.append(stage(model.sam, len(outputs), outputs[-1]))
    return Adapted(tuple(outputs), text)


def _motion(
    model: TglModel, shared: Shared, count: int, frame_mask: Tensor | None
) -> dict[int, Tensor]:
    """Motion features of Hiera's stages ``[V, T, h, w, c]``, by stage; empty without encoder."""
    if model.motion is None or shared.pixels is None:
        return {}
    small = F.avg_pool2d(to_pixels(shared.pixels).to(model.dtype), 2)
    windows = small.unflatten(0, (count, -1))
    return dict(zip(MOVING, model.motion(windows, frame_mask), strict=True))
