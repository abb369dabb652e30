"""``momentvos run --stream``: frames are answered as they come, until they end or Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import IO, TYPE_CHECKING, Any

import typer

from momentvos.cli import collector, malloc
from momentvos.cli.activity import announce, duration
from momentvos.cli.streams import print_json
from momentvos.cli.video_argument import PIPE, PIPE_NAME
from momentvos.errors import ModelError, VideoError

if TYPE_CHECKING:
    from momentvos.media.frame import Frame
    from momentvos.media.live import LiveVideo
    from momentvos.results.prediction import Prediction
    from momentvos.systems.base import System
    from momentvos.systems.streaming import Stream

EVERY = 10.0
"""Seconds between two signs of life."""
PARTS = ("masks", "timeline")
"""What is written beside prediction.json; an overlay needs the frames, which are not kept."""


def check_options(options: dict[str, Any]) -> None:
    """Raise ModelError for options, by name, that need the whole video."""
    for name, value in options.items():
        if value not in (None, False):
            raise ModelError(f"--{name} needs the whole video, so it does not go with --stream.")


def run_stream(
    source: str,
    sentences: Sequence[str],
    folders: Sequence[Path],
    load: Callable[[], System],
    selection: bool | None,
    lines: bool,
    quiet: bool,
) -> None:
    """Answer the frames of a pipe or a file as they come; write results at the end.

    source: a path, or "-". folders: of the sentences, none where nothing is written. load: the
    model, once there is a video. lines: print each update as a line of JSON, else a summary at the
    end.
    """
    from momentvos.results.folder import check_folder

    name = PIPE_NAME if source == PIPE else source
    for folder in folders:
        check_folder(folder, None)
    with ExitStack() as stack:
        stop = stack.enter_context(stopping())
        try:
            video = stack.enter_context(_opened(source, name, stop))
        except VideoError:
            stop.check()
            raise
        wake = stack.enter_context(collector.resting())
        with stop.waiting():
            loaded = load()
        wake(True)
        stack.enter_context(malloc.trimming())
        from momentvos.results.prediction import MAX_FRAMES
        from momentvos.systems.streaming.stream import KEEP

        # Lines have all there is, however long it runs; else a folder is all that there will be.
        keep = KEEP if lines else MAX_FRAMES
        stream = loaded.stream(
            video.frames, sentences, fps=video.fps, selection=selection, keep=keep, name=name
        )
        told = _tell(stream, (), quiet)
        announce(f"Answers come at most {_delay(stream)} after their frame", quiet)
        count = _follow(stream, video.frames, stop, lines, told, quiet)
        if count == 0 and not stop.asked:
            raise VideoError(f"'{name}' gave no frame.")
        predictions = stream.close()
    if stop.asked:
        announce(f"Stopped after {count} frames; here is what there was", quiet)
    for prediction, folder in zip(predictions, folders, strict=False):
        _save(prediction, folder, source)
    if folders and not predictions and count:
        announce(f"No folder: {count} frames are more than one is made of; the lines have them")
    if not lines:
        from momentvos.cli.report import summary

        typer.echo(
            "\n\n".join(
                summary(one, folder) for one, folder in zip(predictions, folders, strict=True)
            )
        )


class Stopping:
    """Ctrl-C and SIGTERM as a wish: heard between two frames, at once while bytes are waited for.

    Attributes:
        asked: whether one has come.
    """

    def __init__(self) -> None:
        self.asked = self._waits = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal; the second one ends the program whatever it does."""
        again, self.asked = self.asked, True
        if self._waits or again:
            raise KeyboardInterrupt

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Where nothing is lost by an interruption."""
        self._waits = True
        try:
            self.check()
            yield
        finally:
            self._waits = False

    def check(self) -> None:
        """Raise KeyboardInterrupt where one has come."""
        if self.asked:
            raise KeyboardInterrupt


class _Interruptible:
    """A file that ends where the user wants to stop.

    A signal may not raise anywhere else while FFmpeg is at work: what it calls back passes no
    exception on.
    """

    def __init__(self, file: IO[bytes], stop: Stopping) -> None:
        self._read = getattr(file, "read1", file.read)
        self._stop = stop

    def read(self, size: int) -> bytes:
        """What is there, up to `size` bytes; none at the end."""
        block = b""
        try:
            with self._stop.waiting():
                block = self._read(size)
        except KeyboardInterrupt:
            pass
        return block


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Take signals until the end of the block, where this is the main thread."""
    stop = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _opened(source: str, name: str, stop: Stopping) -> Iterator[LiveVideo]:
    from momentvos.media.live import live_video

    if source == PIPE:
        with live_video(_Interruptible(sys.stdin.buffer, stop), name) as video:
            yield video
        return
    try:
        file: IO[bytes] = Path(source).open("rb")  # noqa: SIM115
    except OSError as error:
        reason = error.strerror or error
        raise VideoError(
            f"'{source}' cannot be streamed: {reason}; give - for a pipe, or a file."
        ) from None
    with file, live_video(_Interruptible(file, stop), name) as video:
        yield video


def _follow(
    stream: Stream,
    frames: Iterator[Frame],
    stop: Stopping,
    lines: bool,
    told: Sequence[str],
    quiet: bool,
) -> int:
    """Push all frames; the number of them. told: notes that the user knows."""
    begun = last = monotonic()
    while not stop.asked:
        frame = next(frames, None)
        if frame is None:
            break
        _print(stream.push(frame), lines)
        told = _tell(stream, told, quiet)
        if monotonic() - last > EVERY:
            last = monotonic()
            rate = len(stream) / (last - begun)
            shown = f"{len(stream)} frames so far, {rate:.1f} frames/s"
            announce(f"{shown}, at {duration(frame.time)} of the stream", quiet)
    _print(stream.finish(), lines)
    return len(stream)


def _tell(stream: Stream, told: Sequence[str], quiet: bool) -> Sequence[str]:
    """Say what the user does not know yet; all that is known then."""
    for note in stream.notes:
        if note not in told:
            announce(note, quiet)
    return stream.notes


def _print(updates: Sequence[Any], lines: bool) -> None:
    if lines:
        for update in updates:
            print_json(update.to_json(), separators=(",", ":"))


def _delay(stream: Stream) -> str:
    frames = f"{stream.delay} frame{'' if stream.delay == 1 else 's'}"
    return f"{frames} ({stream.delay / stream.fps:.2f} s at {stream.fps:g} frames/s)"


def _save(prediction: Prediction, folder: Path, source: str) -> None:
    """Write the results of a stream; of a file that was read to its end with its overlay."""
    from momentvos.media import Video
    from momentvos.results.folder import save_prediction

    if source != PIPE:
        whole = Video.open(source)
        if len(whole) == prediction.video.length and whole.size == prediction.masklet.size:
            save_prediction(prediction, folder, video=whole)
            return
    there = os.path.lexists(prediction.video.path)
    if there:  # part of a file, or one that has a pipe's name
        path = f"{prediction.video.path}, the first {prediction.video.length} frames"
        prediction = replace(prediction, video=replace(prediction.video, path=path))
    save_prediction(prediction, folder, parts=PARTS)
