"""Sources of training conversations: one video or image with its queries, and frame sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from momentvos.data import draw
from momentvos.data.conversation import Conversation, conversation
from momentvos.data.options import ConversationOptions, DataOptions
from momentvos.data.sample import Sample
from momentvos.moment import Moment

Turns = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class SourceQuery:
    """An expression and its moment.

    target: whether it refers to any object. source: handle that the source's `masks` needs.
    """

    sentence: str
    moment: Moment
    target: bool
    source: Any = None


class ConversationSource(Protocol):
    """A video (or image, of one frame) with its expressions.

    tasks: the tasks that it can serve, of "segment", "ground", "ask".
    """

    @property
    def length(self) -> int: ...
    @property
    def fps(self) -> float: ...
    @property
    def tasks(self) -> frozenset[str]: ...
    def queries(
        self, rng: np.random.Generator, frames: tuple[int, ...] | None
    ) -> list[SourceQuery]:
        """Sample expressions about `frames`; None stands for the whole video."""

    def frames(self, indices: Sequence[int]) -> np.ndarray:
        """RGB frames, uint8 [N, H, W, 3]."""

    def masks(self, queries: Sequence[SourceQuery], indices: Sequence[int]) -> np.ndarray:
        """Visible pixels of each expression's targets, bool [E, N, H, W]."""

    def turns(self, rng: np.random.Generator, frames: tuple[int, ...]) -> Turns:
        """Pairs of question and answer about `frames`."""


def sample_conversation(
    rng: np.random.Generator,
    source: ConversationSource,
    data: DataOptions,
    options: ConversationOptions,
) -> Conversation:
    """Sample a conversation, of a task drawn among those that the source can serve."""
    weights = {one: options.tasks.get(one, 0.0) for one in sorted(source.tasks)}
    names = [one for one, weight in weights.items() if weight > 0]
    shares = np.array([weights[one] for one in names])
    task = str(rng.choice(names, p=shares / shares.sum()))
    return {"segment": _segment, "ground": _ground, "ask": _ask}[task](rng, source, data, options)


def _segment(
    rng: np.random.Generator,
    source: ConversationSource,
    data: DataOptions,
    options: ConversationOptions,
) -> Conversation:
    """Masks of K frames. Expressions whose targets are not visible in them are left out."""
    if options.context_frames == 0 and options.images == 1:
        chosen = image_frames(rng, source.length, options, None)
        queries = source.queries(rng, chosen)
    else:
        queries = source.queries(rng, None)
        moments = [one.moment for one in queries if one.moment]
        lead = moments[int(rng.integers(len(moments)))] if moments else None
        chosen = image_frames(rng, source.length, options, lead)
    masks = source.masks(queries, chosen)
    kept = [k for k, one in enumerate(queries) if masks[k].any() or not one.target] or [0]
    masks, images = masks[kept], source.frames(chosen)
    return conversation(
        [queries[row].sentence for row in kept],
        context=_context(rng, source, data, options),
        images=downscale(images, data.size),
        masks=downscale(masks, data.size),
    )


def _ground(
    rng: np.random.Generator,
    source: ConversationSource,
    data: DataOptions,
    options: ConversationOptions,
) -> Conversation:
    """Moments of the expressions that have one, on all frames or on an even grid of them."""
    queries = source.queries(rng, None)
    timed = [one for one in queries if one.moment] or queries[:1]
    count = source.length
    if options.ground_fps is not None:
        count = max(round(source.length / source.fps * options.ground_fps), 1)
    count = min(count, options.ground_frames, source.length)
    chosen = tuple(int(at) for at in np.linspace(0, source.length - 1, count))
    flags = np.array([[frame in one.moment for frame in chosen] for one in timed], dtype=bool)
    size = options.context_size or data.size
    context, context_masks = downscale(source.frames(chosen), size), None
    if options.context_masks and "segment" in source.tasks:
        context_masks = downscale(source.masks(timed, chosen) & flags[..., None, None], size)
    sentences = [one.sentence for one in timed]
    return conversation(sentences, context=context, moments=flags, context_masks=context_masks)


