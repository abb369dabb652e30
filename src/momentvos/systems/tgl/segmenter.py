"""TGL on a whole video: ground, plan, segment, in memory that does not grow with its length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor

from momentvos.media import Video
from momentvos.moment import Moment
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.results.prediction import Prediction
from momentvos.systems.tgl.ground import relevance
from momentvos.systems.tgl.lane import Lane, Report
from momentvos.systems.tgl.reader import FeatureReader
from momentvos.systems.tgl.together import Together

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


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
    plain = FeatureCache(model.sam, opened, padded=True) if model.config.consensus else None
    asked = [row for row, moment in enumerate(moments) if moment is None]
    curves: dict[int, Tensor] = {}
    if asked and model.tam is not None:
        progress = None if report is None else lambda done, of: report("grounding", done, of)
        logits = relevance(model, reader, tokens.select(asked), progress)
        curves = dict(zip(asked, logits.sigmoid(), strict=True))
    for row, sentence in enumerate(sentences):
        stage = f"segmenting {row + 1}/{len(sentences)}" if len(sentences) > 1 else "segmenting"
        alone = tokens.select([row])
        known = model, reader, alone, moments[row], curves.get(row)
        lane = Lane(*known) if plain is None else Together(*known, plain)
        yield lane.answer(sentence, report, stage)
