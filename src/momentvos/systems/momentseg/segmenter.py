"""MomentSeg on a whole video: find the moment, look at it, segment from there both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.masklet import Masklet
from momentvos.media import Video
from momentvos.mllm import VisualInput, states_at
from momentvos.mllm.chat import Part
from momentvos.moment import MEDIAN, Moment
from momentvos.propagation import DecoderOptions, Plan, Step, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.results.prediction import Prediction
from momentvos.sam2 import Prompt, Pyramid
from momentvos.selection.segments import Agreement
from momentvos.systems.drawing import Drawing
from momentvos.systems.momentseg.config import MomentSegConfig
from momentvos.systems.momentseg.film import Film, look
from momentvos.systems.momentseg.ground import Found, checked, ground_sentence, speak
from momentvos.systems.momentseg.plan import from_anchors
from momentvos.systems.momentseg.refresh import Refresh
from momentvos.systems.momentseg.sampling import Anchors, first, moment_centric, uniform
from momentvos.systems.momentseg.templates import (
    IMAGE_QUESTION,
    SEG_QUESTION,
    VIDEO_SHOWN,
    VIDEO_WORD,
)

if TYPE_CHECKING:
    from momentvos.systems.momentseg.model import MomentSegModel

Report = Callable[[str, int, int], None]
Row = tuple[Step, Tensor, float]


def segment_video(
    model: MomentSegModel,
    video: Video,
    sentences: Sequence[str],
    moments: Sequence[Moment | None],
    report: Report | None = None,
) -> Iterator[Prediction]:
    """Answer each sentence about one video or image, in their order.

    Args:
        model: MomentSeg.
        video: open.
        sentences: what to find.
        moments: per sentence M+ as known from elsewhere, or None to ask for [FIND].
        report: progress.

    Raises:
        VideoError, SentenceError: the input is unusable.
    """
    asked = [checked(sentence) for sentence in sentences]
    shown = _Shown(model, video)
    for row, (sentence, moment) in enumerate(zip(asked, moments, strict=True)):
        stage = f"segmenting {row + 1}/{len(asked)}" if len(asked) > 1 else "segmenting"
        yield _answer(shown, sentence, moment, report, stage)


class _Shown:
    """What all sentences about one video share, made when first needed."""

    def __init__(self, model: MomentSegModel, video: Video) -> None:
        self.model, self.video = model, video
        self.reader = FeatureCache(model.sam, video, padded=False)
        self._film: Film | None = None

    @property
    def film(self) -> Film:
        if self._film is None:
            self._film = Film.of(self.model, self.video)
        return self._film


def _answer(
    shown: _Shown, sentence: str, given: Moment | None, report: Report | None, stage: str
) -> Prediction:
    model, video, config = shown.model, shown.video, shown.model.config
    length = len(video)
    found = _found(shown, sentence, given)
    if report is not None:
        report("grounding", length, length)
    anchors = _anchors(model, found)
    pictures = look(model, video, anchors.frames) if config.view != "video" else []
    prompt, text = _prompt(shown, sentence, pictures)
    notes = [*video.notes, *dict.fromkeys(filter(None, (one.note for one in pictures)))]
    if found.text and found.curve is None:
        notes.append(f'no moment was named, so every frame counts; the model said "{found.text}"')
    curve = found.curve if found.curve is not None else (1.0,) * length
    moment = found.moment(config.relevance_threshold) if given is None else given

    def told(done: int) -> None:
        if report is not None:
            report(stage, done, length)

    drawing, presence, wanted = Drawing(shown.reader, told), 0.0, config.presence_threshold
    if prompt is None:
        notes.append(f'the model named nothing to segment; it said "{text}"')
    elif config.consensus:
        token = prompt

        def prompts(steps: Sequence[Step]) -> Prompt:
            return Prompt(tokens=token.expand(len(steps), -1, -1))

        agreement = Agreement.of(model, shown.reader, sentence, _decoder_options(config), prompts)
        judged = model.judge is not None and given is None
        for one in agreement.walk(range(length) if judged else moment.frames(), length):
            drawing.add(one.frame, one.logits, one.sure)
        presence = agreement.seen
        if judged:
            curve, wanted = tuple(agreement.relevance((1.0,) * length)), config.things_presence
            moment = Moment.from_relevance(curve, config.things_threshold, MEDIAN)
            presence *= max(curve)
        told(length)
    else:
        presence = _draw(shown, drawing, anchors, prompt)
    seen = prompt is not None and presence >= wanted
    moment = moment if seen else Moment.empty()
    return Prediction(
        video=video.facts,
        sentence=sentence,
        model=Path(str(config.name_or_path or "momentseg")).name,
        found=seen,
        presence=presence,
        moment=moment,
        seconds=tuple(moment.seconds(video.times, video.durations)),
        relevance=curve,
        scores=tuple(drawing.scores) if seen else (0.0,) * length,
        masklet=drawing.masklet if seen else Masklet(video.size),
        notes=tuple(notes),
    )


def _draw(shown: _Shown, drawing: Drawing, anchors: Anchors, token: Tensor) -> float:
    """Every frame of the video, along the walk; the largest object probability of the anchors."""
    presence = 0.0
    radius = shown.model.config.guided_radius
    for step, logits, score in _propagate(shown, anchors, token):
        inside = logits[logits > 0]
        sure = score * float(inside.float().sigmoid().mean()) if len(inside) else 0.0
        drawing.add(step.frame, shown.reader.fine(logits[None], [step.frame], radius)[0], sure)
        if step.frame in anchors.frames:
            presence = max(presence, score)
    return presence


def _found(shown: _Shown, sentence: str, given: Moment | None) -> Found:
    """Relevance of every frame: given, all alike, or by [FIND]."""
    length = len(shown.video)
    if given is not None:
        return Found(tuple(map(float, given.flags(length))), "", length)
    if shown.model.config.grounding == "none" or length == 1:
        return Found(None, "", length)
    return ground_sentence(shown.model, shown.film, sentence)


def _anchors(model: MomentSegModel, found: Found) -> Anchors:
    """The frames to look at."""
    config = model.config
    if config.sampling == "first":
        return first(found.length, config.frames)
    if config.sampling == "uniform" or found.curve is None:
        return uniform(found.length, config.frames)
    return moment_centric(
        found.curve,
        config.frames,
        config.window,
        dedupe=config.dedupe,
        power=config.power,
        floor=config.floor,
    )


def _prompt(
    shown: _Shown, sentence: str, pictures: Sequence[VisualInput]
) -> tuple[Tensor | None, str]:
    """SAM2's prompt token [1, 1, C] for the sentence, None without [SEG]; and the answer."""
    model, config = shown.model, shown.model.config
    parts: tuple[Part, ...]
    if len(shown.video) == 1:
        parts = (*(pictures or look(model, shown.video, [0])), IMAGE_QUESTION.format(sentence))
    elif config.grounding == "none":
        parts = (*pictures, SEG_QUESTION.format(sentence))
    else:
        film = VIDEO_WORD if config.view == "multi-frame" else shown.film.picture
        parts = (film, VIDEO_SHOWN + " ", *pictures, SEG_QUESTION.format(sentence))
    said = speak(model, parts, config.answer_limit)
    (states,) = states_at(said.hidden[None], said.ids[None], model.seg_token)
    return (model.prompts(states[:1]) if len(states) else None), said.text


