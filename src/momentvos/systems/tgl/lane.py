"""One sentence about one video, along TGL's own plan: ground, plan, segment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from momentvos.masklet import Masklet
from momentvos.moment import Moment
from momentvos.propagation import DecoderOptions, Step, run
from momentvos.results.prediction import Prediction
from momentvos.sam2 import Prompt, Pyramid, guided_filter, to_pixels
from momentvos.sam2.geometry import to_output
from momentvos.selection.tracks import confidence
from momentvos.systems.tgl.features import Adapted, adapted_features, plain_features
from momentvos.systems.tgl.plan import dual_path
from momentvos.systems.tgl.reader import FeatureReader
from momentvos.systems.tgl.switch import MemorySwitch
from momentvos.systems.tgl.windows import blocks, phases, stride_for
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

Report = Callable[[str, int, int], None]
"""Told the name of a stage, how many frames of it are done, and how many there are."""


class _Place(NamedTuple):
    """Row `row` of a window's adapted features, the window's prompt [1, K, C], and the frame."""

    adapted: Adapted
    prompt: Tensor
    row: int
    pixels: Tensor | None


class Lane:
    """One sentence about one video.

    Args:
        model: TGL.
        reader: features of the video.
        tokens: the sentence.
        given: M+ where it is known from elsewhere.
        curve: relevance 0..1 of all frames by TAM, where it is not; None without TAM.
    """

    def __init__(
        self,
        model: TglModel,
        reader: FeatureReader,
        tokens: Tokens,
        given: Moment | None,
        curve: Tensor | None,
    ) -> None:
        self.model, self.config, self.reader, self.tokens = model, model.config, reader, tokens
        length = len(reader.video)
        self.given = given is not None
        if given is not None:
            self.moment = given
            self.relevance = [1.0 if inside else 0.0 for inside in given.flags(length)]
        elif curve is not None:
            self.relevance = curve.tolist()
            self.moment = Moment.from_relevance(
                self.relevance, self.threshold, self.config.relevance_median
            )
        else:
            self.moment, self.relevance = Moment.all(length), [1.0] * length
        text_frames: Sequence[int] = range(length)
        if self.config.adapter_scope == "moment" and self.config.moment_features:
            text_frames = self.moment.frames() or text_frames
        self.stride = stride_for(reader.video.fps, self.config.rate)
        self.blocks = list(blocks(text_frames, self.config.window, self.stride))
        self.block_of = {frame: n for n, block in enumerate(self.blocks) for frame in block}
        self._adapted: dict[int, dict[int, _Place]] = {}
        self._pixels: list[Tensor | None] = []  # of the steps whose features were asked for last

    @property
    def threshold(self) -> float:
        """Relevance from which on a frame is of M+."""
        return self.config.relevance_threshold

    @property
    def wanted(self) -> float:
        """Presence from which on there is something to find."""
        return self.config.presence_threshold

    @property
    def hopeless(self) -> bool:
        """Does relevance alone already say that there is nothing to find?"""
        return max(self.relevance, default=0.0) < self.wanted

    def answer(self, sentence: str, report: Report | None, stage: str) -> Prediction:
        """Segment, unless it is hopeless."""
        video = self.reader.video
        length = len(video)
        masklet = Masklet(video.size)
        scores = [0.0] * length
        presence = max(self.relevance, default=0.0)
        if not self.hopeless:
            seen = self.fill(masklet, scores, report, stage)
            presence = max(self.relevance, default=0.0) * seen
        found = presence >= self.wanted
        moment = self.moment if found else Moment.empty()
        return Prediction(
            video=video.facts,
            sentence=sentence,
            model=model_name(self.model),
            found=found,
            presence=presence,
            moment=moment,
            seconds=tuple(moment.seconds(video.times, video.durations)),
            relevance=tuple(self.relevance),
            scores=tuple(scores) if found else (0.0,) * length,
            masklet=masklet if found else Masklet(video.size),
            notes=(*video.notes, *self.tokens.notes),
        )

    def fill(
        self, masklet: Masklet, scores: list[float], report: Report | None, stage: str
    ) -> float:
        """Fill masks and per-frame scores; the largest object probability inside the moment."""
        config = self.config
        plan = dual_path(
            range(len(self.reader.video)),
            self.moment,
            moment_features=config.moment_features,
            memory=config.memory,
            moment_reads=config.moment_reads,
            count=config.memory_frames,
            pointers=config.pointers,
            slots=config.slots,
        )
        done, seen = 0, 0.0
        switch = MemorySwitch(self.model, self.prompts) if config.cme else None
        for part in run(
            self.model.sam, plan, self.features, self.prompts, self.decoder_options, switch
        ):
            coarse = part.decoded.logits
            fine = self._fine(coarse)
            for step, logits, edged, score in zip(
                part.steps, coarse, fine, part.decoded.score, strict=True
            ):
                if step.prompt:
                    seen = max(seen, float(score.sigmoid()))
                masklet.set(step.frame, self.mask(edged, masklet.size))
                scores[step.frame] = confidence(logits, score)
                done += 1
                if report is not None:
                    report(stage, done, len(plan))
        return seen

    @property
    def decoder_options(self) -> DecoderOptions:
        return DecoderOptions(gate=self.config.gate, scored=self.config.object_score)

    def mask(self, logits: Tensor, size: tuple[int, int]) -> NDArray[np.bool_]:
        content = self.reader.content
        full = to_output(logits[None].float(), content, self.config.image_size, size)
        mask: NDArray[np.bool_] = (full[0] > 0).cpu().numpy()
        return mask

    def features(self, steps: Sequence[Step]) -> Pyramid:
        if steps[0].features == "plain":
            shared = self.reader.shared([step.frame for step in steps])
            self._pixels = [shared.pixels]
            return plain_features(self.model, shared)
        rows = []
        self._pixels = []
        for step in steps:
            place = self._place(step.frame)
            index = torch.tensor([place.row], device=self.model.device)
            rows.append(place.adapted.pyramid(self.model, index))
            self._pixels.append(place.pixels)
        return Pyramid.cat(rows)

    def _fine(self, logits: Tensor) -> Tensor:
        """The masks of the last steps along the edges of their frames, if the model wants that."""
        if not self.config.guided_radius:
            return logits
        pixels = [one for one in self._pixels if one is not None]
        return guided_filter(logits, to_pixels(torch.cat(pixels)), self.config.guided_radius)

    def prompts(self, steps: Sequence[Step]) -> Prompt:
        return Prompt(tokens=torch.cat([self._place(step.frame).prompt for step in steps]))

    def _place(self, frame: int) -> _Place:
        """Where a frame's adapted features are; two blocks are kept, which steps may straddle."""
        number = self.block_of[frame]
        if number not in self._adapted:
            block = self.blocks[number]
            shared = self.reader.shared(block)
            if len(self._adapted) == 2:
                del self._adapted[next(iter(self._adapted))]
            places = self._adapted[number] = {}
            for phase, frames in enumerate(phases(block, self.stride)):
                rows = torch.arange(phase, len(block), self.stride, device=self.model.device)
                adapted = adapted_features(self.model, shared.select(rows), self.tokens)
                prompt = self.model.prompt(adapted.text, self.tokens)
                for row, (one, at) in enumerate(zip(frames, rows.tolist(), strict=True)):
                    pixels = None if shared.pixels is None else shared.pixels[at : at + 1]
                    places[one] = _Place(adapted, prompt, row, pixels)
        return self._adapted[number][frame]


def model_name(model: TglModel) -> str:
    """How a prediction names the model that made it."""
    return Path(str(model.config.name_or_path or "tgl")).name
