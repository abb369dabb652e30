"""VRS-HQ on a whole video: choose a keyframe, segment it, track the target both ways from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.masklet import Masklet
from momentvos.media import Video
from momentvos.moment import MEDIAN, Moment
from momentvos.propagation import Step, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.results.prediction import Prediction
from momentvos.sam2 import Prompt, Pyramid
from momentvos.sam2.geometry import to_output
from momentvos.selection.segments import Agreement
from momentvos.systems.drawing import Drawing
from momentvos.systems.vrshq import tks
from momentvos.systems.vrshq.keyframe import Keyframe, select
from momentvos.systems.vrshq.listener import Listener, checked
from momentvos.systems.vrshq.objective import decoder_options
from momentvos.systems.vrshq.plan import from_keyframe
from momentvos.systems.vrshq.sampling import aligned, nearest

if TYPE_CHECKING:
    from momentvos.systems.vrshq.model import VrsHqModel

Report = Callable[[str, int, int], None]


def segment_video(
    model: VrsHqModel,
    video: Video,
    sentences: Sequence[str],
    moments: Sequence[Moment | None],
    report: Report | None = None,
    relevance: Sequence[float] | None = None,
) -> Iterator[Prediction]:
    """Answer each sentence about one video or image, in their order.

    Args:
        model: VRS-HQ.
        video: open.
        sentences: what to find.
        moments: per sentence M+ as known from elsewhere, or None.
        report: progress.
        relevance: a value a frame, the largest of which is to be sampled; None for none.

    Raises:
        VideoError, SentenceError: the input is unusable.
        ValueError: `relevance` has another number of values than the video has frames.
    """
    if relevance is not None and len(relevance) != len(video):
        raise ValueError(f"{len(relevance)} values of relevance for {len(video)} frames")
    asked = [checked(sentence) for sentence in sentences]
    reader, listener = FeatureCache(model.sam, video, padded=True), Listener(model, video)
    for row, (sentence, moment) in enumerate(zip(asked, moments, strict=True)):
        stage = f"segmenting {row + 1}/{len(asked)}" if len(asked) > 1 else "segmenting"
        near = nearest(len(video), moment, relevance)
        sampled = aligned(len(video), near, model.config.frames)
        tokens = listener.hear(sampled, sentence)
        inside = [frame for frame in sampled if moment is not None and frame in moment]
        key = select(model, reader, sampled, tokens, inside or sampled)
        if report is not None:
            report("grounding", len(video), len(video))
        notes = (*video.notes, *listener.notes)
        yield _answer(model, reader, sentence, moment, key, notes, report, stage)


def _answer(
    model: VrsHqModel,
    reader: FeatureCache,
    sentence: str,
    given: Moment | None,
    key: Keyframe,
    notes: tuple[str, ...],
    report: Report | None,
    stage: str,
) -> Prediction:
    """Track, unless the keyframe already says that there is nothing to find."""
    config, video = model.config, reader.video
    length = len(video)

    def told(done: int) -> None:
        if report is not None:
            report(stage, done, length)

    drawing, there = Drawing(reader, told), [False] * length
    curve = tks.relevance(key.chosen_by, key.frames, length, key.presence)
    presence, wanted = key.presence, config.presence_threshold
    moment = given
    if config.consensus and (model.judge is not None or presence >= wanted):

        def prompts(steps: Sequence[Step]) -> Prompt:
            return Prompt(tokens=torch.stack([key.prompts[step.frame] for step in steps])[:, None])

        agreement = Agreement.of(
            model, reader, sentence, decoder_options(model, config.gate), prompts
        )
        for one in agreement.walk(key.frames, length):
            there[one.frame] |= drawing.add(one.frame, one.logits, one.sure)
        if model.judge is not None and given is None:
            curve, wanted = tuple(agreement.relevance(curve)), config.things_presence
            presence = agreement.seen * max(curve)
            moment = Moment.from_relevance(curve, config.things_threshold, MEDIAN)
    elif presence >= wanted:
        for frame, logits, chance in _track(model, reader, key):
            inside = logits[logits > 0]
            sure = chance * float(inside.float().sigmoid().mean()) if len(inside) else 0.0
            fine = reader.fine(logits[None], [frame], config.guided_radius)[0]
            there[frame] = drawing.add(frame, fine, sure) and chance > 0.5
    found = any(there) and presence >= wanted
    if moment is None or not found:
        moment = Moment.from_flags(there) if found else Moment.empty()
    if given is not None:
        curve = tuple(map(float, given.flags(length)))
    return Prediction(
        video=video.facts,
        sentence=sentence,
        model=Path(str(config.name_or_path or "vrshq")).name,
        found=found,
        presence=presence,
        moment=moment,
        seconds=tuple(moment.seconds(video.times, video.durations)),
        relevance=curve,
        scores=tuple(drawing.scores) if found else (0.0,) * length,
        masklet=drawing.masklet if found else Masklet(video.size),
        notes=notes,
    )


def _track(
    model: VrsHqModel, reader: FeatureCache, key: Keyframe
) -> Iterator[tuple[int, Tensor, float]]:
    """(frame, logits [h, w], object probability) of every frame of the video, once.

    The keyframe keeps the mask that it was segmented with.
    """
    masked = model.config.handover == "mask"
    side = (reader.side, reader.side)

    def features(steps: Sequence[Step]) -> Pyramid:
        return reader([step.frame for step in steps])

    def prompts(steps: Sequence[Step]) -> Prompt:
        if steps[0].prompt == "tokens":
            return Prompt(tokens=key.prompt.expand(len(steps), 1, -1))
        mask = torch.zeros(side, device=key.logits.device)
        height, width = reader.content
        picture = to_output(key.logits[None].float(), reader.content, reader.side, reader.content)
        mask[:height, :width] = (picture[0] > 0).float()
        return Prompt(mask=mask.expand(len(steps), 1, -1, -1))

    plan = from_keyframe(
        range(len(reader.video)),
        key.frame,
        given="mask" if masked else "tokens",
        tracked="tokens" if model.config.inject else None,
    )
    for done in run(model.sam, plan, features, prompts, decoder_options(model, model.config.gate)):
        chances = done.decoded.score.float().sigmoid().tolist()
        for step, logits, chance in zip(done.steps, done.decoded.logits, chances, strict=True):
            if step.frame == key.frame:
                yield key.frame, key.logits, key.presence
            else:
                yield step.frame, logits, chance
