"""A whole video by consensus, part by part: what is followed, and when it is meant.

Not part of the papers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from momentvos.propagation import DecoderOptions, Plan, Step, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.propagation.step import Features
from momentvos.sam2 import Prompt, Pyramid
from momentvos.selection import TrajectorySelector
from momentvos.selection.tracks import Consensus, Followed
from momentvos.text import ANY, number

SPAN = 64
"""Frames that decide together: a thing is not followed for longer by one mask."""


@dataclass
class Agreement:
    """Asks the frames of a moment, and follows what they agree upon.

    Attributes:
        consensus: how they agree.
        features, prompts: of the frames that are asked, as `propagation.run` needs them.
        source: what kind of features these are.
        seen: the largest object probability in any of them, 0..1.
        heard: by frame that was asked or judged, the largest log-odds of a thing that is meant;
            -inf where none is.
    """

    consensus: Consensus
    features: Callable[[Sequence[Step]], Pyramid]
    prompts: Callable[[Sequence[Step]], Prompt]
    source: Features = "plain"
    seen: float = 0.0
    heard: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        model: Any,
        reader: FeatureCache,
        sentence: str,
        options: DecoderOptions,
        prompts: Callable[[Sequence[Step]], Prompt],
        features: Callable[[Sequence[Step]], Pyramid] | None = None,
    ) -> Agreement:
        """As a system's configuration has it: `consensus`, `judge` and what belongs to them.

        Args:
            model: the system.
            reader: of the video; its features are those of the frames that are asked, unless others
                ("adapted") are given.
            sentence: what is meant.
            options: how the decoder is read.
            prompts, features: as of the class.
        """
        config = model.config
        judge = None
        if model.judge is not None:
            stride = max(round(reader.video.fps / config.judge_rate), 1)
            judge = TrajectorySelector(model, sentence, reader, stride, config.judge_span)
        consensus = Consensus(
            model.sam,
            reader,
            options,
            config.consensus,
            config.consensus_margin,
            config.guided_radius,
            number(sentence) if config.consensus_number else ANY,
            judge=judge,
            reach=0 if judge is None else SPAN // 2,
        )
        plain = features is None
        return cls(
            consensus,
            features or (lambda steps: reader([step.frame for step in steps])),
            prompts,
            "plain" if plain else "adapted",
        )

    def walk(self, voters: Sequence[int], length: int) -> Iterator[Followed]:
        """What is meant, in all frames of a video of `length` in which it is, part by part.

        voters: ascending, the frames that are asked.
        """
        for chosen, frames in terms(voters, length, SPAN):
            self.heard |= dict.fromkeys(chosen, -math.inf)
            for one in self.consensus(self._beliefs(chosen), frames):
                if one.odds is not None:
                    self.heard[one.frame] = max(self.heard.get(one.frame, -math.inf), one.odds)
                yield one

    def relevance(self, blind: Sequence[float]) -> list[float]:
        """Relevance 0..1 of all frames, where a judge said what is meant.

        blind: what was known before. Frames of which nothing was heard are at most as relevant as
        they were then, and less if nothing else is.
        """
        known = {frame: 1 / (1 + math.exp(-max(odds, -50.0))) for frame, odds in self.heard.items()}
        best = max(known.values(), default=0.0)
        return [known.get(frame, best * before) for frame, before in enumerate(blind)]

    def _beliefs(self, frames: Sequence[int]) -> dict[int, Tensor]:
        """Mask logits of some frames, each of which is asked alone."""
        plan = Plan((tuple(Step(frame, self.source, "tokens") for frame in frames),))
        beliefs: dict[int, Tensor] = {}
        sam, options = self.consensus.sam, self.consensus.options
        for part in run(sam, plan, self.features, self.prompts, options):
            rows = zip(part.steps, part.decoded.logits, strict=True)
            beliefs |= {step.frame: row for step, row in rows}
            self.seen = max(self.seen, float(part.decoded.score.sigmoid().max()))
        return beliefs


def terms(chosen: Sequence[int], length: int, span: int) -> Iterator[tuple[list[int], range]]:
    """Split a video of `length` frames: some chosen frames, and what is nearest to them.

    chosen: ascending. Those of one part lie within `span` frames.
    """
    parts: list[list[int]] = []
    for frame in chosen:
        if parts and frame - parts[-1][0] < span:
            parts[-1].append(frame)
        else:
            parts.append([frame])
    start = 0
    for here, there in zip(parts, [*parts[1:], None], strict=True):
        stop = length if there is None else (here[-1] + there[0]) // 2 + 1
        yield here, range(start, stop)
        start = stop
