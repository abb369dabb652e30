"""The frames of the moment decide together what is meant (`consensus`). Not part of the paper."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from momentvos.masklet import Masklet
from momentvos.moment import Moment
from momentvos.propagation import Plan, Step, run
from momentvos.systems.consensus import Consensus
from momentvos.systems.reader import FrameReader
from momentvos.systems.tgl.ground import moment_of
from momentvos.systems.tgl.lane import Lane, Report, Window
from momentvos.systems.tgl.reader import FeatureReader
from momentvos.systems.tgl.things import ThingGrounder
from momentvos.systems.tgl.windows import terms
from momentvos.text import ANY, Tokens, number

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

SPAN = 64
"""Frames of the moment that decide together: a thing is not followed for longer by one mask."""


class Together(Lane):
    """A sentence whose frames, or who judges things in their place, agree on what it means.

    Args:
        model, reader, tokens, given, curve: as of `Lane`.
        plain: features of the same video without any sentence.
    """

    def __init__(
        self,
        model: TglModel,
        reader: FeatureReader,
        tokens: Tokens,
        given: Moment | None,
        curve: Tensor | None,
        plain: FrameReader,
    ) -> None:
        self.asks = model.things is not None
        super().__init__(model, reader, tokens, given, curve)
        self.plain = plain
        self.judge: ThingGrounder | None = None
        if self.asks:
            self.judge = ThingGrounder(model, tokens, self.stride, len(reader.video))

    @property
    def threshold(self) -> float:
        """Low where things are judged: these are looked for in more frames than M+."""
        return self.config.things_look if self.asks else super().threshold

    @property
    def wanted(self) -> float:
        """Of the things, where they are judged."""
        return self.config.things_presence if self.asks else super().wanted

    @property
    def hopeless(self) -> bool:
        """Things must be seen before they are judged."""
        return not self.asks and super().hopeless

    def fill(
        self, masklet: Masklet, scores: list[float], report: Report | None, stage: str
    ) -> float:
        """As of `Lane`, but the frames of the moment decide together what is meant."""
        config, sam, length = self.config, self.model.sam, len(self.reader.video)
        consensus = Consensus(
            sam,
            self.plain,
            self.rules,
            config.consensus,
            config.consensus_margin,
            config.guided_radius,
            number(self.tokens.texts[0]) if config.consensus_number else ANY,
            judge=self.judge,
            reach=0 if self.judge is None else SPAN // 2,
        )
        seen, heard = 0.0, dict[int, float]()
        voters = self.moment.frames() or list(range(length))
        for chosen, frames in terms(voters, length, SPAN):
            heard |= dict.fromkeys(chosen, -math.inf)
            if self.judge is not None:
                self.judge.clear()
                self.forget()
            plan = Plan((tuple(Step(frame, "text", "text") for frame in chosen),))
            beliefs: dict[int, Tensor] = {}
            for part in run(sam, plan, self.features, self.prompts, self.rules):
                beliefs |= {
                    step.frame: row
                    for step, row in zip(part.steps, part.decoded.logits, strict=True)
                }
                seen = max(seen, float(part.decoded.score.sigmoid().max()))
            near = range(chosen[0] - consensus.reach, chosen[-1] + consensus.reach + 1)
            self._hear([frame for frame in frames if frame in near])
            left = set(frames)
            for frame, logits, sure, odds in consensus(beliefs, frames):
                mask = self.mask(logits, masklet.size)
                masklet.set(frame, mask | masklet.get(frame))
                scores[frame] = max(scores[frame], sure)
                if odds is not None:
                    heard[frame] = max(heard[frame], odds)
                left.discard(frame)
                if report is not None:
                    report(stage, frames.stop - len(left), length)
            if report is not None:
                report(stage, frames.stop, length)
        if self.judge is not None and not self.given:
            self._narrow(heard)
        return seen

    def adapted(self, block: int, windows: Sequence[Window]) -> None:
        """Let who judges things know them."""
        if self.judge is not None and block not in self.judge:
            for window in windows:
                self.judge.push(block, *window)

    def _hear(self, frames: Sequence[int]) -> None:
        """Let who judges things know all blocks that hold some of the frames."""
        if self.judge is not None:
            for number in dict.fromkeys(map(self.block_of.get, frames)):
                if number is not None and number not in self.judge:
                    self.place(self.blocks[number][0])

    def _narrow(self, heard: Mapping[int, float]) -> None:
        """Let relevance and M+ be what TAM says of the things that are meant.

        heard: their largest log-odds in each frame of what was M+ until now, -inf where none is.
        Other frames are at most as relevant as TAM found them without asking of things, and less if
        nothing else is.
        """
        known = {frame: 1 / (1 + math.exp(-max(odds, -50.0))) for frame, odds in heard.items()}
        best = max(known.values(), default=0.0)
        self.relevance = [
            known.get(frame, best * blind) for frame, blind in enumerate(self.relevance)
        ]
        threshold, median = self.config.things_threshold, self.config.relevance_median
        moment = moment_of(self.relevance, threshold, median)
        self.moment = moment & self.moment or moment
