"""Keyframe: the best of the sampled frames, each segmented alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from momentvos.propagation import DecoderOptions, Plan, Step, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2 import Prompt, Pyramid
from momentvos.systems.vrshq.config import VrsHqConfig
from momentvos.systems.vrshq.prompter import Tokens
from momentvos.systems.vrshq.tda import aggregate
from momentvos.systems.vrshq.tks import values


@dataclass(frozen=True)
class Keyframe:
    """Where a target is segmented first.

    Attributes:
        frame: its number.
        presence: its object probability.
        logits: its mask [h, w] over SAM2's square, gated where the model gates.
        prompts: prompt [C] of each of the frames compared, by number.
        chosen_by: the values that they were compared by.
    """

    frame: int
    presence: float
    logits: Tensor
    prompts: dict[int, Tensor]
    chosen_by: tuple[float, ...]

    @property
    def prompt(self) -> Tensor:
        """Its prompt [C]."""
        return self.prompts[self.frame]

    @property
    def frames(self) -> tuple[int, ...]:
        """All frames compared."""
        return tuple(self.prompts)


def select(
    config: VrsHqConfig,
    cache: FeatureCache,
    sampled: Sequence[int],
    tokens: Tokens,
    among: Sequence[int],
    options: DecoderOptions,
    middle: int = 0,
    dense: Tensor | None = None,
) -> Keyframe:
    """Token-driven Keyframe Selection, see :func:`momentvos.systems.vrshq.tks.values`.

    Every candidate is encoded once, for all sentences, and decoded alone with h'_TAK; an image's
    token is not fused.

    Args:
        config: of VRS-HQ.
        cache: features of the video's frames.
        sampled: frames that the tokens are of, ascending.
        tokens: of the sentence.
        among: which of them may become the keyframe, at least one.
        options: how the decoder is read.
        middle: place in `among` of the frame that is the keyframe where none is chosen.
        dense: a dense prompt of each of these frames, [N, C, h, w], or None.
    """
    alpha = 0.0 if config.asks_image(cache.video) else config.alpha
    fused, shares = aggregate(tokens.seg, tokens.tak, alpha)
    kept = [list(sampled).index(frame) for frame in among]
    given = dict(zip(among, fused + config.focus * tokens.seg[kept], strict=True))
    plan = Plan((tuple(Step(frame, "plain", "tokens") for frame in among),))

    def features(steps: Sequence[Step]) -> Pyramid:
        return cache([step.frame for step in steps])

    def prompts(steps: Sequence[Step]) -> Prompt:
        tokens = torch.stack([given[step.frame] for step in steps])[:, None]
        rows = [among.index(step.frame) for step in steps]
        return Prompt(tokens=tokens, dense=None if dense is None else dense[rows])

    done = list(run(cache.sam, plan, features, prompts, options))
    logits = torch.cat([part.decoded.logits for part in done])
    scores = torch.cat([part.decoded.score for part in done])
    by = values(scores, shares[kept], config.keyframe, middle)
    best = int(by.argmax())
    return Keyframe(
        among[best],
        float(scores[best].float().sigmoid()),
        logits[best],
        given,
        tuple(by.tolist()),
    )