def _propagate(shown: _Shown, anchors: Anchors, token: Tensor) -> Iterator[Row]:
    """(step, logits [h, w], object probability) of every frame of the video, once."""
    config = shown.model.config
    options = _decoder_options(config)
    frames = range(len(shown.video))
    both = config.walk == "anchors"
    centre = anchors.centre if both else 0

    def prompts(steps: Sequence[Step]) -> Prompt:
        return Prompt(tokens=token.expand(len(steps), -1, -1))

    if config.walk == "alone":
        plan = Plan((tuple(Step(frame, "plain", "tokens") for frame in frames),))
        yield from _rows(shown.reader, plan, prompts, options)
        return
    if config.decoder == "original":
        yield from _handed_over(shown, anchors, centre, prompts, options)
        return
    plan = from_anchors(
        frames,
        anchors.frames,
        centre,
        tracked="tokens" if config.inject and both else None,
        refresh=_refresh(config) if both else None,
    )
    yield from _rows(shown.reader, plan, prompts, options)


def _decoder_options(config: MomentSegConfig) -> DecoderOptions:
    return DecoderOptions(
        gate=config.gate,
        multimask=True,
        pointer_offsets=config.sam_config.enable_temporal_pos_encoding_for_object_pointers,
    )


def _refresh(config: MomentSegConfig) -> Refresh | None:
    return Refresh(config.refresh_ratio, config.refresh_radius) if config.refresh else None


def _handed_over(
    shown: _Shown,
    anchors: Anchors,
    centre: int | None,
    prompts: Callable[[Sequence[Step]], Prompt],
    options: DecoderOptions,
) -> Iterator[Row]:
    """The fine-tuned decoder segments the anchors, SAM2's own tracks their masks (Sa2VA-i)."""
    model, config = shown.model, shown.model.config
    looked = Plan((tuple(Step(frame, "plain", "tokens") for frame in anchors.frames),))
    rows = {row[0].frame: row for row in _rows(shown.reader, looked, prompts, options)}
    size = (config.image_size, config.image_size)

    def masks(steps: Sequence[Step]) -> Prompt:
        logits = torch.stack([rows[step.frame][1] for step in steps])[:, None].float()
        return Prompt(mask=(F.interpolate(logits, size, mode="bilinear") > 0).float())

    plan = from_anchors(
        range(len(shown.video)),
        anchors.frames,
        centre,
        given="mask",
        tracked=None,
        refresh=_refresh(config) if config.walk == "anchors" else None,
    )
    reader = FeatureCache(model.tracker(), shown.video, padded=False)
    for row in _rows(reader, plan, masks, options):
        yield rows.get(row[0].frame, row)


def _rows(
    reader: FeatureCache,
    plan: Plan,
    prompts: Callable[[Sequence[Step]], Prompt],
    options: DecoderOptions,
) -> Iterator[Row]:
    def features(steps: Sequence[Step]) -> Pyramid:
        return reader([step.frame for step in steps])

    for done in run(reader.sam, plan, features, prompts, options):
        scores = done.decoded.score.float().sigmoid().tolist()
        yield from zip(done.steps, done.decoded.logits, scores, strict=True)
