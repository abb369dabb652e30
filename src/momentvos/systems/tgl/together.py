"""The frames of the moment decide together what is meant (`consensus`). Not part of the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from momentvos.masklet import Masklet
from momentvos.moment import Moment
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.selection.segments import Agreement
from momentvos.systems.tgl.lane import Lane, Report
from momentvos.systems.tgl.reader import FeatureReader
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


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
        plain: FeatureCache,
    ) -> None:
        self.asks = model.judge is not None
        super().__init__(model, reader, tokens, given, curve)
        self.plain = plain

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
        config, length = self.config, len(self.reader.video)
        sentence = self.tokens.texts[0]
        agreement = Agreement.of(
            self.model, self.plain, sentence, self.decoder_options, self.prompts, self.features
        )
        done = set[int]()
        for one in agreement.walk(self.moment.frames() or list(range(length)), length):
            mask = self.mask(one.logits, masklet.size)
            masklet.set(one.frame, mask | masklet.get(one.frame))
            scores[one.frame] = max(scores[one.frame], one.sure)
            done.add(one.frame)
            if report is not None:
                report(stage, len(done), length)
        if report is not None:
            report(stage, length, length)
        if self.asks and not self.given:
            self.relevance = agreement.relevance(self.relevance)
            threshold, median = config.things_threshold, config.relevance_median
            self.moment = Moment.from_relevance(self.relevance, threshold, median)
        return agreement.seen
