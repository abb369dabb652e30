"""A system's own tracks as training data of its selector."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from momentvos.media import Video
from momentvos.moment import Moment
from momentvos.selection.collect import collect_geometries
from momentvos.selection.geometry import GEOMETRY
from momentvos.systems.base import System
from momentvos.systems.driver import track_selection
from momentvos.systems.loading import evaluating
from momentvos.systems.session import Request


def collect_tracks(model: System, video: Video, sentences: Sequence[str]) -> Tensor:
    """Mask geometry [P, T, GEOMETRY] of every track that a system follows for the sentences.

    model: with track selection and a selector, which is not run. See `collect_geometries` for
    what is left out.
    """
    length = len(video)
    none: list[Moment | None] = [None] * len(sentences)
    tracks: list[Tensor] = []
    with evaluating(model):
        session = model.open_session(Request(video, sentences, none, model.config))
        for row, grounded in enumerate(session.ground()):
            if session.refusal(row) is None:
                frames = session.search(row, grounded, trained=True).frames or range(length)
                tracks += collect_geometries(track_selection(session, row), frames, length)
            session.release(row)
    if not tracks:
        return torch.zeros(0, length, GEOMETRY, device=model.device)
    return torch.stack(tracks).to(model.device)
