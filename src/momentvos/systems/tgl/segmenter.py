"""TGL on a whole video: ground, plan, segment, in memory that does not grow with its length."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from momentvos.masklet import Masklet
from momentvos.media import Video, to_output
from momentvos.moment import Moment
from momentvos.prediction import Prediction
from momentvos.propagation import Plan, Rules, Step, dual_path, run
from momentvos.sam2 import Prompt, Pyramid, guided_filter, to_pixels
from momentvos.systems.consensus import Consensus, confidence
from momentvos.systems.reader import FrameReader
from momentvos.systems.tgl.features import Adapted, adapted_features, plain_features
from momentvos.systems.tgl.ground import moment_of, relevance
from momentvos.systems.tgl.reader import FeatureReader
from momentvos.systems.tgl.switch import MemorySwitch
from momentvos.systems.tgl.things import ThingGrounder
from momentvos.systems.tgl.windows import blocks, phases, stride_for, terms
from momentvos.text import ANY, Tokens, number

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

SPAN = 64
"""Frames of the moment that decide together: a thing is not followed for longer by one mask."""

Report = Callable[[str, int, int], None]
"""Told the name of a stage, how many frames of it are done, and how many there are."""


def segment_video(
    model: TglModel,
    video: str | Path | Video,
    sentences: Sequence[str],
    moments: Sequence[Moment | None],
    report: Report | None = None,
) -> Iterator[Prediction]:
    """Answer each sentence about one video, in their order.

    Args:
        model: TGL.
        video: a path or an open video.
        sentences: what to find.
        moments: per sentence M+ as known from elsewhere, or None to let TAM find it (all
            frames where the model has no TAM, which is SAMWISE).
        report: progress.

    Raises:
        VideoError, SentenceError: the input is unusable.
    """
    opened = Video.open(video)
    tokens = model.tokenize(sentences)
    reader = FeatureReader(model, opened)
    plain = FrameReader(model.sam, opened, padded=True) if model.config.consensus else None
    asked = [row for row, moment in enumerate(moments) if moment is None]
    curves: dict[int, Tensor] = {}
    if asked and model.tam is not None:
        progress = None if report is None else lambda done, of: report("grounding", done, of)
        logits = relevance(model, reader, tokens.select(asked), progress)
        curves = dict(zip(asked, logits.sigmoid(), strict=True))
    for row, sentence in enumerate(sentences):
        stage = f"segmenting {row + 1}/{len(sentences)}" if len(sentences) > 1 else "segmenting"
        alone = tokens.select([row])
        lane = _Lane(model, reader, alone, moments[row], curves.get(row), plain)
        yield lane.answer(sentence, report, stage)


class _Place(NamedTuple):
    """Row `row` of a window's adapted features, the window's prompt [1, K, C], and the frame."""

    adapted: Adapted
    prompt: Tensor
    row: int
    pixels: Tensor | None


class _Lane:
    """One sentence about one video."""

    def __init__(
        self,
        model: TglModel,
        reader: FeatureReader,
        tokens: Tokens,
        given: Moment | None,
        curve: Tensor | None,
        plain: FrameReader | None,
    ) -> None:
        self.model, self.config, self.reader, self.tokens = model, model.config, reader, tokens
        self.plain = plain
        length = len(reader.video)
        asks = plain is not None and self.config.tam_things and model.tam is not None
        threshold = self.config.things_look if asks else self.config.relevance_threshold
        if given is not None:
            self.moment = given
            self.relevance = [1.0 if inside else 0.0 for inside in given.flags(length)]
        elif curve is not None:
            self.relevance = curve.tolist()
            self.moment = moment_of(self.relevance, threshold, self.config.relevance_median)
        else:
            self.moment, self.relevance = Moment.all(length), [1.0] * length
        text_frames: Sequence[int] = range(length)
        if self.config.adapter_scope == "moment" and self.config.moment_features:
            text_frames = self.moment.frames() or text_frames
        self._stride = stride_for(reader.video.fps, self.config.rate)
        self._blocks = list(blocks(text_frames, self.config.window, self._stride))
        self._block_of = {frame: n for n, block in enumerate(self._blocks) for frame in block}
        self._adapted: dict[int, dict[int, _Place]] = {}
        self._given = given is not None
        self._judge: ThingGrounder | None = None
        if asks:
            self._judge = ThingGrounder(model, tokens, self._stride, length)
        self._pixels: list[Tensor | None] = []  # of the steps whose features were asked for last

    def answer(self, sentence: str, report: Report | None, stage: str) -> Prediction:
        """Segment, unless relevance alone already says that there is nothing to find."""
        video, config = self.reader.video, self.config
        length = len(video)
        masklet = Masklet(video.size)
        scores = [0.0] * length
        presence = max(self.relevance, default=0.0)
        wanted = config.presence_threshold if self._judge is None else config.things_presence
        if presence >= wanted or self._judge is not None:
            segment = self._segment if self.plain is None else self._agree
            seen = segment(masklet, scores, report, stage)
            presence = max(self.relevance, default=0.0) * seen
        found = presence >= wanted
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

    def _segment(
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
        switch = MemorySwitch(self.model, self._prompts) if config.cme else None
        for part in run(self.model.sam, plan, self._features, self._prompts, self._rules, switch):
            coarse = part.decoded.logits
            fine = self._fine(coarse)
            for step, logits, edged, score in zip(
                part.steps, coarse, fine, part.decoded.score, strict=True
            ):
                if step.prompt:
                    seen = max(seen, float(score.sigmoid()))
                masklet.set(step.frame, self._mask(edged, masklet.size))
                scores[step.frame] = confidence(logits, score)
                done += 1
                if report is not None:
                    report(stage, done, len(plan))
        return seen

    def _agree(
        self, masklet: Masklet, scores: list[float], report: Report | None, stage: str
    ) -> float:
        """As `_segment`, but the frames of the moment decide together what is meant."""
        assert self.plain is not None
        config, sam, length = self.config, self.model.sam, len(self.reader.video)
        consensus = Consensus(
            sam,
            self.plain,
            self._rules,
            config.consensus,
            config.consensus_margin,
            config.guided_radius,
            number(self.tokens.texts[0]) if config.consensus_number else ANY,
            self._judge,
        )
        seen, heard = 0.0, dict[int, float]()
        voters = self.moment.frames() or list(range(length))
        for chosen, frames in terms(voters, length, SPAN):
            heard |= dict.fromkeys(chosen, -math.inf)
            if self._judge is not None:
                self._judge.clear()
                self._adapted.clear()
            plan = Plan((tuple(Step(frame, "text", "text") for frame in chosen),))
            beliefs: dict[int, Tensor] = {}
            for part in run(sam, plan, self._features, self._prompts, self._rules):
                beliefs |= {
                    step.frame: row
                    for step, row in zip(part.steps, part.decoded.logits, strict=True)
                }
                seen = max(seen, float(part.decoded.score.sigmoid().max()))
            self._hear(chosen[0], chosen[-1])
            left = set(frames)
            for frame, logits, sure, odds in consensus(beliefs, frames):
                mask = self._mask(logits, masklet.size)
                masklet.set(frame, mask | masklet.get(frame))
                scores[frame] = max(scores[frame], sure)
                if odds is not None:
                    heard[frame] = max(heard[frame], odds)
                left.discard(frame)
                if report is not None:
                    report(stage, frames.stop - len(left), length)
            if report is not None:
                report(stage, frames.stop, length)
        if self._judge is not None and not self._given:
            self._narrow(heard)
        return seen

    def _hear(self, first: int, last: int) -> None:
        """Let who judges things know all blocks from one frame to another."""
        if self._judge is not None:
            for number in range(self._block_of[first], self._block_of[last] + 1):
                if number not in self._judge:
                    self._place(self._blocks[number][0])

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

    @property
    def _rules(self) -> Rules:
        return Rules(gate=self.config.gate, scored=self.config.object_score)

    def _mask(self, logits: Tensor, size: tuple[int, int]) -> NDArray[np.bool_]:
        content = self.reader.content
        full = to_output(logits[None].float(), content, self.config.image_size, size)
        mask: NDArray[np.bool_] = (full[0] > 0).cpu().numpy()
        return mask

    def _features(self, steps: Sequence[Step]) -> Pyramid:
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

    def _prompts(self, steps: Sequence[Step]) -> Prompt:
        return Prompt(tokens=torch.cat([self._place(step.frame).prompt for step in steps]))

    def _place(self, frame: int) -> _Place:
        """Where a frame's adapted features are; two blocks are kept, which steps may straddle."""
        number = self._block_of[frame]
        if number not in self._adapted:
            block = self._blocks[number]
            shared = self.reader.shared(block)
            if len(self._adapted) == 2:
                del self._adapted[next(iter(self._adapted))]
            places = self._adapted[number] = {}
            judge = None if self._judge is None or number in self._judge else self._judge
            for phase, frames in enumerate(phases(block, self._stride)):
                rows = torch.arange(phase, len(block), self._stride, device=self.model.device)
                adapted = adapted_features(self.model, shared.select(rows), self.tokens)
                prompt = self.model.prompt(adapted.text, self.tokens)
                if judge is not None:
                    judge.push(number, frames, adapted, prompt)
                for row, (one, at) in enumerate(zip(frames, rows.tolist(), strict=True)):
                    pixels = None if shared.pixels is None else shared.pixels[at : at + 1]
                    places[one] = _Place(adapted, prompt, row, pixels)
        return self._adapted[number][frame]


def model_name(model: TglModel) -> str:
    """How a prediction names the model that made it."""
    return Path(str(model.config.name_or_path or "tgl")).name
