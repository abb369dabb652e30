"""What a video's frames and sentences take on this machine, measured by a batch's own worker."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from pathlib import Path
from tempfile import TemporaryDirectory

from momentvos.batch.cost import Rates
from momentvos.batch.manifest import Manifest
from momentvos.batch.query import Ask, Query
from momentvos.batch.record import Answer
from momentvos.batch.summary import conclude
from momentvos.batch.worker import Worker
from momentvos.errors import ModelError
from momentvos.media.video import Video
from momentvos.media.writer import VideoWriter

LINES = 100
"""Lines that are written to learn what one takes."""


@dataclass(frozen=True)
class Measured:
    """Rates, and what they are of.

    device: where the model computed; "" where its seconds were given. frames: that were looked
    at, of a video with so many in all, so many a second, and (height, width).
    """

    rates: Rates
    device: str
    frames: int
    length: int
    fps: float
    size: tuple[int, int]


def measure(
    path: Path,
    sentences: Sequence[str],
    worker: Worker,
    frames: int,
    given: float | None = None,
) -> Measured:
    """Let a worker answer the sentences about the first frames of a video.

    A device that is a processor's core is measured by its processor seconds, so that other work
    does not count; another device by the clock.

    Args:
        path: file, whose bytes count for the network; or folder, with those of its files.
        worker: what a worker of the batch is, with one thread if it is to be a core.
        frames: most frames that are looked at.
        given: seconds of a device a frame and sentence; no model is loaded then.

    Raises VideoError, and ModelError where the sentences cannot be answered.
    """
    video = Video.open(path)
    with TemporaryDirectory(prefix="momentvos-") as folder:
        clip = Path(folder, "clip.mp4")
        decode, count = _decoded(video, frames, clip)
        asks = tuple(Ask(f"clip-{n}", text) for n, text in enumerate(sentences))
        if given is None:
            made = _computed(worker, clip, asks, count, Path(folder, "out"))
        else:
            line = Answer(asks[0].id, path.name, asks[0].sentence, "found", seconds=((0.0, 1.0),))
            made = _Computed("", 0.0, given, given, 0, line)
        record, end = driven(worker, made.line, Path(folder, "manifest"))
    rates = Rates(
        load=made.load,
        fetched=_size(path) / len(video),
        written=made.written,
        decode=decode,
        first=made.first,
        further=made.further,
        record=record,
        conclude=end,
    )
    return Measured(rates, made.device, count, len(video), float(video.fps), video.size)


@dataclass(frozen=True)
class _Computed:
    """What a model took: see `Rates`; and an answer of it."""

    device: str
    load: float
    first: float
    further: float
    written: int
    line: Answer


def _computed(
    worker: Worker, clip: Path, asks: tuple[Ask, ...], frames: int, out: Path
) -> _Computed:
    """Load, answer one sentence twice, since the first time is slower, and answer all."""
    worker = replace(worker, out=out)
    clock, used = time.perf_counter(), time.process_time()
    worker.setup()
    device = str(worker.system.device)
    now = time.process_time if device == "cpu" else time.perf_counter
    load = now() - (used if device == "cpu" else clock)
    decode = _decoded(Video.open(clip), frames)[0]

    def answered(some: tuple[Ask, ...]) -> tuple[Answer, float]:
        start = now()
        answers = list(worker.answers(Query(str(clip), clip.name, some)))
        seconds = now() - start
        for one in answers:
            if one.failed:
                raise ModelError(f"Nothing could be measured: {one.error}")
        return answers[0], seconds

    warm = answered(asks[:1])[1]
    line, one = answered(asks[:1])
    written = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    first = further = max(one / frames - decode, 0.0)
    if len(asks) > 1:
        further = max(answered(asks)[1] - one, 0.0) / (len(asks) - 1) / frames
    return _Computed(device, load + max(warm - one, 0.0), first, further, written, line)


def _decoded(video: Video, most: int, clip: Path | None = None) -> tuple[float, int]:
    """Processor seconds a frame, and frames. clip: file to write them to, which is not counted."""
    used, count = 0.0, min(most, len(video))
    frames = iter(video.frames())
    kept = []
    for _ in range(count):
        start = time.process_time()
        kept.append(next(frames).rgb)
        used += time.process_time() - start
        if clip is None:
            kept.clear()
    if clip is not None:
        with VideoWriter(clip, video.size, video.fps) as writer:
            for rgb in kept:
                writer.write(rgb)
    return used / count, count


def driven(worker: Worker, line: Answer, folder: Path) -> tuple[float, float]:
    """Seconds of the driver a line, as it comes and at the end.

    A line comes through a pipe and waits for the disk. Other work on the machine only makes that
    longer, so the fastest counts; the end computes, and its processor seconds count.
    """
    manifest, taken = Manifest(folder), []
    ours, theirs = Pipe()
    with manifest.opened(worker) as writer:
        for number in range(LINES):
            start = time.perf_counter()
            theirs.send(("answer", line))
            answer = ours.recv()[1]
            writer.append(replace(answer, id=f"{line.id}-{number}").to_json())
            taken.append(time.perf_counter() - start)
    start = time.process_time()
    conclude(manifest, (), 0.0, (), worker.files)
    return min(taken), (time.process_time() - start) / LINES


def _size(path: Path) -> int:
    """Bytes of a file, or of a folder's files."""
    with suppress(OSError):
        files = path.iterdir() if path.is_dir() else (path,)
        return sum(one.stat().st_size for one in files if one.is_file())
    return 0
