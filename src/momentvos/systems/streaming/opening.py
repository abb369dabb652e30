"""What a caller gives to begin a stream, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.errors import ArgumentError, ModelError, VideoError
from momentvos.media import Video
from momentvos.media.frame_pixels import is_array
from momentvos.media.frame_rate import frame_rate
from momentvos.ranges import shown
from momentvos.systems.arguments import check_choice
from momentvos.systems.loading import sentences_of
from momentvos.systems.streaming.stream import Stream

if TYPE_CHECKING:
    from momentvos.systems.base import System
    from momentvos.systems.config import SystemConfig

FPS = 24.0
"""Frames a second of frames without a clock."""
NO_SELECTION = "without track selection, which needs the whole video"


def open_stream(
    model: System,
    frames: Any,
    sentences: Any,
    *,
    fps: float | None,
    size: tuple[int, int] | None,
    selection: bool | None,
    keep: int,
    name: str | None,
) -> Stream:
    """See `System.stream`."""
    if sentences is None and _is_text(frames):  # stream(sentences): frames are pushed
        frames, sentences = None, frames
    asked = [] if sentences is None or _is_empty(sentences) else sentences_of(sentences)
    config, notes = _config(model, selection)
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 0:
        raise ArgumentError(f"`keep` is a number of frames, 0 or more, not {shown(keep)}.")
    if frames is not None:
        _check_frames(frames)
    if fps is None and isinstance(frames, Video):
        fps = frames.fps
    elif fps is None:
        notes += (f"frames without a clock: taken for {FPS:g} a second",)
    if name is None:
        name = str(frames.path) if isinstance(frames, Video) else "stream"
    rate = float(frame_rate(FPS if fps is None else fps))
    session = model.stream_class(model, config, rate)
    source = frames.frames() if isinstance(frames, Video) else frames
    stream = Stream(session, source, _size(size), keep, name, notes)
    for sentence in asked:
        stream.add(sentence)
    return stream


def _config(model: System, selection: bool | None) -> tuple[SystemConfig, tuple[str, ...]]:
    """The configuration that streams, and how it differs from the model's own."""
    check_choice("selection", selection)
    if selection:
        raise ModelError(
            f"Track selection needs the whole video, so '{model.name}' streams {NO_SELECTION}: "
            "leave `selection` out, or segment the whole video: model.segment(video, sentences)."
        )
    if selection is False:
        return model.config.published(), ()
    if model.config.selection is None:
        return model.config, ()
    config = copy(model.config)
    config.selection = None
    return config, (f"streamed: {NO_SELECTION}",)


def _is_text(value: Any) -> bool:
    """Whether a value is a text, or a list of them, which may be empty."""
    if isinstance(value, list | tuple):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, str)


def _is_empty(value: Any) -> bool:
    return isinstance(value, list | tuple) and not value


def _check_frames(frames: Any) -> None:
    if _is_text(frames) or isinstance(frames, bytes | Path):
        raise VideoError(
            f"{shown(frames)} is no stream of frames; open a file first: "
            "momentvos.Video.open(path), or write stream(frames, sentences)."
        )
    if not (isinstance(frames, Video | Iterable) or is_array(frames)) or isinstance(
        frames, Mapping
    ):
        raise VideoError(f"{shown(frames)} is no stream of frames; give anything that yields them.")


def _size(size: Any) -> tuple[int, int] | None:
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, tuple | list) else ()
    if len(pair) != 2 or not all(type(side) is int and side > 0 for side in pair):
        raise ArgumentError(f"`size` is (height, width) in pixels, not {shown(size)}.")
    return pair[0], pair[1]