def _ask(
    rng: np.random.Generator,
    source: ConversationSource,
    data: DataOptions,
    options: ConversationOptions,
) -> Conversation:
    """Text about the whole video, about one image, or about neither."""
    if options.context_frames and source.length > 1:
        turns = source.turns(rng, tuple(range(source.length)))
        return conversation(turns=turns, context=_context(rng, source, data, options))
    if source.length == 0:
        return conversation(turns=source.turns(rng, ()))
    chosen = (int(rng.integers(source.length)),)
    images = downscale(source.frames(chosen), data.size)
    return conversation(turns=source.turns(rng, chosen), images=images)


def image_frames(
    rng: np.random.Generator, length: int, options: ConversationOptions, lead: Moment | None
) -> tuple[int, ...]:
    """Sample the K frames: one inside the moment `lead`, and others near it or from anywhere.

    ``choose: even`` takes one frame of each of K equal parts of the video instead.
    """
    count = min(options.images, length)
    if options.choose == "even":
        edges = [length * part // count for part in range(count + 1)]
        return tuple(int(rng.integers(a, b)) for a, b in pairwise(edges))
    inside = lead.clip(length).frames() if lead else []
    first = int(rng.choice(inside)) if inside else int(rng.integers(length))
    reach = length if options.spread is None else options.spread
    near = [
        frame
        for frame in range(max(first - reach, 0), min(first + reach + 1, length))
        if frame != first
    ]
    rest = rng.permutation(near)[: count - 1]
    return tuple(sorted([first, *(int(frame) for frame in rest)]))


def _context(
    rng: np.random.Generator,
    source: ConversationSource,
    data: DataOptions,
    options: ConversationOptions,
) -> np.ndarray | None:
    if options.context_frames == 0 or source.length == 1:
        return None
    if source.length <= options.context_frames:
        chosen = tuple(range(source.length))
    else:
        drawn = rng.permutation(source.length)[: options.context_frames]
        chosen = tuple(sorted(int(frame) for frame in drawn))
    return downscale(source.frames(chosen), options.context_size or data.size)


def downscale(pictures: np.ndarray, size: int) -> np.ndarray:
    """Scale frames or masks down until no side exceeds `size`; the aspect ratio stays.

    uint8 [N, H, W, 3] -> [N, h, w, 3], bilinear with antialiasing. bool [E, N, H, W] ->
    [E, N, h, w], a pixel counts when half of it does.
    """
    import torch
    import torch.nn.functional as F

    colour = pictures.dtype != np.bool_
    height, width = pictures.shape[-3:-1] if colour else pictures.shape[-2:]
    if max(height, width) <= size:
        return pictures
    scale = size / max(height, width)
    shape = max(round(height * scale), 1), max(round(width * scale), 1)
    if not pictures.size:
        return np.zeros((*pictures.shape[:2], *shape), dtype=bool)
    if colour:
        planes = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))
    else:
        planes = torch.from_numpy(pictures.reshape(1, -1, height, width))
    small = F.interpolate(planes.float(), shape, mode="bilinear", antialias=True)
    if colour:
        return small.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return (small >= 0.5).numpy().reshape(*pictures.shape[:2], *shape)


@dataclass(frozen=True)
class SampleSource:
    """A video of a data set; `samples` are all its expressions."""

    samples: Sequence[Sample]
    data: DataOptions

    @property
    def length(self) -> int:
        return self.samples[0].length

    @property
    def fps(self) -> float:
        return self.samples[0].fps

    @property
    def tasks(self) -> frozenset[str]:
        masks = all(one.annotated for one in self.samples)
        times = all(one.timed for one in self.samples) and self.length > 1
        return frozenset({"segment"} if masks else ()) | frozenset({"ground"} if times else ())

    def queries(
        self, rng: np.random.Generator, frames: tuple[int, ...] | None
    ) -> list[SourceQuery]:
        weights = [self.data.kinds.get(one.kind, 1.0) for one in self.samples]
        chosen = draw.weighted(rng, self.samples, weights, self.data.expressions)
        return [
            SourceQuery(" ".join(one.sentence.split()), one.moment, bool(one.targets), one)
            for one in chosen
        ]

    def frames(self, indices: Sequence[int]) -> np.ndarray:
        return np.asarray(self.samples[0].frames(indices))

    def masks(self, queries: Sequence[SourceQuery], indices: Sequence[int]) -> np.ndarray:
        rows = [one.source.masks(indices) for one in queries]
        return np.stack([np.logical_or.reduce(row, axis=0) for row in rows])

    def turns(self, rng: np.random.Generator, frames: tuple[int, ...]) -> Turns:
        return ()
